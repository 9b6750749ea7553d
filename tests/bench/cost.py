"""What a passage costs with each embedder, in turns, so that a busy machine is busy for all of them.

python -m tests.bench.cost
"""

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.bench.embedders import candidates
from tests.bench.judged import load
from vault_sync.ports import Embedder

ROUNDS = 12
GROUP = 8
CHARS = 700
"""The length of a usual chunk of an English note."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds a passage of about `CHARS` characters: the median and the quickest of the rounds."""

    embedder: str
    median: float
    quickest: float


def measure(embedders: Mapping[str, Embedder]) -> list[Cost]:
    """Every embedder reads the same texts, one group after the other."""
    texts = [document.text[:CHARS] for document in load("scifact").documents if len(document.text) >= CHARS]
    times: dict[str, list[float]] = {name: [] for name in embedders}
    for embedder in embedders.values():
        embedder.embed_passages(texts[-GROUP:])
    for number in range(ROUNDS):
        part = texts[number * GROUP : (number + 1) * GROUP]
        for name, embedder in embedders.items():
            began = time.perf_counter()
            embedder.embed_passages(part)
            times[name].append(1000 * (time.perf_counter() - began) / GROUP)
    return [Cost(name, statistics.median(found), min(found)) for name, found in times.items()]


def compare() -> list[Cost]:
    """Every embedder that is installed."""
    return measure(candidates())


def table(costs: Sequence[Cost]) -> str:
    """A Markdown table; the ratio is to the first row."""
    lines = ["| embedder | median ms a passage | quickest round | ratio of medians |", "|---|---|---|---|"]
    first = costs[0].median
    return "\n".join(
        lines + [f"| {c.embedder} | {c.median:.0f} | {c.quickest:.0f} | {c.median / first:.2f} |" for c in costs]
    )


if __name__ == "__main__":
    print(table(compare()))
