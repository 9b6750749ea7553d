"""Two ranked lists become one. Pure.

Each lane's scores are scaled by what is the same for every query, not by the best and the last hit of this one: words
by what a text would score that holds all of the query, similarities by what nearly any two texts have in common. So a
lane that knows little says little: its best hit is no better than it is. With scores stretched to 0..1 instead, a stray
word outvotes the other lane, which is what a Russian question to English notes looks like.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

DEPTH = 100
"""Hits a lane that take part."""
BESIDE = 30
"""Of the other lane's first hits, a lane says what it thinks of so many, also where it did not find them itself."""
LEXICAL_WEIGHT = 0.5
"""The lexical lane's share."""

NAME_WEIGHT = 0.7
"""The lexical lane's share where the whole query stands in the name of a hit."""
NAMED_FROM = 0.6
"""The share of the query that a name must hold to count as meant."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What the owner fixed of the lexical lane's share (0..1); None leaves it as delivered.

    `lexical` is the share for every query but a name, `name` that for a query that stands in the name of a hit, and
    `related` that among the neighbours of a note.
    """

    lexical: float | None = None
    name: float | None = None
    related: float | None = None


Hit = tuple[int, float]
"""An occurrence id and its lane's score, higher is better."""


@dataclass(frozen=True, slots=True)
class Lane:
    """What a lane found, best first, and what it thinks of others; all scores 0..1."""

    hits: Sequence[Hit]
    beside: Mapping[int, float] = field(default_factory=dict)
    unknown: float = 0.0
    """The score of what the lane says nothing about."""

    def score(self) -> dict[int, float]:
        """The score of every occurrence that the lane knows."""
        return {**self.beside, **dict(self.hits[:DEPTH])}

    def ranks(self) -> dict[int, int]:
        """The ranks of the hits that take part, from 1."""
        return {occurrence: rank for rank, (occurrence, _) in enumerate(self.hits[:DEPTH], start=1)}


@dataclass(frozen=True, slots=True)
class Fused:
    """An occurrence with its score (0..1) and its rank in each lane (from 1, None: that lane did not match it)."""

    occurrence: int
    score: float
    lexical_rank: int | None
    dense_rank: int | None


def worded(hits: Sequence[Hit], beside: Mapping[int, float], most: float) -> Lane:
    """The lexical lane: each score as the share of `most`, what a text scores that holds all of the query."""

    def scaled(score: float) -> float:
        return min(1.0, score / most) if most > 0 else 0.0

    return Lane([(i, scaled(score)) for i, score in hits], {i: scaled(score) for i, score in beside.items()})


def meant(hits: Sequence[Hit], beside: Mapping[int, float], common: float) -> Lane:
    """The dense lane: each similarity as the share of the way from `common`, which nearly any two texts have, to 1.

    What the lane did not compare with is no nearer than its last hit.
    """

    def scaled(similarity: float) -> float:
        return min(1.0, max(0.0, (similarity - common) / (1 - common))) if common < 1 else 0.0

    found = [(i, scaled(similarity)) for i, similarity in hits[:DEPTH]]
    return Lane(found, {i: scaled(near) for i, near in beside.items()}, found[-1][1] if found else 0.0)


def stretched(hits: Sequence[Hit]) -> Lane:
    """A lane by itself: the best of its hits as 1 and the last as 0 (all 1 where they are equal)."""
    first = hits[:DEPTH]
    best, least = max((score for _, score in first), default=0.0), min((score for _, score in first), default=0.0)
    return Lane([(i, (score - least) / (best - least) if best > least else 1.0) for i, score in first])


def lexical_weight(named: float = 0.0, weights: Weights = Weights()) -> float:
    """The lexical lane's share, given which share of the query the names of its best hits hold.

    A query that is a note's name means that note, which vectors, made without the title, can not know.
    """
    share = LEXICAL_WEIGHT if weights.lexical is None else weights.lexical
    by_name = NAME_WEIGHT if weights.name is None else weights.name
    name = min(1.0, max(0.0, named - NAMED_FROM) / (1 - NAMED_FROM))
    return share + (by_name - share) * name


def fuse(lexical: Lane, dense: Lane, weight: float = LEXICAL_WEIGHT) -> list[Fused]:
    """All hits of both lanes, best first; ties by id. `weight` is the lexical share, 0..1."""
    by_words, by_vectors = lexical.score(), dense.score()
    word_ranks, vector_ranks = lexical.ranks(), dense.ranks()
    fused = [
        Fused(
            occurrence,
            weight * by_words.get(occurrence, lexical.unknown)
            + (1 - weight) * by_vectors.get(occurrence, dense.unknown),
            word_ranks.get(occurrence),
            vector_ranks.get(occurrence),
        )
        for occurrence in word_ranks.keys() | vector_ranks.keys()
    ]
    return sorted(fused, key=lambda hit: (-hit.score, hit.occurrence))


def named_first(fused: Sequence[Fused], named: Sequence[Collection[int]]) -> list[Fused]:
    """The best hit of each named note before all others, with the highest score; `named` are the notes' occurrences.

    A note that no lane found comes with its first occurrence.
    """
    best = [_best(fused, occurrences) for occurrences in named if occurrences]
    best.sort(key=lambda hit: (-hit.score, hit.occurrence))
    first = [Fused(hit.occurrence, 1.0, hit.lexical_rank, hit.dense_rank) for hit in best]
    seen = {hit.occurrence for hit in first}
    return [*first, *(hit for hit in fused if hit.occurrence not in seen)]


def _best(fused: Sequence[Fused], occurrences: Collection[int]) -> Fused:
    found = next((hit for hit in fused if hit.occurrence in occurrences), None)
    return found or Fused(min(occurrences), 0.0, None, None)
