"""Related notes: are links found that their author had set and that were hidden, with their words?

    python -m tests.bench.related [VAULT …]

Three of the rows are what well-known plugins do: the note's words alone, its vectors alone. Famulus stands there twice:
with the weights that it has, and with weights that were fitted without the vault that it is asked about.
"""

import sys
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from agents.related.likeness import CONTENT, LINKED, Weights, probability
from agents.related.neighbours import Limits
from daemon.engines.e5.embedder import E5Embedder
from tests.bench.embedders import CachedEmbedder
from tests.bench.related_cases import ALONE, FUSED, Case, cases
from tests.bench.related_fit import fits
from tests.bench.vaults import NAMES
from vault_sync.evaluation.metrics import Estimate, Sample, estimate, recall, reciprocal
from vault_sync.paths import VaultPath

DELIVERED, LEFT_OUT = "Famulus", "Famulus, fitted without this vault"
WAYS = (*ALONE, FUSED, DELIVERED, LEFT_OUT)
DRAWS = 2000
LISTS = {"the score alone": Limits(sure=1.0), "and what stands out": Limits()}
BANDS = ((0.06, 0.1), (0.1, 0.2), (0.2, 0.4), (0.4, 1.01))


@dataclass(frozen=True, slots=True)
class Asked:
    """A hidden link, and its rank by each way (None: not found)."""

    vault: str
    source: VaultPath
    easy: bool
    ranks: Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class Line:
    """How often a way has the target among its first ten, and how far up. `fewer` is by how much (0..1, with an
    interval) it misses fewer than the best of the ways that use words or vectors alone."""

    vault: str
    group: str
    way: str
    recall: Estimate
    mrr: Estimate
    fewer: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Band:
    """Candidates whose score (fitted without their vault) lies in a band: how many a note has, and how many of them
    were hidden links."""

    vault: str
    low: float
    high: float
    a_note: float
    score: float
    linked: float


@dataclass(frozen=True, slots=True)
class Listing:
    """Of the hidden links, which share is listed; of those listed, which were hidden links; how many are listed a note."""

    vault: str
    way: str
    found: float
    right: float
    a_note: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """All figures of a run."""

    lines: list[Line]
    bands: list[Band]
    listings: list[Listing]


def compare(names: Sequence[str] = NAMES) -> list[Outcome]:
    embedder = CachedEmbedder(E5Embedder())
    return [outcome([case for name in names for case in cases(name, embedder)])]


def outcome(found: Sequence[Case]) -> Outcome:
    names = list(dict.fromkeys(case.vault for case in found))
    fitted = {name: fits([case for case in found if case.vault != name] or found) for name in names}
    asked = [each for case in found for each in _asked(case, fitted[case.vault])]
    lines = [line for name in [*names, "all"] for line in _lines(name, [a for a in asked if name in (a.vault, "all")])]
    bands = [band for name in names for band in _bands(name, [c for c in found if c.vault == name], fitted[name])]
    listings = [
        _listing(name, way, limits, [case for case in found if name in (case.vault, "all")])
        for name in [*names, "all"]
        for way, limits in LISTS.items()
    ]
    return Outcome(lines, bands, listings)


def _listing(vault: str, way: str, limits: Limits, found: Sequence[Case]) -> Listing:
    listed = [linked for case in found for linked in case.listed(_scores(case, (LINKED, CONTENT)), limits)]
    links, right = sum(len(case.hidden) for case in found), sum(listed)
    return Listing(vault, way, right / links, right / max(1, len(listed)), len(listed) / len(found))


def _scores(case: Case, weights: tuple[Weights, Weights]) -> np.ndarray:
    return probability(case.signs, case.vault_notes, case.vault_links, *weights)


