"""How well a text holds the words of a query. Pure."""

import math
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field

K1, B = 0.9, 0.4
TITLE, HEADING, TEXT = 3.0, 2.0, 1.0
"""How many times a stem in the title (or an alias), the heading path and the text (or a tag) counts."""
ROOT, SPELT, SOUND, BEGUN = 0.8, 0.2, 0.5, 0.6
"""What a word is worth by its stem, by how it is written, by its sound in the other script, and by its beginning."""


@dataclass(frozen=True, slots=True)
class Counts:
    """In how many of `rows` texts each stem occurs."""

    rows: int
    of_stem: Mapping[str, int]

    def weight(self, root: str) -> float:
        """BM25's inverse document frequency: > 0, small for a stem that is everywhere."""
        return rarity(self.rows, self.of_stem[root])


def rarity(rows: int, found: int) -> float:
    """BM25's inverse document frequency of what `found` of `rows` texts have."""
    return math.log(1 + (rows - found + 0.5) / (found + 0.5))


@dataclass(frozen=True, slots=True)
class Asked:
    """What a query is worth, word by word; `begun` is the beginning of a word that is still being typed."""

    roots: Mapping[str, float]
    spelt: Mapping[str, float] = field(default_factory=dict)
    sounds: Mapping[str, float] = field(default_factory=dict)
    begun: str = ""
    begun_worth: float = 0.0

    @property
    def most(self) -> float:
        """No text scores more by words alone."""
        return (K1 + 1) * (sum(self.roots.values()) + sum(self.spelt.values()))


@dataclass(frozen=True, slots=True)
class Fields:
    """The stems of one text by where they stand; all its words as they are written; their sounds, each once."""

    title: Sequence[str]
    heading: Sequence[str]
    text: Sequence[str]
    spelt: Sequence[str] = ()
    sounds: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.heading) + len(self.text)

    @property
    def name(self) -> list[str]:
        """What the text is called: title, aliases and heading path."""
        return [*self.title, *self.heading]

    def frequencies(self, asked: Set[str]) -> dict[str, float]:
        """How often the stems that were asked for occur, by where they stand."""
        found: dict[str, float] = {}
        for stems, worth in ((self.title, TITLE), (self.heading, HEADING), (self.text, TEXT)):
            for root in asked & set(stems):
                found[root] = found.get(root, 0.0) + worth * stems.count(root)
        return found


def scores(texts: Sequence[Fields], asked: Asked) -> list[float]:
    """BM25 of each text; lengths are measured against the mean of `texts`."""
    mean = sum(map(len, texts)) / max(len(texts), 1) or 1.0
    return [_score(fields, asked, K1 * (1 - B + B * len(fields) / mean)) for fields in texts]


def _score(fields: Fields, asked: Asked, norm: float) -> float:
    found = fields.frequencies(asked.roots.keys())
    score = sum(asked.roots[root] * _often(times, norm) for root, times in found.items())
    for word in asked.spelt.keys() & set(fields.spelt):
        score += asked.spelt[word] * _often(fields.spelt.count(word), norm)
    for key in asked.sounds.keys() & set(fields.sounds):
        score += asked.sounds[key] * _often(1, norm)
    if asked.begun and any(word.startswith(asked.begun) for word in fields.spelt):
        score += asked.begun_worth * _often(1, norm)
    return score


def _often(times: float, norm: float) -> float:
    """What `times` times are worth: more than once, but never more than `K1 + 1` times."""
    return times * (K1 + 1) / (times + norm)


def share(stems: Collection[str], counts: Counts) -> float:
    """The share of the query (0..1, rare words counting more) that is among `stems`."""
    total = sum(counts.weight(root) for root in counts.of_stem)
    held = set(stems) & counts.of_stem.keys()
    return sum(counts.weight(root) for root in held) / total if total else 0.0


def phrase_bonus(fields: Fields, phrases: Sequence[Sequence[str]], counts: Counts) -> float:
    """What the quoted phrases that the text holds word for word add to its score."""
    if not phrases:
        return 0.0
    lines = [f" {' '.join(stems)} " for stems in (fields.title, fields.heading, fields.text)]
    held = (phrase for phrase in phrases if any(f" {' '.join(phrase)} " in line for line in lines))
    return sum(sum(counts.weight(root) for root in phrase if root in counts.of_stem) for phrase in held)
