"""How well a text holds the words of a query. Pure."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

K1, B = 0.5, 0.4
TITLE, HEADING, TEXT = 3.0, 2.0, 1.0
"""How many times a stem in the title (or an alias), the heading path and the text (or a tag) counts."""
ROOT, SPELT, SOUND, BEGUN, KIN = 0.8, 0.2, 0.8, 0.6, 0.6
"""What a word is worth by its stem, by how it is written, by its sound in the other script, by the beginning that was
typed of it, and by a word of the same beginning where its stem is not there («чемпионский», «чемпионат»)."""


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
    """What the words of a query are worth, as far as any text has them; `begun` is the beginning of a word that is still
    being typed. No text scores more than `most` by words alone."""

    roots: Mapping[str, float]
    spelt: Mapping[str, float] = field(default_factory=dict)
    sounds: Mapping[str, float] = field(default_factory=dict)
    kin: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    """By stem: the beginning of other words that are near enough, and their worth."""
    begun: str = ""
    begun_worth: float = 0.0
    most: float = 0.0


@dataclass(frozen=True, slots=True)
class Fields:
    """The stems of one text by where they stand; all its words as they are written; their sounds, each once.

    Each is one string with single spaces: to count a few words in it takes a fraction of the time of taking it apart.
    """

    title: str
    heading: str
    text: str
    spelt: str = ""
    sounds: str = ""

    def __len__(self) -> int:
        return sum(line.count(" ") + 1 for line in (self.heading, self.text) if line)

    @property
    def name(self) -> list[str]:
        """What the text is called: the stems of title, aliases and heading path."""
        return [*self.title.split(), *self.heading.split()]


@dataclass(frozen=True, slots=True)
class Gauge:
    """What measures any text by one query: the worth of its words and quoted phrases, and how long texts usually are."""

    asked: Asked
    counts: Counts
    phrases: Sequence[Sequence[str]]
    mean: float | None = None
    """Stems of the text that is neither long nor short; None, the mean of those that are measured."""

    def over(self, texts: Mapping[int, Fields]) -> "Gauge":
        """The same query with the mean of these texts, unless there are none."""
        return replace(self, mean=mean_length(texts.values())) if texts else self

    def scores(self, texts: Mapping[int, Fields]) -> dict[int, float]:
        """What each text scores."""
        words = scores(list(texts.values()), self.asked, self.mean)
        pairs = zip(texts.items(), words, strict=True)
        return {i: score + phrase_bonus(text, self.phrases, self.counts) for (i, text), score in pairs}

    @property
    def most(self) -> float:
        """What a text scores that holds all of the query."""
        known = self.counts.of_stem
        return self.asked.most + sum(self.counts.weight(r) for phrase in self.phrases for r in phrase if r in known)


def mean_length(texts: Collection[Fields]) -> float:
    """Stems of heading and text, at least 1."""
    return sum(map(len, texts)) / max(len(texts), 1) or 1.0


def scores(texts: Sequence[Fields], asked: Asked, mean: float | None = None) -> list[float]:
    """BM25 of each text; lengths are measured against `mean`, or the mean of `texts`."""
    usual = mean_length(texts) if mean is None else mean
    return [_score(fields, asked, K1 * (1 - B + B * len(fields) / usual)) for fields in texts]


def _score(fields: Fields, asked: Asked, norm: float) -> float:
    lines = [(_spaced(line), worth) for line, worth in ((fields.title, TITLE), (fields.heading, HEADING)) if line]
    lines.append((_spaced(fields.text), TEXT))
    found: dict[str, float] = {}
    for root in asked.roots:
        word = f" {root} "
        times = sum(line.count(word) * worth for line, worth in lines if word in line)
        if times:
            found[root] = times
    score = sum(asked.roots[root] * _often(times, norm) for root, times in found.items())
    return score + _often(1, norm) * _held(fields, asked, found.keys())


def _held(fields: Fields, asked: Asked, roots: Collection[str]) -> float:
    """What the words are worth that the text has as they are written, as they sound and as they begin."""
    spelt, sounds = f" {fields.spelt} ", f" {fields.sounds} "
    held = sum(weight for word, weight in asked.spelt.items() if f" {word} " in spelt)
    held += sum(weight for key, weight in asked.sounds.items() if f" {key} " in sounds)
    kin = (each for root, each in asked.kin.items() if root not in roots)
    held += sum(weight for beginning, weight in kin if f" {beginning}" in spelt)
    return held + (asked.begun_worth if asked.begun and f" {asked.begun}" in spelt else 0.0)


def _spaced(line: str) -> str:
    """With two spaces between words, so that the same word twice is counted twice."""
    return f" {line.replace(' ', '  ')} "


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
    lines = [f" {line} " for line in (fields.title, fields.heading, fields.text)]
    held = (phrase for phrase in phrases if any(f" {' '.join(phrase)} " in line for line in lines))
    return sum(sum(counts.weight(root) for root in phrase if root in counts.of_stem) for phrase in held)