def _asked(case: Case, fitted: tuple[Weights, Weights]) -> Iterator[Asked]:
    orders = dict(case.orders)
    for way, weights in ((DELIVERED, (LINKED, CONTENT)), (LEFT_OUT, fitted)):
        order = np.argsort(-_scores(case, weights), kind="stable")
        orders[way] = [case.candidates[row] for row in order]
    for target, easy in case.hidden.items():
        yield Asked(case.vault, case.source, easy, {way: case.rank(orders[way], target) for way in WAYS})


def _lines(vault: str, asked: Sequence[Asked]) -> Iterator[Line]:
    groups = {"all": asked, "easy": [a for a in asked if a.easy], "hard": [a for a in asked if not a.easy]}
    for group, part in groups.items():
        best = max(ALONE, key=lambda way: np.mean([recall(a.ranks[way]) for a in part]))
        for way in WAYS if group == "all" else (best, DELIVERED, LEFT_OUT):
            found, high = estimate(_sample(part, way, recall)), estimate(_sample(part, way, reciprocal))
            yield Line(vault, group, way, found, high, _fewer(part, way, best))


def _sample(asked: Sequence[Asked], way: str, measure: Callable[[int | None], float]) -> Sample:
    return [((a.vault, a.source), measure(a.ranks[way])) for a in asked]


def _fewer(asked: Sequence[Asked], way: str, best: str) -> tuple[float, float, float]:
    """The share by which a way misses fewer than another, and its interval: sources are drawn again and again."""
    missed: dict[Hashable, list[float]] = {}
    for a in asked:
        counts = missed.setdefault((a.vault, a.source), [0.0, 0.0])
        counts[0] += 1 - recall(a.ranks[way])
        counts[1] += 1 - recall(a.ranks[best])
    table = np.array(list(missed.values()))
    rows = np.random.default_rng(0).integers(0, len(table), (DRAWS, len(table)))
    drawn = table[rows].sum(axis=1)
    low, high = np.quantile(1 - drawn[:, 0] / np.maximum(drawn[:, 1], 1), [0.025, 0.975])
    ours, theirs = table.sum(axis=0)
    return float(1 - ours / max(theirs, 1)), float(low), float(high)


def _bands(vault: str, found: Sequence[Case], fitted: tuple[Weights, Weights]) -> Iterator[Band]:
    scores = np.concatenate([_scores(case, fitted) for case in found])
    labels = np.concatenate([case.labels for case in found])
    for low, high in BANDS:
        inside = (scores >= low) & (scores < high)
        if inside.any():
            a_note = float(inside.sum() / len(found))
            yield Band(vault, low, high, a_note, float(scores[inside].mean()), float(labels[inside].mean()))


def table(outcomes: Sequence[Outcome]) -> str:
    lines = ["| vault | links | way | n | recall@10 | MRR@10 | fewer misses |", "|---|---|---|---|---|---|---|"]
    for one in outcomes[0].lines:
        figures = " | ".join(f"{e.mean:.3f} ({e.low:.3f}–{e.high:.3f})" for e in (one.recall, one.mrr))
        fewer = "{:+.0%} ({:+.0%} to {:+.0%})".format(*one.fewer)
        lines.append(f"| {one.vault} | {one.group} | {one.way} | {one.recall.n} | {figures} | {fewer} |")
    lines += ["", "| vault | score | candidates a note | mean score | of these hidden links |", "|---|---|---|---|---|"]
    for band in outcomes[0].bands:
        lines.append(
            f"| {band.vault} | {band.low:.2f}–{min(band.high, 1):.2f} | {band.a_note:.2f} | {band.score:.2f} | {band.linked:.2f} |"
        )
    lines += [
        "",
        "| vault | listed by | of the hidden links | of these hidden links | a note |",
        "|---|---|---|---|---|",
    ]
    for each in outcomes[0].listings:
        figures = f"{each.found:.3f} | {each.right:.3f} | {each.a_note:.2f}"
        lines.append(f"| {each.vault} | {each.way} | {figures} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(compare(sys.argv[1:] or NAMES)))
