"""Is the lexical lane's share tuned to the judged sets? Each query is also answered with a share that it had no part in.

    python -m tests.bench.crossval [SET …]      # table on stdout

By folds: the share that is best for four fifths of the queries of all sets, used for the last fifth. By the other sets:
the share that is best for them, used for this one. All sets count alike, however many queries they have.
"""

import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.bench.embedders import CachedEmbedder, candidates
from tests.bench.judged import PUBLISHED_BM25, JudgedSet, distinct, load, ndcg, write_vault
from tests.bench.retrieval import DEPTH, indexed
from vault_sync.fusion import LEXICAL_WEIGHT

SHARES = tuple(round(0.05 * step, 2) for step in range(21))
FOLDS = 5

Values = NDArray[np.float64]
"""nDCG@10, a row a query and a column a share."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """nDCG@10 of one set: with the product's share, with shares of folds, with that of the other sets, and at best."""

    dataset: str
    product: float
    by_folds: float
    by_others: float
    at_best: float
    best_share: float


def values(judged: JudgedSet, embedder: CachedEmbedder, folder: Path) -> Values:
    """What each share would give for each query; the lanes are asked once."""
    write_vault(judged, folder / "vault")
    ledger, searcher = indexed(folder / "vault", folder / "data", embedder)
    found = []
    for query_id, query in judged.queries.items():
        lanes = searcher.lanes(query)
        orders = [[hit.occurrence for hit in lanes.fused(share)[: 2 * DEPTH]] for share in SHARES]
        known = ledger.occurrences({occurrence for order in orders for occurrence in order})
        relevant = judged.relevant[query_id]
        found.append([ndcg(distinct(known[each].title for each in order), relevant) for order in orders])
    ledger.close()
    return np.array(found)


def fitted(by_set: Mapping[str, Values]) -> list[Fitted]:
    """The comparison for all sets. Pure."""
    product = SHARES.index(LEXICAL_WEIGHT)
    outcomes = []
    for name, all_values in by_set.items():
        others = [other.mean(axis=0) for each, other in by_set.items() if each != name] or [all_values.mean(axis=0)]
        by_others = int(np.mean(others, axis=0).argmax())
        mean = all_values.mean(axis=0)
        folds = [_fold(by_set, name, fold) for fold in range(FOLDS)]
        outcomes.append(
            Fitted(
                name,
                float(mean[product]),
                float(np.concatenate(folds).mean()),
                float(mean[by_others]),
                float(mean.max()),
                SHARES[int(mean.argmax())],
            )
        )
    return outcomes


def _fold(by_set: Mapping[str, Values], name: str, fold: int) -> Values:
    """The values of one fold of a set, with the share that is best for the other folds of all sets."""
    rest = [values[np.arange(len(values)) % FOLDS != fold].mean(axis=0) for values in by_set.values()]
    held_out: Values = by_set[name][np.arange(len(by_set[name])) % FOLDS == fold]
    return held_out[:, int(np.mean(rest, axis=0).argmax())]


def compare(names: Sequence[str] = tuple(PUBLISHED_BM25)) -> list[Fitted]:
    """All sets with the starter embedder."""
    embedder = CachedEmbedder(candidates()["e5-small"])
    by_set = {}
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            by_set[name] = values(load(name), embedder, Path(folder))
    return fitted(by_set)


def table(outcomes: Sequence[Fitted]) -> str:
    lines = [
        f"| set | share {LEXICAL_WEIGHT} | by folds | by the other sets | at best | best share |",
        "|---|---|---|---|---|---|",
    ]
    for one in outcomes:
        figures = f"{one.product:.3f} | {one.by_folds:.3f} | {one.by_others:.3f} | {one.at_best:.3f} | {one.best_share}"
        lines.append(f"| {one.dataset} | {figures} |")
    means = [
        statistics.mean(column)
        for column in zip(*((o.product, o.by_folds, o.by_others) for o in outcomes), strict=True)
    ]
    return "\n".join([*lines, f"| mean | {' | '.join(f'{mean:.3f}' for mean in means)} | | |"])


if __name__ == "__main__":
    print(table(compare(sys.argv[1:] or list(PUBLISHED_BM25))))
