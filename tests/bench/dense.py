"""Where exact search beats Chroma: the dense lane by the size of the vault and the share that a filter lets through.

    python -m tests.bench.dense [ROWS …]

The vectors are real ones (of the shared judged sets) mixed in pairs, with noise, as `StandIn` makes them.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from daemon.engines.e5.embedder import E5Embedder
from tests.bench.generated import NOISE, StandIn
from vault_sync.ports import ChunkStore, Ids, Vectors
from vault_sync.search.fusion import DEPTH
from vault_sync.stores.chroma import ChromaStore
from vault_sync.stores.mapped import MappedStore

SIZES = (1_000, 5_000, 10_000, 50_000, 200_000)
SHARES = (0.03, 0.1, 0.2, 0.3, 0.5)
QUERIES = 100
AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class Line:
    """Milliseconds a query (median, p95, and what it computes) at `rows` vectors of which a filter lets `share` through
    (1: no filter).

    `recall` is the share of the exact first ten that are among Chroma's.
    """

    rows: int
    share: float
    exact: float
    exact_p95: float
    exact_cpu: float
    chroma: float
    chroma_p95: float
    chroma_cpu: float
    recall: float


def made(rows: int, sample: Vectors, seed: int = 0) -> Vectors:
    """`rows` vectors that lie as the `sample` does."""
    draw = np.random.default_rng(seed)
    first, second = (sample[draw.integers(0, len(sample), rows)] for _ in range(2))
    share = draw.uniform(0.5, 1.0, (rows, 1)).astype(np.float32)
    noise = draw.standard_normal((rows, sample.shape[1]), dtype=np.float32)
    mixed = _unit(share * first + (1 - share) * second) + NOISE * _unit(noise)
    return _unit(mixed)


def _unit(matrix: Vectors) -> Vectors:
    return np.asarray(matrix / np.linalg.norm(matrix, axis=1, keepdims=True), np.float32)


def timed(work: Callable[[int], object], times: int = QUERIES) -> tuple[float, float, float]:
    """Median and p95 of a call, and the median of what this process computed for it, in milliseconds."""
    work(0)
    taken, computed = [], []
    for number in range(times):
        began, cpu = time.perf_counter(), time.process_time()
        work(number)
        computed.append(1000 * (time.process_time() - cpu))
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken), statistics.quantiles(taken, n=20)[-1], statistics.median(computed)


def filled(store: ChunkStore, rows: int, sample: Vectors) -> None:
    for start in range(0, rows, AT_ONCE):
        count = min(AT_ONCE, rows - start)
        store.add(range(start, start + count), made(count, sample, seed=start))


def compare(sizes: Sequence[int] = SIZES, shares: Sequence[float] = SHARES) -> list[Line]:
    sample = StandIn(E5Embedder()).sample
    lines = []
    for rows in sizes:
        with tempfile.TemporaryDirectory() as folder:
            exact, chroma = MappedStore(Path(folder) / "mapped"), ChromaStore(Path(folder) / "chroma")
            for store in (exact, chroma):
                filled(store, rows, sample)
            asked = made(QUERIES, sample, seed=-1 % 2**32)
            lines += [_line(exact, chroma, rows, share, asked) for share in (1.0, *reversed(shares))]
            exact.close()
            chroma.close()
        print(table(lines), flush=True)
    return lines


def _line(exact: MappedStore, chroma: ChromaStore, rows: int, share: float, asked: Vectors) -> Line:
    draw = np.random.default_rng(3)
    among = [np.sort(draw.choice(rows, int(share * rows), replace=False)) for _ in range(8)]

    def narrow(i: int) -> Ids | None:
        return among[i % 8] if share < 1 else None

    mine = timed(lambda i: exact.query(asked[i], DEPTH, narrow(i)))
    # Chroma finds what a filter lets through only if it is asked for so many more.
    more = int(DEPTH / share * 1.5) if share < 1 else DEPTH
    other = timed(lambda i: chroma.query(asked[i], more))
    near = [{hit.occurrence for hit in exact.query(query, 10)} for query in asked]
    found = [{hit.occurrence for hit in chroma.query(query, DEPTH)} for query in asked]
    recall = statistics.mean(len(a & b) / 10 for a, b in zip(near, found, strict=True))
    return Line(rows, share, *mine, *other, recall)


def table(lines: Sequence[Line]) -> str:
    head = [
        "| vectors | filter lets through | exact, median ms | p95 | CPU | Chroma, median ms | p95 | CPU | exact / Chroma, CPU"
        " | Chroma's recall at 10 |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    return "\n".join(
        head
        + [
            f"| {one.rows:,} | {one.share:.0%} | {one.exact:.2f} | {one.exact_p95:.2f} | {one.exact_cpu:.2f}"
            f" | {one.chroma:.2f} | {one.chroma_p95:.2f} | {one.chroma_cpu:.2f} | {one.exact_cpu / one.chroma_cpu:.2f}"
            f" | {one.recall:.3f} |"
            for one in lines
        ]
    )


if __name__ == "__main__":
    compare([int(size) for size in sys.argv[1:]] or SIZES)
