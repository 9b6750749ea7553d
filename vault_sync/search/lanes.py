"""What the lanes found for one query, and how it becomes one list. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from vault_sync.search.fusion import Fused, Hit, Weights, fuse, lexical_weight, meant, named_first, worded
from vault_sync.search.lexical import Match


@dataclass(frozen=True, slots=True)
class Lanes:
    """What each lane found, best first, and the lexical lane's share (0..1) of the score.

    `beside` are the similarities of the lexical lane's hits that the dense lane did not find, `common` is what nearly any
    two texts have, and `named` are the occurrences of each note whose title or alias is the query.
    """

    words: Match
    vectors: Sequence[Hit]
    weight: float
    beside: Mapping[int, float] = field(default_factory=dict)
    common: float = 0.0
    named: Sequence[Collection[int]] = ()

    @property
    def similarities(self) -> dict[int, float]:
        """The cosine to the query of every occurrence that the dense lane knows."""
        return {**self.beside, **dict(self.vectors)}

    def fused(self, weight: float | None = None) -> list[Fused]:
        """Both lanes as one, best first; with another lexical share, if one is given."""
        by_words = worded(self.words.hits, self.words.beside, self.words.most)
        by_meaning = meant(self.vectors, self.beside, self.common)
        return named_first(fuse(by_words, by_meaning, self.weight if weight is None else weight), self.named)

    def weighed(self, weights: Weights) -> list[Fused]:
        """Both lanes as one, as if the owner had fixed these weights."""
        weight = lexical_weight(self.words.named, weights)
        # A weight that leaves the dense lane nothing to say would only lengthen the list by its hits.
        heard = Lanes(self.words, (), weight, named=self.named) if weight >= 1 else self
        return heard.fused(weight)
