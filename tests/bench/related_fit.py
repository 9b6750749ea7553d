"""Fits the weights of `agents.related.likeness` on hidden links, and says what they give in a vault that had no part in it.

    python -m tests.bench.related_fit        # prints the weights, for all vaults and for each without itself

A logistic regression over all candidates of all notes; how many links a note has is told to it, so that a note with
many does not teach that its kind of candidates is likely, and is left out after. What the sum of the weights means as
a probability is fitted then. Each vault counts the same. A weight below zero is taken for chance, and that sign dropped.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from agents.related.likeness import SIGNS, Weights, usual
from tests.bench.related_cases import Case

Numbers = NDArray[np.float64]

ROUNDS, RIDGE = 40, 2.0
CONTENT = ("meaning", "words", "named", "mentioned", "folder", "tags")
"""What can be known of notes that nobody has linked yet."""


def fit(cases: Sequence[Case], allowed: Sequence[str] = tuple(SIGNS)) -> Weights:
    """Fit to these cases, by these signs only."""
    signs = np.concatenate([case.signs for case in cases])
    labels = np.concatenate([case.labels for case in cases])
    habit = np.concatenate([np.full(len(case.labels), np.log2(1 + case.links)) for case in cases])
    worth = _worth([case.vault for case in cases for _ in case.candidates])
    names = list(allowed)
    while True:
        own = signs[:, [list(SIGNS).index(name) for name in names]]
        _, *weights, _ = _logistic(np.column_stack([own, habit]), labels, worth)
        least = int(np.argmin(np.array(weights) * own.std(axis=0)))
        if weights[least] >= 0:
            break
        names.pop(least)
    first, slope = _logistic((own @ np.array(weights))[:, None], labels, worth)
    return Weights(float(first), {name: float(slope * weight) for name, weight in zip(names, weights, strict=True)})


def _worth(vaults: Sequence[str]) -> Numbers:
    """What makes each vault count the same, in all as much as there are rows."""
    rows = Counter(vaults)
    return np.array([len(vaults) / len(rows) / rows[vault] for vault in vaults])


def _logistic(signs: Numbers, labels: Numbers, worth: Numbers) -> Numbers:
    """The first term and the weights of a logistic regression."""
    spread = signs.std(axis=0) + 1e-9
    rows = np.column_stack([np.ones(len(signs)), signs / spread])
    ridge = np.diag([0.0, *(RIDGE for _ in spread)])
    found = np.zeros(rows.shape[1])
    for _ in range(ROUNDS):
        chance = 1 / (1 + np.exp(-(rows @ found)))
        bend = (rows * (worth * chance * (1 - chance))[:, None]).T @ rows + ridge
        step = np.linalg.solve(bend, rows.T @ (worth * (labels - chance)) - ridge @ found)
        found = found + step
        if np.abs(step).max() < 1e-6:
            break
    return np.asarray(found / np.array([1.0, *spread]))


def fits(cases: Sequence[Case]) -> tuple[Weights, Weights]:
    """By all signs, and by the content alone."""
    return fit(cases), fit(cases, CONTENT)


def apart(cases: Sequence[Case], weights: Weights) -> tuple[float, float]:
    """What it says how far a note stands out by these weights: of one that does not, and for each spread."""
    stands = np.concatenate([usual(case.signs, weights).apart(weights.line(case.signs)) for case in cases])
    labels = np.concatenate([case.labels for case in cases])
    first, slope = _logistic(stands[:, None], labels, _worth([case.vault for case in cases for _ in case.candidates]))
    return float(first), float(slope)


def fit_unlinked(cases: Sequence[Case]) -> tuple[Weights, float, float]:
    """Fit to cases of vaults all of whose links were hidden: the weights, and what `apart` says of them."""
    weights = replace(fit(cases, [name for name in CONTENT if name != "words"]), first=0.0)
    return weights, *apart(cases, weights)


def main() -> None:
    from daemon.engines.e5.embedder import E5Embedder
    from tests.bench.embedders import CachedEmbedder
    from tests.bench.related_cases import cases, unlinked
    from tests.bench.vaults import NAMES

    embedder = CachedEmbedder(E5Embedder())
    found = [case for name in NAMES for case in cases(name, embedder)]
    bare = [case for name in NAMES for case in unlinked(name, embedder)]
    for without in ("", *NAMES):
        linked, content = fits([case for case in found if case.vault != without])
        print(f"\nwithout {without}" if without else "\nall vaults")
        for title, each in (("LINKED", linked), ("CONTENT", content)):
            print(f"{title} from {each.first:.2f}:", {name: round(w, 2) for name, w in each.by_sign.items()})
        weights, first, each_spread = fit_unlinked([case for case in bare if case.vault != without])
        print(f"UNLINKED {first:.2f}, {each_spread:.2f}:", {name: round(w, 2) for name, w in weights.by_sign.items()})


if __name__ == "__main__":
    main()
