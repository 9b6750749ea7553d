"""What tells a note apart from the others of its vault: its vector, seen from the middle of all, and its rare words.

A cosine says little by itself: with a multilingual embedder all pairs lie between 0.75 and 0.95, and two notes of one
language lie nearer together than two of different ones, whatever they are about. Seen from the middle of the notes of
its own language, a note's vector says what is its own, and the same across languages.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from agents.reasons.evidence import repeated
from agents.stopwords import STOP_WORDS
from vault_sync.index.ledger import Ledger
from vault_sync.index.records import Occurrence
from vault_sync.ports import Vectors
from vault_sync.text import stem, words

_SAMPLE = 300
_CHUNKS = 8
_TOPIC_STEMS = 40
_FEWEST_NOTES = 5
_FAMILY = 8
_RARE_ENOUGH = 6.0
"""The rarity from which on a name that is mentioned says all that a name can say."""
_STOP_STEMS = frozenset(map(stem, STOP_WORDS))
_MOST_OFTEN = 100
_OFTEN = [0.0, *(1 + math.log(n) for n in range(1, _MOST_OFTEN + 1))]
"""What it says that a stem occurs so many times in a note."""

Topic = Mapping[str, float]
"""Weights of stems; the squares sum to one."""


@dataclass(frozen=True, slots=True)
class Background:
    """A sample of the vault: the middle (d,) of its notes' vectors, of all and by language; in how many of its
    chunks each stem occurs, and what the stem is worth, the rarer the more; and the sentences that many notes share.
    """

    middle: Vectors
    middles: Mapping[str, Vectors]
    frequency: Mapping[str, int]
    chunks: int
    worth: Mapping[str, float]
    boilerplate: frozenset[str] = frozenset()
    notes: Vectors = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    """The sampled notes' vectors (n, d), each as `seen` from the middle of its language."""
    families: frozenset[str] = frozenset()
    """The words that many of the sampled notes' titles begin with."""

    def seen(self, mean: Vectors | None, language: str) -> Vectors:
        """A note's mean vector (d,) as seen from the middle of its language, normalised; zeros where it has none."""
        if mean is None or mean.shape != self.middle.shape:
            return np.zeros_like(self.middle)
        away = mean - self.middles.get(language, self.middle)
        return np.asarray(away / (np.linalg.norm(away) or 1.0), dtype=np.float32)

    def rarity(self, found: str) -> float:
        """Inverse document frequency, 0 for a stem of every chunk and for one that says nothing anywhere."""
        return self.worth.get(found, self.most)

    @property
    def most(self) -> float:
        """The rarity of a stem that the sample lacks."""
        return math.log(1 + self.chunks)


