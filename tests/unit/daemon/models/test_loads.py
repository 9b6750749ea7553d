import asyncio

import pytest

from agents.ports import ChatDelta, Usage
from daemon.bus import Bus, BusEvent
from daemon.engines.hosting.tally import Tally
from daemon.models import loads
from daemon.models.loads import Announcer, load_json, rendered


def busy() -> Tally:
    tally = Tally("small", 8)
    tally.enter("bulk")
    turn = tally.enter("interactive")
    turn.heard(ChatDelta("x"))
    turn.heard(ChatDelta("", "stop", Usage(9, 4, 1)))
    return tally


def test_prometheus_is_told_all_that_the_api_tells() -> None:
    lines = rendered([busy()], {"small": 3}).decode().splitlines()
    for line in (
        'famulus_engine_running{name="small"} 1.0',
        'famulus_engine_waiting{name="small",priority="bulk"} 1.0',
        'famulus_engine_tokens_total{kind="cached",name="small"} 4.0',
        'famulus_engine_requests_total{name="small",outcome="refused"} 0.0',
        'famulus_engine_first_token_seconds_count{name="small"} 1.0',
        'famulus_engine_starts_total{name="small"} 3.0',
    ):
        assert line in lines
    told = load_json(busy())
    assert (told["running"], told["waiting"]["bulk"], told["cached_tokens"]) == (1, 1, 4)


async def test_many_changes_are_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loads, "_BEAT", 0.0)
    bus, heard, first = Bus(), list[BusEvent](), asyncio.Event()

    def hear(event: BusEvent) -> None:
        heard.append(event)
        first.set()

    bus.listen(hear)
    announcer = Announcer(bus)
    tally = Tally("small", 8, on_change=announcer.changed)
    announcer.tallies = {"small": tally}
    for _ in range(9):
        tally.enter("interactive").over("gone")
    await first.wait()
    announcer.stop()
    assert [event.name for event in heard] == ["engines.load"]
    assert heard[0].data["engines"][0]["requests"]["gone"] == 9
