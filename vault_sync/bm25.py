"""How well a text holds the words of a query. Pure."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

K1, B = 0.9, 0.4
TITLE, HEADING, TEXT = 3.0, 2.0, 1.0
"""How many times a word in the title (or an alias), the heading path and the text counts."""


@dataclass(frozen=True, slots=True)
class Counts:
    """In how many of `rows` texts each stem occurs."""

    rows: int
    of_stem: Mapping[str, int]

    def weight(self, root: str) -> float:
        """BM25's inverse document frequency: > 0, small for a stem that is everywhere."""
        found = self.of_stem[root]
        return math.log(1 + (self.rows - found + 0.5) / (found + 0.5))


@dataclass(frozen=True, slots=True)
class Fields:
    """The stems of one text."""

    title: Sequence[str]
    heading: Sequence[str]
    text: Sequence[str]

    def __len__(self) -> int:
        return len(self.heading) + len(self.text)

    @property
    def name(self) -> list[str]:
        """What the text is called: title, aliases and heading path."""
        return [*self.title, *self.heading]

    def frequencies(self, asked: Mapping[str, object]) -> dict[str, float]:
        """How often the stems that were asked for occur, by where they stand."""
        found: dict[str, float] = {}
        for stems, worth in ((self.title, TITLE), (self.heading, HEADING), (self.text, TEXT)):
            for root in stems:
                if root in asked:
                    found[root] = found.get(root, 0.0) + worth
        return found


def scores(texts: Sequence[Fields], counts: Counts) -> list[float]:
    """BM25 of each text for the stems in `counts`; lengths are measured against the mean of `texts`."""
    weights = {root: counts.weight(root) for root in counts.of_stem}
    mean = sum(map(len, texts)) / max(len(texts), 1) or 1.0
    return [_score(fields, weights, K1 * (1 - B + B * len(fields) / mean)) for fields in texts]


def _score(fields: Fields, weights: Mapping[str, float], norm: float) -> float:
    found = fields.frequencies(weights)
    return sum(weights[root] * times * (K1 + 1) / (times + norm) for root, times in found.items())


def share(stems: Collection[str], counts: Counts) -> float:
    """The share of the query (0..1, rare words counting more) that is among `stems`."""
    total = sum(counts.weight(root) for root in counts.of_stem)
    held = set(stems) & counts.of_stem.keys()
    return sum(counts.weight(root) for root in held) / total if total else 0.0


def phrase_bonus(fields: Fields, phrases: Sequence[Sequence[str]], counts: Counts) -> float:
    """What the quoted phrases that the text holds word for word add to its score."""
    lines = [f" {' '.join(stems)} " for stems in (fields.title, fields.heading, fields.text)]
    held = (phrase for phrase in phrases if any(f" {' '.join(phrase)} " in line for line in lines))
    return sum(sum(counts.weight(root) for root in phrase if root in counts.of_stem) for phrase in held)
