"""How well a text holds the words of a query. Pure."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from vault_sync.search import figures
from vault_sync.text import stem

K1, B = 0.5, 0.4
NOTE_K1, NOTE_B = 1.2, 0.75
"""The same where the query is a whole note: how often a text says its words tells more than that it has each of them."""
TITLE, HEADING, TEXT = 3.0, 2.0, 1.0
"""How many times a stem in the title (or an alias), the heading path and the text (or a tag) counts."""
ROOT, SPELT, SOUND, BEGUN, KIN = 0.8, 0.2, 0.8, 0.6, 0.6
"""What a word is worth by its stem, by how it is written, by its sound in the other script, by the beginning that was
typed of it, and by a word of the same beginning where its stem is not there («чемпионский», «чемпионат»)."""
SOUND_KIN = 0.6
"""What it is worth by a sound of the same beginning in the other script («цианобактерии», cyanobacterial)."""
FIGURE = 0.1
"""What it is worth to hold a number where one is asked for: this share of all that a text may score."""


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
    sound_kin: Mapping[str, tuple[tuple[str, ...], float]] = field(default_factory=dict)
    """By the beginning of sounds that are near enough: the sounds themselves, which count by `sounds`, and the worth."""
    begun: str = ""
    begun_worth: float = 0.0
    most: float = 0.0
    k1: float = K1
    b: float = B

    def of_note(self) -> "Asked":
        """The same where the words stand for a whole note: each by its stem and its sound. There are so many that other
        words of the same beginning, or a spelling, bring in what has nothing to do with it."""
        roots = {root: worth / ROOT for root, worth in self.roots.items()}
        return replace(self, roots=roots, spelt={}, kin={}, begun="", k1=NOTE_K1, b=NOTE_B)


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
    known_figures: Collection[str] | None = None
    """The numbers of a query that asks for another one; None for a query that asks for none."""
    mean: float | None = None
    """Stems of the text that is neither long nor short; None, the mean of those that are measured."""

    def over(self, texts: Mapping[int, Fields]) -> "Gauge":
        """The same query with the mean of these texts, unless there are none."""
        return replace(self, mean=mean_length(texts.values())) if texts else self

    def scores(self, texts: Mapping[int, Fields]) -> dict[int, float]:
        """What each text scores."""
        words = scores(list(texts.values()), self.asked, self.mean)
        pairs = zip(texts.items(), words, strict=True)
        return {i: score + self._beyond_words(text) for (i, text), score in pairs}

    def _beyond_words(self, text: Fields) -> float:
        """What its quoted phrases add, and a number where the query asks for one."""
        known = self.known_figures
        answers = known is not None and figures.holds(text.text, known)
        return phrase_bonus(text, self.phrases, self.counts) + (FIGURE * self.most if answers else 0.0)

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
    usual, sought = mean_length(texts) if mean is None else mean, _Sought(asked)
    return [sought.score(fields, asked.k1 * (1 - asked.b + asked.b * len(fields) / usual)) for fields in texts]


class _Sought:
    """What is looked for in each text, with the spaces around it, so that it is written out once and not for each text."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked.roots
        self._k1 = asked.k1
        self._roots = [(root, f" {root} ", worth) for root, worth in asked.roots.items()]
        self._spelt = [(stem(word), f" {word} ", worth) for word, worth in asked.spelt.items()]
        self._sounds = [(f" {key} ", worth) for key, worth in asked.sounds.items()]
        self._sound_kin = [
            (f" {beginning}", [f" {key} " for key in keys], worth)
            for beginning, (keys, worth) in asked.sound_kin.items()
        ]
        self._kin = [(root, f" {beginning}", worth) for root, (beginning, worth) in asked.kin.items()]
        self._begun = [(f" {asked.begun}", asked.begun_worth)] if asked.begun else []

    def score(self, fields: Fields, norm: float) -> float:
        """What the text scores; `norm` says how long it is against others."""
        # The three lines with no word between them: what is not in all of them is in none of them.
        whole = f" {fields.title} \n {fields.heading} \n {fields.text} "
        found = [each for each in self._roots if each[1] in whole]
        lines = _lines(fields) if found else []
        score = sum([worth * _often(_times(lines, word), norm, self._k1) for _, word, worth in found])
        return score + _often(1, norm, self._k1) * self._held(fields, {root for root, _, _ in found})

    def _held(self, fields: Fields, roots: Collection[str]) -> float:
        """What the words are worth that the text has as they are written, as they sound and as they begin."""
        spelt = f" {fields.spelt} "
        # A text that lacks a word's stem lacks the word.
        there = [each for each in self._spelt if each[0] in roots or each[0] not in self._asked]
        held = sum([worth for _, word, worth in there if word in spelt])
        if self._sounds or self._sound_kin:
            sounds = f" {fields.sounds} "
            held += sum([worth for key, worth in self._sounds if key in sounds])
            alike = [each for each in self._sound_kin if each[0] in sounds]
            held += sum([worth for _, keys, worth in alike if not any(key in sounds for key in keys)])
        held += sum([worth for root, beginning, worth in self._kin if root not in roots and beginning in spelt])
        return held + sum([worth for beginning, worth in self._begun if beginning in spelt])


def _lines(fields: Fields) -> list[tuple[str, float]]:
    """Title, heading and text, as far as there are such, and how many times a stem in each counts."""
    lines = ((fields.title, TITLE), (fields.heading, HEADING), (fields.text, TEXT))
    return [(_spaced(line), worth) for line, worth in lines if line]


def _times(lines: Sequence[tuple[str, float]], word: str) -> float:
    return sum([line.count(word) * worth for line, worth in lines])


def _spaced(line: str) -> str:
    """With two spaces between words, so that the same word twice is counted twice."""
    return f" {line.replace(' ', '  ')} "


def _often(times: float, norm: float, k1: float) -> float:
    """What `times` times are worth: more than once, but never more than `k1 + 1` times."""
    return times * (k1 + 1) / (times + norm)


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
