"""How fast search is on a large vault, whole and by its parts, with filters and rules, beside simpler ways.

    python -m tests.bench.scale [CHUNKS | FOLDER …]      # FOLDER holds an index already

Everything is as in the daemon: ledger, FTS5, Chroma and mapped vectors, through `Searcher`, with the real embedder for
the queries. The texts are real ones, multiplied and varied; their vectors are real ones with noise, since embedding
them would take hours. So the times are real, and what is found means nothing.
"""

import importlib
import itertools
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from daemon.engines.e5.embedder import E5Embedder
from daemon.folder import open_embedded
from tests.bench.judged import PUBLISHED_BM25, load
from tests.bench.large import built
from tests.bench.processor import computed
from vault_sync.checkup import mend
from vault_sync.index import outbox
from vault_sync.index.ledger import Ledger
from vault_sync.policy.policy import Policy, Rule
from vault_sync.ports import Ids
from vault_sync.search.filter import Filter
from vault_sync.search.fusion import DEPTH
from vault_sync.search.ids import NO_IDS
from vault_sync.search.search import Searcher
from vault_sync.stores.routed import RoutedStore
from vault_sync.text import stem, words

SIZES = (50_000, 200_000)
QUERIES = 100
SHOWN = 10


@dataclass(frozen=True, slots=True)
class Speed:
    """Milliseconds a query; `cpu` is what this process and the embedder computed, which a busy machine changes less."""

    chunks: int
    what: str
    median: float
    p95: float
    cpu: float
    cpu_p95: float


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds until ledger and stores are open and compared, after a clean end; memory in MB, without models."""

    chunks: int
    seconds: float
    cpu: float
    opened_mb: float
    searched_mb: float
    mapped_mb: float
    embedder_mb: float


Figures = list[Speed | Start]


def questions(count: int = QUERIES) -> list[str]:
    """English and Russian ones in turns, each once."""
    sets = [list(load(name).queries.values()) for name in PUBLISHED_BM25]
    return list(itertools.islice((query for row in zip(*sets, strict=False) for query in row), count))


def spread(chunks: int, what: str, work: Callable[[str], object], asked: Sequence[str], worker: int) -> Speed:
    for query in asked[:5]:
        work(query)
    wall, cpu = [], []
    for query in asked[5:]:
        began, before = time.perf_counter(), computed(worker)
        work(query)
        cpu.append(1000 * (computed(worker) - before))
        wall.append(1000 * (time.perf_counter() - began))
    return Speed(chunks, what, *_middle_and_end(wall), *_middle_and_end(cpu))


def _middle_and_end(times: Sequence[float]) -> tuple[float, float]:
    return statistics.median(times), statistics.quantiles(times, n=20)[-1]


def searches(folder: Path, asked: Sequence[str]) -> list[Speed]:
    ledger, store = open_embedded(folder)
    embedder = E5Embedder()
    searcher = Searcher(ledger, store, embedder)
    vectors = {query: embedder.embed_query(query) for query in asked}
    found = {query: searcher.lanes(query) for query in asked}
    chunks = ledger.counts()[2]
    ways: dict[str, Callable[[str], object]] = {
        "hybrid search": lambda query: searcher.search(query, SHOWN),
        "… embedding the query": embedder.embed_query,
        "… lexical lane": lambda query: searcher.lanes(query, "lexical"),
        "… dense lane": lambda query: store.query(vectors[query], DEPTH),
        "… fusing and showing ten": lambda query: searcher.passages(found[query], query, SHOWN),
        **_narrowed(ledger, store, embedder, searcher),
        "beside: FTS5, OR of all words": lambda query: _plain(ledger.read(), query),
        "beside: Chroma alone": lambda query: store._graph.query(vectors[query], DEPTH),
        "beside: exact, all vectors": lambda query: store._exact.query(vectors[query], DEPTH),
    }
    speeds = [spread(chunks, what, work, asked, embedder.pid) for what, work in ways.items()]
    embedder.close()
    store.close()
    ledger.close()
    return speeds


def _narrowed(
    ledger: Ledger, store: RoutedStore, embedder: E5Embedder, searcher: Searcher
) -> dict[str, Callable[[str], object]]:
    """Hybrid search with filters and rules, by the share of the chunks that is left."""
    filters = {
        "folder": Filter(folder="Area 01"),
        "tag": Filter(tag="project"),
        "date": Filter(after=date.today() - timedelta(days=547)),
    }
    ways: dict[str, Callable[[str], object]] = {}
    total = ledger.counts()[2]
    for name, narrow in filters.items():
        left = _left(ledger, narrow, NO_IDS) / total
        ways[f"hybrid, filter by {name} ({left:.0%} left)"] = lambda query, f=narrow: searcher.search(  # type: ignore[misc]
            query, SHOWN, filter=f
        )
    for folder, part in (("Area 01", "one folder"), ("Area *1*", "many folders")):
        ruled = Searcher(ledger, store, embedder, Policy(rules=(Rule((f"{folder}/**",), ("search",)),)))
        ruled.search("warm")
        left = _left(ledger, Filter(), ruled._denials.of("search")) / total
        ways[f"hybrid, a rule denies {part} ({left:.0%} left)"] = lambda query, s=ruled: s.search(query, SHOWN)  # type: ignore[misc]
    return ways


def _left(ledger: Ledger, narrow: Filter, denied: Ids) -> int:
    allowed = ledger.allowed(narrow, denied)
    return ledger.counts()[2] if allowed is None else len(allowed)


def _plain(connection: sqlite3.Connection, query: str) -> object:
    """What FTS5 alone does with a question: any of its words, ranked by BM25."""
    asked = " OR ".join(f'"{stem(word)}"' for word in dict.fromkeys(words(query)))
    return connection.execute(
        "SELECT rowid FROM lexical WHERE lexical MATCH ? ORDER BY rank LIMIT 100", (asked,)
    ).fetchall()


def start(folder: Path) -> Start:
    """In a process of its own, so that nothing else counts."""
    code = f"from tests.bench.scale import child; child({str(folder)!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    chunks, *rest = done.stdout.split()[-7:]
    return Start(int(chunks), *map(float, rest))


def child(folder: str) -> None:
    """Opens the index as the daemon does, searches, and prints the fields of a Start."""
    # What the daemon loads before it opens anything belongs to its memory, not to the opening.
    importlib.import_module("daemon.app")
    began, before = time.perf_counter(), time.process_time()
    ledger, store = open_embedded(Path(folder))
    mend.words_in_step(ledger)
    outbox.fit(ledger, store)
    outbox.flush(ledger, store)
    seconds, cpu = time.perf_counter() - began, time.process_time() - before
    opened = _resident()
    vectors = list(ledger.vectors(ledger.embedded_ids()[:50].tolist()))
    embedder = E5Embedder()
    searcher = Searcher(ledger, store, embedder)
    for query, vector in zip(questions(50), vectors, strict=True):
        searcher.search(query, SHOWN, "lexical")
        store.query(vector, DEPTH)
        store.query(vector, DEPTH, ledger.allowed(Filter(tag="project")))
    searched, mapped = _resident(), _resident("RssFile")
    searcher.search("warm")
    print(ledger.counts()[2], seconds, cpu, opened, searched, mapped, _resident(pid=embedder.pid))
    embedder.close()
    store.close()
    ledger.close()


def _resident(field: str = "VmRSS", pid: int | str = "self") -> float:
    """Memory of a process in MB."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def measure(folders: Iterable[Path]) -> Figures:
    asked = questions()
    figures: Figures = []
    for folder in folders:
        figures += searches(folder, asked)
        figures.append(start(folder))
        print(table(figures), flush=True)
    return figures


