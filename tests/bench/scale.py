"""How fast the lanes are on a large vault: made-up text with words as frequent as in a real one.

python -m tests.bench.scale [ROWS]
"""

import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vault_sync import lexical
from vault_sync.lexical import LexicalRow
from vault_sync.stores.chroma import ChromaStore
from vault_sync.stores.memory import MemoryStore

ROWS = 50_000
WORDS = 60_000
QUERIES = 200
DIMENSIONS = 384


@dataclass(frozen=True, slots=True)
class Speed:
    """Milliseconds a query."""

    lane: str
    rows: int
    median: float
    p95: float


def spread(lane: str, rows: int, work: Callable[[int], object]) -> Speed:
    times = []
    for number in range(QUERIES):
        began = time.perf_counter()
        work(number)
        times.append(1000 * (time.perf_counter() - began))
    return Speed(lane, rows, statistics.median(times), statistics.quantiles(times, n=20)[-1])


def words_lane(rows: int, folder: Path) -> list[Speed]:
    random = np.random.default_rng(1)
    chance = 1 / np.arange(1, WORDS + 1)
    chance /= chance.sum()
    connection = sqlite3.connect(folder / "words.db")
    lexical.create(connection)
    for start in range(0, rows, 5000):
        drawn = random.choice(WORDS, (min(5000, rows - start), 80), p=chance)
        made = (LexicalRow(start + i, "note", (), " ".join(f"w{w}x" for w in row)) for i, row in enumerate(drawn))
        lexical.insert(connection, made)
    connection.commit()
    asked = [" ".join(f"w{w}x" for w in random.choice(WORDS, 9, p=chance)) for _ in range(QUERIES)]
    half = set(range(0, rows, 2))
    return [
        spread("words", rows, lambda i: lexical.search(connection, asked[i], 100)),
        spread("words, half allowed", rows, lambda i: lexical.search(connection, asked[i], 100, half)),
    ]


def vectors_lane(rows: int, folder: Path) -> list[Speed]:
    random = np.random.default_rng(2)
    centres = random.normal(size=(500, DIMENSIONS))
    matrix = centres[random.integers(0, 500, rows)] + 0.7 * random.normal(size=(rows, DIMENSIONS))
    matrix = (matrix / np.linalg.norm(matrix, axis=1, keepdims=True)).astype(np.float32)
    asked = matrix[random.integers(0, rows, QUERIES)] + 0.03 * random.normal(size=(QUERIES, DIMENSIONS))
    asked = (asked / np.linalg.norm(asked, axis=1, keepdims=True)).astype(np.float32)
    chroma, exact = ChromaStore(folder / "chroma"), MemoryStore()
    chroma.add(range(rows), matrix)
    exact.add(range(rows), matrix)
    near = [{hit.occurrence for hit in exact.query(query, 10)} for query in asked]
    found = [{hit.occurrence for hit in chroma.query(query, 100)[:10]} for query in asked]
    recall = statistics.mean(len(a & b) / 10 for a, b in zip(near, found, strict=True))
    speeds = [
        spread(f"Chroma, recall of the first ten {recall:.3f}", rows, lambda i: chroma.query(asked[i], 100)),
        spread("exact, in memory", rows, lambda i: exact.query(asked[i], 100)),
    ]
    chroma.close()
    return speeds


def measure(rows: int = ROWS) -> list[Speed]:
    with tempfile.TemporaryDirectory() as folder:
        return words_lane(rows, Path(folder)) + vectors_lane(rows, Path(folder))


def compare() -> list[Speed]:
    return measure(ROWS)


def table(speeds: Sequence[Speed]) -> str:
    lines = ["| lane | chunks | median ms | p95 ms |", "|---|---|---|---|"]
    return "\n".join(lines + [f"| {s.lane} | {s.rows} | {s.median:.1f} | {s.p95:.1f} |" for s in speeds])


if __name__ == "__main__":
    print(table(measure(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)))
