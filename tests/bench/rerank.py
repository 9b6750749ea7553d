"""What a reranker gives: the judged sets with it and without, by language.

    python -m tests.bench.rerank                # a stand-in that needs no model of its own
    python -m tests.bench.rerank URL MODEL      # a server with /v1/rerank, such as `llama-server --reranking`

The stand-in compares the question with each sentence of a passage and takes the best one: late interaction, by the
embedder that search uses anyway. It shows what a second look costs and changes, not what a trained reranker gives.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from daemon.engines.e5.embedder import E5Embedder
from daemon.engines.hosting.host import build_reranker
from daemon.engines.spec import EngineSpec
from tests.bench.embedders import CachedEmbedder
from tests.bench.judged import JudgedSet, distinct, load, ndcg, write_vault
from tests.bench.retrieval import indexed
from vault_sync.ports import Embedder, Reranker
from vault_sync.search.rerank import SecondLook
from vault_sync.search.search import Searcher
from vault_sync.text import sentences

SETS = ("xquad-sent-en", "xquad-sent-ru", "xquad-par-ru2en", "scifact")
DEPTH = 10
QUERIES = 60
"""Questions a set, spread over it: a second look at 10 passages is slow on a processor."""


@dataclass(frozen=True, slots=True)
class Effect:
    """nDCG@10 of the fused lanes and after the second look, and how long that took for a question."""

    dataset: str
    reranker: str
    fused: float
    reranked: float
    better: int
    worse: int
    queries: int
    ms: float


class BestSentence:
    """The stand-in: the similarity of the best sentence."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        asked = self._embedder.embed_query(query)
        return [float((self._embedder.embed_passages(pieces(text)) @ asked).max()) for text in texts]


def pieces(text: str) -> list[str]:
    """The sentences of a passage, and the whole of it, each behind its title."""
    title, _, body = text.partition("\n")
    return [f"{title}\n{body[span.start : span.end]}" for span in sentences(body)] + [text]


class Timed:
    """Keeps how long each second look took, in seconds."""

    def __init__(self, inner: Reranker) -> None:
        self.inner = inner
        self.took: list[float] = []

    def rerank(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        began = time.perf_counter()
        scores = self.inner.rerank(query, texts)
        self.took.append(time.perf_counter() - began)
        return scores


def measure(judged: JudgedSet, embedder: CachedEmbedder, reranker: Reranker, name: str) -> Effect:
    timed = Timed(reranker)
    with tempfile.TemporaryDirectory() as folder:
        write_vault(judged, Path(folder) / "vault")
        ledger, plain = indexed(Path(folder) / "vault", Path(folder) / "data", embedder)
        again = Searcher(ledger, plain._store, embedder, second_look=SecondLook(timed, DEPTH))
        step = max(1, len(judged.queries) // QUERIES)
        values = []
        for query_id in list(judged.queries)[::step][:QUERIES]:
            query, relevant = judged.queries[query_id], judged.relevant[query_id]
            ranked = (distinct(p.title for p in searcher.search(query, 30)) for searcher in (plain, again))
            before, after = (ndcg(titles, relevant) for titles in ranked)
            values.append((before, after))
        ledger.close()
    fused, reranked = (statistics.mean(each) for each in zip(*values, strict=True))
    better, worse = sum(b > a for a, b in values), sum(b < a for a, b in values)
    ms = 1000 * statistics.median(timed.took) if timed.took else 0.0
    return Effect(judged.name, name, fused, reranked, better, worse, len(values), ms)


def compare(url: str = "", model: str = "") -> list[Effect]:
    embedder = CachedEmbedder(E5Embedder())
    reranker: Reranker = BestSentence(embedder)
    if url:
        reranker = build_reranker(EngineSpec("judge", "openai", model, url=url))
    found = []
    for dataset in SETS:
        found.append(measure(load(dataset), embedder, reranker, model or "best sentence, e5-small (stand-in)"))
        print(table(found), flush=True)
    return found


def table(effects: Sequence[Effect]) -> str:
    lines = [
        "| set | reranker | fused | reranked | better / worse / asked | ms a question |",
        "|---|---|---|---|---|---|",
    ]
    for e in effects:
        counts = f"{e.better} / {e.worse} / {e.queries}"
        lines.append(f"| {e.dataset} | {e.reranker} | {e.fused:.3f} | {e.reranked:.3f} | {counts} | {e.ms:.0f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    compare(*sys.argv[1:3])
