"""Is what ranks tuned to the judged sets? Each query is also answered with settings that it had no part in choosing.

    python -m tests.bench.crossval [SET …]      # table on stdout

Three settings are chosen anew, one at a time: the lexical lane's share, what a number is worth where a question asks for
one, and what a sound of the same beginning is worth in the other script. By folds: the value that is best for four fifths
of the queries of all sets, used for the last fifth. By the other sets: the value that is best for them, used for this
one. All sets count alike, however many queries they have.
"""

import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from tests.bench.embedders import CachedEmbedder, candidates
from tests.bench.judged import PUBLISHED_BM25, JudgedSet, distinct, load, ndcg, write_vault
from tests.bench.retrieval import DEPTH, indexed
from vault_sync.index.ledger import Ledger
from vault_sync.search import bm25, wording
from vault_sync.search.fusion import LEXICAL_WEIGHT
from vault_sync.search.search import Searcher

SHARES = tuple(round(0.05 * step, 2) for step in range(21))
FOLDS = 5

Values = NDArray[np.float64]
"""nDCG@10, a row a query and a column a value of the setting."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A constant of the product, and the values that are tried of it."""

    name: str
    module: ModuleType
    constant: str
    tried: tuple[float, ...]


SHARE = "the words' share"
SETTINGS = (
    Setting("a number that is asked for", bm25, "FIGURE", (0.0, 0.05, 0.1, 0.15, 0.2)),
    Setting("a sound of the same beginning", wording, "SOUND_KIN", (0.0, 0.3, 0.6, 0.9)),
)
PRODUCT = {SHARE: LEXICAL_WEIGHT} | {each.name: float(getattr(each.module, each.constant)) for each in SETTINGS}
TRIED = {SHARE: SHARES} | {each.name: each.tried for each in SETTINGS}


@dataclass(frozen=True, slots=True)
class Fitted:
    """nDCG@10 of one set: as delivered, with values of one setting chosen by folds and by the other sets, and at best."""

    setting: str
    dataset: str
    product: float
    by_folds: float
    by_others: float
    at_best: float
    best: float


def values(judged: JudgedSet, embedder: CachedEmbedder, folder: Path) -> dict[str, Values]:
    """What each value of each setting would give for each query, the others as delivered."""
    write_vault(judged, folder / "vault")
    ledger, searcher = indexed(folder / "vault", folder / "data", embedder)
    shares = [_asked(judged, ledger, searcher, query, SHARES) for query in judged.queries]
    found = {SHARE: np.array(shares)}
    for setting in SETTINGS:
        columns = []
        for value in setting.tried:
            with _set(setting, value):
                columns.append([_asked(judged, ledger, searcher, query)[0] for query in judged.queries])
        found[setting.name] = np.array(columns).T
    ledger.close()
    return found


@contextmanager
def _set(setting: Setting, value: float) -> Iterator[None]:
    delivered = getattr(setting.module, setting.constant)
    setattr(setting.module, setting.constant, value)
    try:
        yield
    finally:
        setattr(setting.module, setting.constant, delivered)


def _asked(
    judged: JudgedSet, ledger: Ledger, searcher: Searcher, query: str, shares: Sequence[float | None] = (None,)
) -> list[float]:
    """nDCG@10 with each of these shares; the lanes are asked once."""
    lanes = searcher.lanes(judged.queries[query])
    orders = [[hit.occurrence for hit in lanes.fused(share)[: 2 * DEPTH]] for share in shares]
    known = ledger.occurrences({occurrence for order in orders for occurrence in order})
    return [ndcg(distinct(known[each].title for each in order), judged.relevant[query]) for order in orders]


def fitted(setting: str, by_set: Mapping[str, Values]) -> list[Fitted]:
    """The comparison of one setting for all sets. Pure."""
    tried = TRIED[setting]
    product = tried.index(PRODUCT[setting])
    outcomes = []
    for name, all_values in by_set.items():
        others = [other.mean(axis=0) for each, other in by_set.items() if each != name] or [all_values.mean(axis=0)]
        by_others = int(np.mean(others, axis=0).argmax())
        mean = all_values.mean(axis=0)
        folds = [_fold(by_set, name, fold) for fold in range(FOLDS)]
        by_folds = float(np.concatenate(folds).mean())
        best = float(mean.max()), tried[int(mean.argmax())]
        outcomes.append(Fitted(setting, name, float(mean[product]), by_folds, float(mean[by_others]), *best))
    return outcomes


def _fold(by_set: Mapping[str, Values], name: str, fold: int) -> Values:
    """The values of one fold of a set, with the value that is best for the other folds of all sets."""
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
    return [one for setting in TRIED for one in fitted(setting, {name: by_set[name][setting] for name in names})]


def table(outcomes: Sequence[Fitted]) -> str:
    lines = [
        "| setting | set | as delivered | by folds | by the other sets | at best | best value |",
        "|---|---|---|---|---|---|---|",
    ]
    for setting in dict.fromkeys(one.setting for one in outcomes):
        of_setting = [one for one in outcomes if one.setting == setting]
        for one in of_setting:
            figures = " | ".join(f"{each:.3f}" for each in (one.product, one.by_folds, one.by_others, one.at_best))
            lines.append(f"| {setting}, {PRODUCT[setting]} | {one.dataset} | {figures} | {one.best} |")
        columns = zip(*((o.product, o.by_folds, o.by_others) for o in of_setting), strict=True)
        means = " | ".join(f"{statistics.mean(column):.3f}" for column in columns)
        lines.append(f"| {setting} | mean | {means} | | |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(compare(sys.argv[1:] or list(PUBLISHED_BM25))))
