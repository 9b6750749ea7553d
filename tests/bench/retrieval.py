"""Which embedder, and what fusion gives: the judged sets through the whole path of notes.

    python -m tests.bench.retrieval [SET …]      # tables on stdout

Parse, chunk, embed, full text, both lanes and fusion are the product's own; vectors are cached by text in the
temporary folder, so that only the first run takes long.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.embedders import CachedEmbedder, candidates
from tests.bench.judged import PUBLISHED_BM25, JudgedSet, distinct, load, ndcg, write_vault
from vault_sync.index.ledger import Ledger
from vault_sync.index.sync import Indexer
from vault_sync.policy.policy import Policy
from vault_sync.ports import Embedder
from vault_sync.search.search import Mode, Searcher
from vault_sync.stores.memory import MemoryStore
from vault_sync.vault import Vault

DEPTH = 30
MODES: tuple[Mode, ...] = ("lexical", "dense", "hybrid")


@dataclass(frozen=True, slots=True)
class Outcome:
    """nDCG@10 of a lane or of both; the median query in milliseconds, without its embedding."""

    dataset: str
    embedder: str
    mode: Mode
    ndcg: float
    query_ms: float
    chunks: int


def indexed(folder: Path, data: Path, embedder: Embedder) -> tuple[Ledger, Searcher]:
    """A vault that is ready to be searched."""
    data.mkdir(parents=True, exist_ok=True)
    ledger, store = Ledger(data / "index.db"), MemoryStore()
    indexer = Indexer(Vault(folder), ledger, store, embedder, Policy())
    indexer.prepare()
    indexer.scan()
    return ledger, Searcher(ledger, store, embedder)


def measure(judged: JudgedSet, name: str, embedder: CachedEmbedder, folder: Path) -> list[Outcome]:
    """All modes on one set with one embedder."""
    write_vault(judged, folder / "vault")
    ledger, searcher = indexed(folder / "vault", folder / name, embedder)
    texts = [row[0] for row in ledger.read().execute("SELECT text FROM occurrences")]
    outcomes = []
    for mode in MODES:
        values, times = [], []
        for query_id, query in judged.queries.items():
            embedder.embed_query(query)
            began = time.perf_counter()
            passages = searcher.search(query, DEPTH, mode)
            times.append(time.perf_counter() - began)
            ranked = distinct(passage.title for passage in passages)
            values.append(ndcg(ranked, judged.relevant[query_id]))
        median = 1000 * statistics.median(times)
        outcomes.append(Outcome(judged.name, name, mode, statistics.mean(values), median, len(texts)))
    ledger.close()
    return outcomes


def compare(names: Sequence[str] = tuple(PUBLISHED_BM25)) -> list[Outcome]:
    """Every set with every embedder that is installed."""
    outcomes: list[Outcome] = []
    for embedder_name, real in candidates().items():
        embedder = CachedEmbedder(real)
        for name in names:
            with tempfile.TemporaryDirectory() as folder:
                outcomes += measure(load(name), embedder_name, embedder, Path(folder))
            print(table(outcomes), flush=True)
    return outcomes


def table(outcomes: Sequence[Outcome]) -> str:
    """A Markdown table, one row a set and embedder."""
    lines = [
        "| set | embedder | BM25 (README) | lexical | dense | fused | fused / best lane | ms a query |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for dataset, embedder in dict.fromkeys((o.dataset, o.embedder) for o in outcomes):
        by_mode = {o.mode: o for o in outcomes if (o.dataset, o.embedder) == (dataset, embedder)}
        lexical, dense, hybrid = (by_mode[mode] for mode in MODES)
        ratio = hybrid.ndcg / max(lexical.ndcg, dense.ndcg)
        lines.append(
            f"| {dataset} | {embedder} | {PUBLISHED_BM25[dataset]:.3f} | {lexical.ndcg:.3f} | {dense.ndcg:.3f}"
            f" | {hybrid.ndcg:.3f} | {ratio:.3f} | {hybrid.query_ms:.1f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    compare(sys.argv[1:] or list(PUBLISHED_BM25))