def background(ledger: Ledger) -> Background:
    """Sample the vault evenly, always the same notes while it does not change."""
    rows = (
        ledger.read()
        .execute(
            "SELECT id, language, title FROM notes WHERE id IN (SELECT note_id FROM occurrences WHERE vector_key != '') ORDER BY id"
        )
        .fetchall()
    )
    step = max(1, len(rows) // _SAMPLE)
    means: list[Vectors] = []
    chunks: list[Occurrence] = []
    for note_id, _, _ in rows[::step]:
        ids = _first_chunks(ledger, note_id)
        means.append(mean_vector(ledger.vectors(ids)))
        chunks += ledger.occurrences(ids[:2]).values()
    frequency = Counter(s for chunk in chunks for s in set(content(chunk.text)))
    languages = [language for _, language, _ in rows[::step]]
    middle, middles = _middles(means, languages)
    most = math.log(1 + len(chunks))
    worth = {s: most - math.log(1 + times) for s, times in frequency.items()} | dict.fromkeys(_STOP_STEMS, 0.0)
    families = families_of(title for _, _, title in rows[::step])
    known = Background(middle, middles, frequency, len(chunks), worth, repeated(chunks), families=families)
    seen = [known.seen(mean, language) for mean, language in zip(means, languages, strict=True)]
    return replace(known, notes=np.array(seen, np.float32)) if seen else known


def families_of(titles: Iterable[str]) -> frozenset[str]:
    """The first words of these titles that at least eight of them begin with, and more follow."""
    found = Counter(first for first, *rest in filter(None, map(words, titles)) if rest)
    return frozenset(word for word, times in found.items() if times >= _FAMILY and word.isalpha())


def _middles(means: Sequence[Vectors], languages: Sequence[str]) -> tuple[Vectors, dict[str, Vectors]]:
    """Of all, and of each language that has notes enough. In a vault of few notes each weighs much: it has none."""
    if len(means) < _FEWEST_NOTES:
        return np.zeros(len(means[0]) if means else 0, np.float32), {}
    by_language = {name: [m for m, own in zip(means, languages, strict=True) if own == name] for name in languages}
    middles = {name: np.mean(each, axis=0) for name, each in by_language.items() if len(each) >= _FEWEST_NOTES}
    return np.mean(means, axis=0, dtype=np.float32), middles


def _first_chunks(ledger: Ledger, note_id: int) -> list[int]:
    sql = "SELECT id FROM occurrences WHERE note_id = ? AND vector_key != '' ORDER BY ordinal LIMIT ?"
    return [row[0] for row in ledger.read().execute(sql, (note_id, _CHUNKS))]


def mean_vector(vectors: Vectors) -> Vectors:
    """The normalised mean (d,) of vectors (n, d)."""
    mean = vectors.mean(axis=0)
    return np.asarray(mean / (np.linalg.norm(mean) or 1.0), dtype=np.float32)


def content(text: str) -> list[str]:
    """The stems of the words that mean something."""
    return [stem(word) for word in words(text) if word not in STOP_WORDS and len(word) > 1]


def topic(title: str, texts: Iterable[str], against: Background) -> Topic:
    """The most telling stems of a note with this title and these texts."""
    return weighed(Counter(s for text in texts for s in content(text)), [content(title)], against)


def weighed(times: Mapping[str, int], names: Iterable[Iterable[str]], against: Background) -> Topic:
    """The most telling stems of a note, by how often each occurs in its text; those of its names count three times."""
    counts = dict(times)
    for name in names:
        for found in name:
            counts[found] = counts.get(found, 0) + 3
    worth, unknown = against.worth.get, against.most
    weights = [
        (worth(s, unknown) * (_OFTEN[n] if n < _MOST_OFTEN else _OFTEN[_MOST_OFTEN]), s) for s, n in counts.items()
    ]
    # Figures and single letters say nothing, and to sort them out first takes longer.
    top = [(s, w) for w, s in sorted(weights, reverse=True)[: 2 * _TOPIC_STEMS] if len(s) > 1 and not s.isdigit() and w]
    top = top[:_TOPIC_STEMS]
    norm = math.sqrt(sum(w * w for _, w in top)) or 1.0
    return {s: w / norm for s, w in top}


def shared(one: Topic, other: Topic) -> float:
    """The cosine of two topics, 0 to 1."""
    return sum(weight * other.get(s, 0.0) for s, weight in one.items())


def named(title: Sequence[str], text: frozenset[str], against: Background) -> float:
    """Which share of a title (0..1, rare words counting more) stands in a text, both in stems."""
    worth_of, unknown = against.worth.get, against.most
    worth = {s: worth_of(s, unknown) for s in title}
    total = sum(worth.values())
    return sum(weight for s, weight in worth.items() if s in text) / total if total else 0.0


def mentioned(names: Iterable[Sequence[str]], text: str, against: Background) -> float:
    """How telling it is that a note's name stands in a text: 0 where none does, at most 1.

    Names are in stems, and the text in stems with a space around each.
    """
    said = [name for name in names if name and f" {' '.join(name)} " in text]
    rarest = max((sum(against.rarity(s) for s in name) for name in said), default=0.0)
    return min(1.0, rarest / _RARE_ENOUGH)
