"""Related notes where nobody has linked anything: all links of real vaults are hidden at once, with their words.

    python -m tests.bench.related_unlinked [VAULT …]

What matters is which notes are listed, and how many: to be right in the order is little where nothing reaches the list.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from agents.related.likeness import LESS, Matrix, probability, usual
from agents.related.neighbours import Limits
from daemon.engines.e5.embedder import E5Embedder
from tests.bench.embedders import CachedEmbedder
from tests.bench.related import DELIVERED, LEFT_OUT
from tests.bench.related_cases import Case, unlinked
from tests.bench.related_fit import fit_unlinked
from tests.bench.vaults import NAMES
from vault_sync.evaluation.metrics import recall

Score = Callable[[Case], Matrix]
LEASTS = (0.02, 0.03, 0.04, 0.05)


@dataclass(frozen=True, slots=True)
class Line:
    """Of the hidden links, which share is among the first ten and which is listed; of those listed, which were hidden
    links; how many are listed a note, and which share of the notes has any."""

    vault: str
    way: str
    least: float
    recall: float
    listed: float
    right: float
    a_note: float
    any: float


def compare(names: Sequence[str] = NAMES) -> list[Line]:
    embedder = CachedEmbedder(E5Embedder())
    return outcome([case for name in names for case in unlinked(name, embedder)])


def outcome(found: Sequence[Case]) -> list[Line]:
    names = list(dict.fromkeys(case.vault for case in found))
    fitted = {name: _fitted([case for case in found if case.vault != name] or found) for name in names}
    ways: dict[str, Score] = {DELIVERED: _delivered, LEFT_OUT: lambda case: fitted[case.vault](case)}
    lines = []
    for way, score in ways.items():
        scored = [(case, score(case)) for case in found]
        lines += [_line(name, way, Limits().least, [s for s in scored if s[0].vault == name]) for name in names]
        lines += [_line("all", way, least, scored) for least in LEASTS]
    return lines


def _delivered(case: Case) -> Matrix:
    return probability(case.signs, case.vault_notes, case.vault_links)


def _fitted(cases: Sequence[Case]) -> Score:
    weights, first, each = fit_unlinked(cases)

    def score(case: Case) -> Matrix:
        stands = usual(case.signs, weights).apart(weights.line(case.signs))
        return np.asarray(1 / (1 + np.exp(-(first - LESS + each * stands))))

    return score


def _line(vault: str, way: str, least: float, scored: Sequence[tuple[Case, Matrix]]) -> Line:
    ranks = [rank for case, scores in scored for rank in _ranks(case, scores)]
    right = [list(case.listed(scores, Limits(least=least))) for case, scores in scored]
    listed, links = sum(map(len, right)), sum(map(sum, right))
    return Line(
        vault,
        way,
        least,
        float(np.mean([recall(rank) for rank in ranks])),
        links / len(ranks),
        links / max(1, listed),
        listed / len(scored),
        sum(map(bool, right)) / len(scored),
    )


def _ranks(case: Case, scores: Matrix) -> Iterator[int | None]:
    order = [case.candidates[row] for row in np.argsort(-scores, kind="stable")]
    yield from (case.rank(order, target) for target in case.hidden)


def table(lines: Sequence[Line]) -> str:
    rows = [
        "| vault | way | least | recall@10 | of the hidden links listed | of those listed hidden links | listed a note | notes with any |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for one in lines:
        figures = f"{one.recall:.3f} | {one.listed:.3f} | {one.right:.3f} | {one.a_note:.1f} | {one.any:.2f}"
        rows.append(f"| {one.vault} | {one.way} | {one.least:.2f} | {figures} |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(table(compare(sys.argv[1:] or NAMES)))
