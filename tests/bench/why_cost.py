"""What `famulus why` costs beside a search in a large vault.

    python -m tests.bench.why_cost [CHUNKS]

As in the daemon, with the real embedder for the queries, on the index that `tests.bench.scale` makes. Each query is
searched and explained in turns, for a note that search found and for one that it did not.
"""

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from daemon.engines.e5.embedder import E5Embedder
from daemon.folder import open_embedded
from tests.bench.large import built
from tests.bench.scale import questions
from vault_sync.index.ledger import Ledger
from vault_sync.index.records import NoteRecord
from vault_sync.search.search import Searcher
from vault_sync.search.why import standing

CHUNKS = 50_000
QUERIES = 40


@dataclass(frozen=True, slots=True)
class Price:
    """Milliseconds, medians; `ratio` is the median of the ratios to the search of the same query just before."""

    chunks: int
    what: str
    wall: float
    cpu: float
    ratio: float
    cpu_ratio: float


def compare(chunks: int = CHUNKS) -> list[Price]:
    ledger, store = open_embedded(built(chunks))
    searcher = Searcher(ledger, store, E5Embedder())
    times: dict[str, list[tuple[float, float]]] = {"search": [], "why, found": [], "why, not found": []}
    notes = ledger.paths()
    for number, query in enumerate(questions(QUERIES + 5)):
        found = searcher.search(query, 10)
        far = notes[(number * 7919) % len(notes)]
        works: tuple[Callable[[], object], ...] = (
            partial(searcher.search, query, 10),
            partial(_why, searcher, ledger, query, found[0].path),
            partial(_why, searcher, ledger, query, far),
        )
        taken = [_timed(work) for work in works]
        if number >= 5:
            for each, spent in zip(times.values(), taken, strict=True):
                each.append(spent)
    total = ledger.counts()[2]
    store.close()
    ledger.close()
    return [_price(total, what, spent, times["search"]) for what, spent in times.items()]


def _why(searcher: Searcher, ledger: Ledger, query: str, path: str) -> object:
    note: NoteRecord | None = ledger.note(path)
    return note and standing(searcher, ledger, query, note)


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    began, cpu = time.perf_counter(), time.process_time()
    work()
    return 1000 * (time.perf_counter() - began), 1000 * (time.process_time() - cpu)


def _price(chunks: int, what: str, spent: Sequence[tuple[float, float]], base: Sequence[tuple[float, float]]) -> Price:
    wall, cpu = (statistics.median(each) for each in zip(*spent, strict=True))
    ratios = [(a[0] / b[0], a[1] / b[1]) for a, b in zip(spent, base, strict=True)]
    return Price(chunks, what, wall, cpu, *(statistics.median(each) for each in zip(*ratios, strict=True)))


def table(prices: Sequence[Price]) -> str:
    lines = ["| chunks | what | median ms | CPU ms | of a search | CPU, of a search |", "|---|---|---|---|---|---|"]
    for p in prices:
        lines.append(
            f"| {p.chunks:,} | {p.what} | {p.wall:.1f} | {p.cpu:.1f} | {p.ratio:.2f} × | {p.cpu_ratio:.2f} × |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(compare(int(sys.argv[1]) if len(sys.argv) > 1 else CHUNKS)))
