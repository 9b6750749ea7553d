"""Answers about every note of a vault are made beside the event loop, which everybody else's answers need meanwhile."""

import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from daemon.compose import Famulus
from tests.composed import Build


@pytest.fixture
async def famulus(build: Build) -> Famulus:
    made = build({"Tea.md": "# Tea\n", "Week.md": '---\nfamulus-digest: "0 8 * * 1"\n---\nWhat was new?\n'})
    await made.catch_up()
    return made


@pytest.mark.parametrize(
    "route", ["/api/notes", "/api/notes/status", "/api/notes/status?state=indexed", "/api/digests"]
)
async def test_who_asks_about_all_notes_holds_nobody_up(
    famulus: Famulus, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, route: str
) -> None:
    asked: list[int] = []

    def told(read: Callable[..., Any]) -> Callable[..., Any]:
        def reading(*given: Any, **named: Any) -> Any:
            asked.append(threading.get_ident())
            return read(*given, **named)

        return reading

    monkeypatch.setattr(famulus.ledger, "notes", told(famulus.ledger.notes))
    answer = await client.get(route)
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
    rows = answer.json()["digests" if "digests" in route else "notes"]
    assert [row["path"] for row in rows] == (["Week.md"] if "digests" in route else ["Tea.md", "Week.md"])
    assert asked and threading.get_ident() not in asked
