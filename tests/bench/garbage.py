"""What deletions leave behind in Chroma, and what filling a new store brings.

    python -m tests.bench.garbage [ROWS]

Rows are deleted and as many others added, in batches as the daemon's, round after round; beside each round the same
rows in a store of their own. The vectors lie in clusters, as those of notes do.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vault_sync.index.outbox import AT_ONCE
from vault_sync.ports import ChunkStore, Vectors
from vault_sync.stores.chroma import ChromaStore

ROWS, DIMENSIONS, CLUSTERS, QUERIES, SHOWN = 8_000, 384, 500, 100, 10
ROUNDS = (0.0, 0.5, 1.0, 2.0, 4.0)
"""Deleted rows for each that is there."""


@dataclass(frozen=True, slots=True)
class Line:
    """A store of `rows` rows after `deleted` times as many were deleted, and a new one with the same rows (`new_…`).

    Megabytes on the disk, milliseconds a query (median and p95), the share of the exact first ten that are found, and
    the seconds that filling the new one took.
    """

    rows: int
    deleted: float
    megabytes: float
    median: float
    p95: float
    recall: float
    new_megabytes: float
    new_median: float
    new_p95: float
    new_recall: float
    seconds: float


def compare(rows: int = ROWS) -> list[Line]:
    draw = np.random.default_rng(0)
    centres = draw.standard_normal((CLUSTERS, DIMENSIONS), dtype=np.float32)

    def vectors(count: int) -> Vectors:
        noise = draw.standard_normal((count, DIMENSIONS), dtype=np.float32)
        made = centres[draw.integers(0, CLUSTERS, count)] + 0.6 * noise
        return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), np.float32)

    asked, lines = vectors(QUERIES), []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        store = ChromaStore(place / "old")
        held: dict[int, Vectors] = {}
        top, deleted = 0, 0
        for goal in ROUNDS:
            while len(held) < rows or deleted < goal * rows:
                gone = list(held)[:AT_ONCE] if len(held) >= rows else []
                store.delete(gone)
                for one in gone:
                    del held[one]
                fresh = dict(zip(range(top, top + AT_ONCE), vectors(min(AT_ONCE, rows - len(held))), strict=False))
                store.add(list(fresh), np.stack(list(fresh.values())))
                held |= fresh
                top, deleted = top + AT_ONCE, deleted + len(gone)
            # Chroma writes its index to the disk when it is closed and opened.
            store.close()
            store = ChromaStore(place / "old")
            lines.append(_line(place, store, held, deleted / rows, asked))
        store.close()
    return lines


def _line(place: Path, store: ChromaStore, held: dict[int, Vectors], deleted: float, asked: Vectors) -> Line:
    began = time.perf_counter()
    new = ChromaStore(place / f"new{deleted}")
    ids = list(held)
    for start in range(0, len(ids), 2048):
        part = ids[start : start + 2048]
        new.add(part, np.stack([held[i] for i in part]))
    seconds = time.perf_counter() - began
    new.close()
    new = ChromaStore(place / f"new{deleted}")
    old_times, recall = _asked(store, held, asked)
    new_times, new_recall = _asked(new, held, asked)
    new.close()
    sizes = _megabytes(place / "old"), _megabytes(place / f"new{deleted}")
    return Line(len(held), deleted, sizes[0], *old_times, recall, sizes[1], *new_times, new_recall, seconds)


def _asked(store: ChunkStore, held: dict[int, Vectors], asked: Vectors) -> tuple[tuple[float, float], float]:
    ids, matrix = np.array(list(held)), np.stack(list(held.values()))
    store.query(asked[0], SHOWN)
    times, hits = [], 0
    for query in asked:
        began = time.perf_counter()
        found = store.query(query, 100)[:SHOWN]
        times.append((time.perf_counter() - began) * 1000)
        hits += len({hit.occurrence for hit in found} & set(ids[np.argsort(-(matrix @ query))[:SHOWN]].tolist()))
    p95 = float(np.percentile(times, 95))
    return (statistics.median(times), p95), hits / (SHOWN * len(asked))


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20


def table(lines: Sequence[Line]) -> str:
    head = (
        "| rows | deleted before | folder | against a new one | query, median / p95 | against a new one | "
        "recall@10, new | filling a new one |\n|---|---|---|---|---|---|---|---|\n"
    )
    rows = (
        f"| {line.rows:,} | {line.deleted:.1f} × | {line.megabytes:.0f} MB | {line.megabytes / line.new_megabytes:.1f} × |"
        f" {line.median:.1f} / {line.p95:.1f} ms | {line.median / line.new_median:.1f} × |"
        f" {line.recall:.3f}, {line.new_recall:.3f} | {line.seconds:.0f} s |"
        for line in lines
    )
    return head + "\n".join(rows)


def main() -> None:
    print(table(compare(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)))


if __name__ == "__main__":
    main()
