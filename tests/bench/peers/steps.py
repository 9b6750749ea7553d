"""What every contestant is asked to do, a process a step, so that nothing but its files lives on between two steps.

    python -m tests.bench.peers.NAME STEP --vault DIR --data DIR --queries FILE

A step prints one line of JSON: `Result`. Imports nothing of Famulus: the others run in an environment of their own.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

STEPS = ("cold", "second", "edit", "rename", "query")
TOP = 10


class Contestant(Protocol):
    """Indexes a folder of notes and searches it."""

    def index(self) -> None:
        """Bring the index up to date with the folder."""
        ...

    def search(self, query: str) -> Sequence[str]:
        """The paths of the notes of the first ten hits, as they come."""
        ...

    def chunks(self) -> int:
        """How many chunks can be found."""
        ...

    def close(self) -> None:
        """End as a program does that is told to."""
        ...


@dataclass(slots=True)
class Meter:
    """Counts the texts that the embedder read, and the seconds that took."""

    texts: int = 0
    seconds: float = 0.0

    def measured(self, texts: int, work: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        found = work()
        self.seconds += time.perf_counter() - began
        self.texts += texts
        return found


@dataclass(frozen=True, slots=True)
class Result:
    """`seconds` is the step's work without imports, `embedding` the part of it inside the embedder; a query's time is
    given in milliseconds, the median of all."""

    step: str
    seconds: float
    embedding: float
    embedded: int
    chunks: int
    query_ms: float = 0.0
    embedding_ms: float = 0.0
    found: float = 0.0
    versions: dict[str, str] = field(default_factory=dict)


def run(build: Callable[[Path, Path, Meter], Contestant], versions: Callable[[], dict[str, str]]) -> None:
    """The program of one contestant."""
    parser = argparse.ArgumentParser()
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("--vault", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--queries", type=Path, required=True)
    given = parser.parse_args()
    meter = Meter()
    given.data.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    contestant = build(given.vault, given.data, meter)
    if given.step == "query":
        result = _query(contestant, meter, json.loads(given.queries.read_text(encoding="utf-8")), versions())
    else:
        contestant.index()
        spent = time.perf_counter() - began
        result = Result(given.step, spent, meter.seconds, meter.texts, contestant.chunks(), versions=versions())
    contestant.close()
    print(json.dumps(asdict(result)), flush=True)


def _query(contestant: Contestant, meter: Meter, asked: Sequence[Sequence[str]], versions: dict[str, str]) -> Result:
    contestant.search("warm")
    times, inside, hits = [], [], 0
    for query, wanted in asked:
        embedding, began = meter.seconds, time.perf_counter()
        found = contestant.search(query)
        times.append(time.perf_counter() - began)
        inside.append(meter.seconds - embedding)
        hits += wanted in found
    middle = len(times) // 2
    whole, embedding_ms = 1000 * sorted(times)[middle], 1000 * sorted(inside)[middle]
    share = hits / len(asked)
    return Result("query", sum(times), sum(inside), 0, contestant.chunks(), whole, embedding_ms, share, versions)