def compare() -> Figures:
    """Both sizes; the indexes are made where they are not there yet."""
    return measure(map(built, SIZES))


def table(figures: Sequence[Speed | Start]) -> str:
    speeds = [one for one in figures if isinstance(one, Speed)]
    starts = [one for one in figures if isinstance(one, Start)]
    hybrid = {one.chunks: one.p95 for one in speeds if one.what == "hybrid search"}
    lines = [
        "| chunks | what | median ms | p95 ms | p95 / hybrid | CPU, median ms | CPU, p95 ms |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {one.chunks:,} | {one.what} | {one.median:.1f} | {one.p95:.1f} | {one.p95 / hybrid[one.chunks]:.2f}"
            f" | {one.cpu:.1f} | {one.cpu_p95:.1f} |"
            for one in speeds
        ),
        "",
        "| chunks | opened and compared in s | CPU s | memory opened, MB | after searches | of that mapped files | embedder, MB |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {one.chunks:,} | {one.seconds:.2f} | {one.cpu:.2f} | {one.opened_mb:.0f} | {one.searched_mb:.0f}"
            f" | {one.mapped_mb:.0f} | {one.embedder_mb:.0f} |"
            for one in starts
        ),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    named = sys.argv[1:] or [str(size) for size in SIZES]
    measure(built(int(name)) if name.isdecimal() else Path(name) for name in named)
