"""What is told of the engines' work: in `/api/health`, in `/metrics` and as events."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from daemon.bus import Bus
from daemon.engines.hosting.tally import BOUNDS, Tally

EVENT = "engines.load"
_BEAT = 1.0
"""Seconds between two events while something happens."""


def load_json(tally: Tally) -> dict[str, Any]:
    """One engine's work, as the API shows it."""
    return {
        "running": tally.running,
        "waiting": dict(tally.waiting),
        "most_waiting": tally.most_waiting,
        "tokens_a_second": round(tally.tokens_a_second, 1),
        "requests": dict(tally.outcomes),
        "prompt_tokens": tally.prompt_tokens,
        "cached_tokens": tally.cached_tokens,
        "completion_tokens": tally.completion_tokens,
    }


class Announcer:
    """Publishes the loads once a second while they change, and once more when all is quiet."""

    def __init__(self, bus: Bus) -> None:
        self.tallies: Mapping[str, Tally] = {}
        self.devices: Callable[[], list[dict[str, Any]]] = list
        """What the memory of each device is taken by."""
        self._bus = bus
        self._next: asyncio.TimerHandle | None = None

    def changed(self) -> None:
        """Something changed; call from the event loop."""
        if self._next is None:
            self._next = asyncio.get_running_loop().call_later(_BEAT, self._tell)

    def _tell(self) -> None:
        self._next = None
        engines = [{"name": name, **load_json(tally)} for name, tally in self.tallies.items()]
        self._bus.publish(EVENT, engines=engines, devices=self.devices())
        if any(tally.running or tally.tokens_a_second for tally in self.tallies.values()):
            self.changed()

    def stop(self) -> None:
        """Tell nothing more."""
        if self._next is not None:
            self._next.cancel()


def rendered(tallies: Iterable[Tally], starts: Mapping[str, int]) -> bytes:
    """The figures in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Collected(list(_families(list(tallies), starts))))
    return bytes(generate_latest(registry))


class _Collected:
    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _families(tallies: list[Tally], starts: Mapping[str, int]) -> Iterator[Metric]:
    running = GaugeMetricFamily("famulus_engine_running", "Answers that are being written.", labels=["name"])
    waiting = GaugeMetricFamily(
        "famulus_engine_waiting", "Requests that wait for their first token.", labels=["name", "priority"]
    )
    pace = GaugeMetricFamily(
        "famulus_engine_tokens_per_second", "Tokens written a second, over the last ten.", labels=["name"]
    )
    requests = CounterMetricFamily(
        "famulus_engine_requests", "Requests by what became of them.", labels=["name", "outcome"]
    )
    tokens = CounterMetricFamily(
        "famulus_engine_tokens", "Tokens read, of these reused, and written.", labels=["name", "kind"]
    )
    first = HistogramMetricFamily(
        "famulus_engine_first_token_seconds", "Seconds until the first token.", labels=["name"]
    )
    started = CounterMetricFamily(
        "famulus_engine_starts", "Times that the engine's process was started.", labels=["name"]
    )
    for tally in tallies:
        name = tally.engine
        running.add_metric([name], tally.running)
        pace.add_metric([name], tally.tokens_a_second)
        for priority, number in tally.waiting.items():
            waiting.add_metric([name, priority], number)
        for outcome, number in tally.outcomes.items():
            requests.add_metric([name, outcome], number)
        for kind in ("prompt", "cached", "completion"):
            tokens.add_metric([name, kind], getattr(tally, f"{kind}_tokens"))
        first.add_metric([name], list(_buckets(tally)), tally.first_seconds)
    for name, number in starts.items():
        started.add_metric([name], number)
    yield from (running, waiting, pace, requests, tokens, first, started)


def _buckets(tally: Tally) -> Iterator[tuple[str, float]]:
    below = 0
    for bound, number in zip((*map(str, BOUNDS), "+Inf"), tally.first_tokens, strict=True):
        below += number
        yield bound, below
