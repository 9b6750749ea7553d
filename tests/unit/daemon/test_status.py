"""What is told of the index: coverage, what failed and why, what is under way."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from daemon import compose as composing
from daemon.compose import Famulus, compose
from daemon.config import Settings
from tests.composed import asking
from tests.effort import LONG
from tests.fakes.embedder import WaitingEmbedder


@pytest.fixture
async def famulus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Famulus]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(composing, "GuardedEmbedder", lambda embedder: WaitingEmbedder())
    (tmp_path / "vault").mkdir()
    for number in range(9):
        (tmp_path / f"vault/n{number}.md").write_text(f"Note number {number}.")
    (tmp_path / "vault/broken.md").write_bytes(b"\xff\xfe\xff")
    famulus = compose(Settings(vault=tmp_path / "vault", data_dir=tmp_path / "data"))
    yield famulus
    embedder = famulus.embedder
    assert isinstance(embedder, WaitingEmbedder)
    embedder.go.set()
    await famulus.close()


async def status(famulus: Famulus, **params: str) -> Any:
    async with asking(famulus) as http:
        told, health = await http.get("/api/notes/status", params=params), await http.get("/api/health")
        assert told.json()["progress"] == health.json()["index"]["progress"]
        return told.json()


async def test_coverage_and_failures(famulus: Famulus) -> None:
    famulus.embedder.go.set()  # type: ignore[attr-defined]
    await famulus.catch_up()
    told = await status(famulus)
    assert (told["coverage"], told["pending"], told["failed"], told["progress"]) == (0.9, 0, 1, None)
    assert len(told["notes"]) == 10
    (broken,) = (await status(famulus, state="failed"))["notes"]
    assert broken["path"] == "broken.md" and "UTF-8" in broken["reason"] and broken["fix"]


async def test_what_is_under_way(famulus: Famulus) -> None:
    events: list[dict[str, Any]] = []
    famulus.bus.listen(lambda event: events.append(event.data) if event.name == "index.progress" else None)
    embedder = famulus.embedder
    assert isinstance(embedder, WaitingEmbedder)
    indexing = asyncio.create_task(famulus.catch_up())
    assert await asyncio.to_thread(embedder.called.wait, LONG)
    told = await status(famulus)
    assert told["coverage"] == 0 and told["pending"] == 10
    assert told["progress"] == {
        "phase": "reading",
        "done": 0,
        "total": 10,
        "chunks_done": 0,
        "embedded": 0,
        "seconds_left": None,
    }
    embedder.go.set()
    await indexing
    assert events[0] == told["progress"]
    assert events[-1] == {**told["progress"], "done": 10, "chunks_done": 9, "embedded": 9, "seconds_left": 0.0}
    assert (await status(famulus))["progress"] is None
