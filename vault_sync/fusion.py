"""Two ranked lists become one. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

DEPTH = 100
"""Hits a lane that take part."""
LEXICAL_WEIGHT = 0.4
"""The lexical lane's share where its hits hold what can be expected of the query."""
ENOUGH = 0.4
"""The share of a question that a good hit holds: the rest are words such as "which", or other forms."""

NAME_WEIGHT = 0.7
"""The lexical lane's share where the whole query stands in the name of a hit."""
NAMED_FROM = 0.6
"""The share of the query that a name must hold to count as meant."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What the owner fixed of the lexical lane's share (0..1); None follows the query.

    `lexical` is the share for every query but a name, `name` that for a query that stands in the name of a hit.
    """

    lexical: float | None = None
    name: float | None = None


Hit = tuple[int, float]
"""An occurrence id and its lane's score, higher is better."""


@dataclass(frozen=True, slots=True)
class Fused:
    """An occurrence with its score (0..1) and its rank in each lane (from 1, None: that lane did not match it)."""

    occurrence: int
    score: float
    lexical_rank: int | None
    dense_rank: int | None


def scaled(hits: Sequence[Hit]) -> dict[int, float]:
    """Scores of the first `DEPTH` hits, the best as 1 and the last as 0 (all 1 where they are equal)."""
    first = hits[:DEPTH]
    if not first:
        return {}
    best = max(score for _, score in first)
    least = min(score for _, score in first)
    if best == least:
        return {occurrence: 1.0 for occurrence, _ in first}
    return {occurrence: (score - least) / (best - least) for occurrence, score in first}


def lexical_weight(coverage: float, named: float = 0.0, weights: Weights = Weights()) -> float:
    """The lexical lane's share, given which share of the query its best hits hold: anywhere, and in their names.

    A lane that matches only a stray word of the query must not outvote the other: its best hit is scaled to 1
    however poor it is. That is what a Russian question to English notes looks like. The other way round, a query
    that is a note's name means that note, which vectors, made without the title, can not know.
    """
    full = LEXICAL_WEIGHT if weights.lexical is None else weights.lexical
    share = full * min(1.0, max(0.0, coverage) / ENOUGH) if weights.lexical is None else full
    name = min(1.0, max(0.0, named - NAMED_FROM) / (1 - NAMED_FROM))
    by_name = NAME_WEIGHT if weights.name is None else weights.name
    return max(share, full + (by_name - full) * name) if name else share


def fuse(lexical: Sequence[Hit], dense: Sequence[Hit], weight: float = LEXICAL_WEIGHT) -> list[Fused]:
    """All hits of both lanes (each best first), best first; ties by id.

    `weight` is the lexical share, 0..1. An occurrence that a lane did not match gets nothing from it.
    """
    by_words, by_vectors = scaled(lexical), scaled(dense)
    word_ranks, vector_ranks = _ranks(lexical), _ranks(dense)
    fused = [
        Fused(
            occurrence,
            weight * by_words.get(occurrence, 0.0) + (1 - weight) * by_vectors.get(occurrence, 0.0),
            word_ranks.get(occurrence),
            vector_ranks.get(occurrence),
        )
        for occurrence in by_words.keys() | by_vectors.keys()
    ]
    return sorted(fused, key=lambda hit: (-hit.score, hit.occurrence))


def _ranks(hits: Sequence[Hit]) -> dict[int, int]:
    return {occurrence: rank for rank, (occurrence, _) in enumerate(hits[:DEPTH], start=1)}
