"""How close two notes are, measured against the vault they lie in.

A cosine says little by itself: with a multilingual embedder all pairs lie between 0.75 and 0.95. What counts is how
far a pair stands out from the pairs of either note with a sample of all notes.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from agents.evidence import repeated
from agents.stopwords import STOP_WORDS
from vault_sync.ledger import Ledger
from vault_sync.ports import Vectors
from vault_sync.records import Occurrence
from vault_sync.text import stem, words

_SAMPLE = 300
_CHUNKS = 8
_TOPIC_STEMS = 40
_LEAST_DEVIATION = 0.005
_FEWEST_NOTES = 5
_NORMAL = 1.4826

Topic = Mapping[str, float]
"""Weights of stems; the squares sum to one."""


@dataclass(frozen=True, slots=True)
class Background:
    """A sample of the vault: its notes' mean vectors (n, d) and languages (n), in how many of its chunks each stem
    occurs, and the sentences that many notes share.
    """

    vectors: Vectors
    languages: tuple[str, ...]
    frequency: Mapping[str, int]
    chunks: int
    boilerplate: frozenset[str] = frozenset()

    def beside(self, language: str) -> Vectors:
        """The sampled vectors of one language, or of all where there are too few.

        A multilingual embedder still puts notes of one language nearer together: a Russian note is to be measured
        against Russian notes, or all of them would look alike.
        """
        rows = [row for row, own in enumerate(self.languages) if own == language]
        return self.vectors[rows] if len(rows) >= _FEWEST_NOTES else self.vectors

    def rarity(self, found: str) -> float:
        """Inverse document frequency, 0 for a stem of every chunk."""
        return math.log((1 + self.chunks) / (1 + self.frequency.get(found, 0)))


def background(ledger: Ledger) -> Background:
    """Sample the vault evenly, always the same notes while it does not change."""
    rows = (
        ledger.read()
        .execute(
            "SELECT id, language FROM notes WHERE id IN (SELECT note_id FROM occurrences WHERE vector_key != '') ORDER BY id"
        )
        .fetchall()
    )
    step = max(1, len(rows) // _SAMPLE)
    means: list[Vectors] = []
    chunks: list[Occurrence] = []
    for note_id, _ in rows[::step]:
        ids = _first_chunks(ledger, note_id)
        means.append(mean_vector(ledger.vectors(ids)))
        chunks += ledger.occurrences(ids[:2]).values()
    frequency = Counter(s for chunk in chunks for s in set(content(chunk.text)))
    languages = tuple(language for _, language in rows[::step])
    return Background(np.array(means, dtype=np.float32), languages, frequency, len(chunks), repeated(chunks))


def _first_chunks(ledger: Ledger, note_id: int) -> list[int]:
    sql = "SELECT id FROM occurrences WHERE note_id = ? AND vector_key != '' ORDER BY ordinal LIMIT ?"
    return [row[0] for row in ledger.read().execute(sql, (note_id, _CHUNKS))]


def mean_vector(vectors: Vectors) -> Vectors:
    """The normalised mean (d,) of vectors (n, d)."""
    mean = vectors.mean(axis=0)
    return np.asarray(mean / (np.linalg.norm(mean) or 1.0), dtype=np.float32)


def closeness(one: Vectors, other: Vectors, languages: tuple[str, str], against: Background) -> float:
    """How many deviations the pair's cosine lies above either note's usual one, the mean of both.

    Usual is what a note has with the sampled notes in the language of the other.
    """
    if len(against.vectors) < _FEWEST_NOTES:
        return 0.0
    cosine = float(one @ other)
    here = _deviations(cosine, against.beside(languages[1]) @ one)
    return (here + _deviations(cosine, against.beside(languages[0]) @ other)) / 2


def _deviations(cosine: float, usual: Vectors) -> float:
    """By the median, for the related notes that are sought lie in the sample too, and in a small vault weigh much."""
    middle = float(np.median(usual))
    deviation = _NORMAL * float(np.median(np.abs(usual - middle)))
    return (cosine - middle) / max(deviation, _LEAST_DEVIATION)


def content(text: str) -> list[str]:
    """The stems of the words that mean something."""
    return [stem(word) for word in words(text) if word not in STOP_WORDS and len(word) > 1]


def topic(title: str, texts: Iterable[str], against: Background) -> Topic:
    """The note's most telling stems; those of its title count three times."""
    counts = Counter(s for text in texts for s in content(text))
    for found in content(title):
        counts[found] += 3
    weights = {s: (1 + math.log(n)) * against.rarity(s) for s, n in counts.items() if not s.isdigit()}
    top = dict(sorted(weights.items(), key=lambda pair: (-pair[1], pair[0]))[:_TOPIC_STEMS])
    norm = math.sqrt(sum(w * w for w in top.values())) or 1.0
    return {s: w / norm for s, w in top.items()}


def shared(one: Topic, other: Topic) -> float:
    """The cosine of two topics, 0 to 1."""
    return sum(weight * other.get(s, 0.0) for s, weight in one.items())


def mentioned(names: Sequence[str], text: Sequence[str], against: Background) -> float:
    """How telling it is that a note's name occurs in a text (of stems): 0 where none does, at most 1."""
    found = " ".join(text)
    said = [stems for name in names if (stems := content(name)) and f" {' '.join(stems)} " in f" {found} "]
    rarest = max((sum(against.rarity(s) for s in stems) for stems in said), default=0.0)
    return min(1.0, rarest / 6)
