"""Does a sentence of the notes answer the question? Scoring is pure; only `Assessor` embeds.

The coefficients come from `tests/bench/answers.py`, which prints them anew with their figures.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, replace
from functools import lru_cache

import numpy as np

from agents.asked import fits, names, question_stems
from agents.background import BACKGROUND
from agents.sentences import Sentence, content_stems, place, quotable
from vault_sync.ports import Embedder, Vectors
from vault_sync.search import Passage
from vault_sync.text import fold, language_of, stem


@dataclass(frozen=True, slots=True)
class Features:
    """What is measured of a sentence against a question.

    `own`: share of the question's content stems in the sentence, its title or headings (0..1). `context`: the
    same in the whole passage. `missing`: names and numbers of the question that the passage lacks (0..3).
    `margin`: cosine similarity above that of the question to unrelated text. `fits`: 1 if it holds the kind of
    thing that is asked for (number, time, person), -1 if not, 0 if no such thing is asked for.
    """

    own: float
    context: float
    missing: float
    margin: float
    fits: float


@dataclass(frozen=True, slots=True)
class Weights:
    """A logistic model over Features. A sentence counts as evidence from `threshold` (log-odds) up."""

    own: float
    context: float
    missing: float
    margin: float
    fits: float
    bias: float
    threshold: float


MODELS = {
    ("en", "en"): Weights(3.22, 1.92, -1.5, 37.96, 0.55, -10.6, -1.56),
    ("ru", "ru"): Weights(4.08, 1.66, -1.5, 34.14, 0.54, -9.19, -2.09),
    ("ru", "en"): Weights(1.21, 1.3, -1.5, 64.81, 0.58, -11.05, -1.85),
    ("en", "ru"): Weights(0.0, 2.08, -1.5, 68.5, 0.86, -9.73, -3.04),
}
"""By the languages of question and sentence: words can only be compared within one."""


POINTER = 2.0
"""Log-odds that a sentence loses which links to a note that has an answer of its own."""
POINTED_AT = 0.6
_LINKED = re.compile(r"\[\[([^\]|#^]+)")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence and by how much it passed: log-odds above the threshold, 0 or more."""

    sentence: Sentence
    score: float


@lru_cache(maxsize=64)
def _around(passage: Passage) -> frozenset[str]:
    return frozenset(content_stems(f"{place(passage)} {passage.text}"))


def features(question: str, sentence: Sentence, margin: float) -> Features:
    """Measure `sentence` against `question`; `margin` is the part that needs an embedder."""
    asked = question_stems(question)
    around = _around(sentence.passage)
    named = {stem(name) for name in names(question) if _comparable(name, sentence.language)}
    return Features(
        _share(asked, content_stems(f"{sentence.plain} {sentence.context}")),
        _share(asked, around),
        min(3, len(named - around)),
        margin,
        fits(question, sentence.plain),
    )


def score(measured: Features, weights: Weights) -> float:
    """Log-odds above the threshold that the sentence answers the question."""
    factors = (weights.own, weights.context, weights.missing, weights.margin, weights.fits)
    total = sum(a * b for a, b in zip(astuple(measured), factors, strict=True))
    return float(total + weights.bias - weights.threshold)


def weights_for(question: str, sentence: Sentence) -> Weights:
    """The model for the languages of the two."""
    return MODELS[language_of(question), sentence.language]


def select(scored: Iterable[Evidence], limit: int, drop: float = 1.2) -> list[Evidence]:
    """The best sentences that passed, without repetitions and overlaps, within `drop` of the best one."""
    chosen: list[Evidence] = []
    for item in sorted((item for item in scored if item.score >= 0), key=lambda item: -item.score):
        if len(chosen) == limit or (chosen and item.score < chosen[0].score - drop):
            break
        if not any(_same(item.sentence, other.sentence) for other in chosen):
            chosen.append(item)
    return chosen


def without_pointers(question: str, scored: Iterable[Evidence]) -> list[Evidence]:
    """The same with less for sentences that link to a note which answers itself: they say where to read, not what.

    Only a note whose title is most of the question counts: others are linked in passing.
    """
    found = list(scored)
    asked = question_stems(question)
    titles = {item.sentence.passage.title for item in found if item.score >= 0}
    telling = {fold(title) for title in titles if _share(asked, content_stems(title)) >= POINTED_AT}
    return [replace(item, score=item.score - POINTER) if _points(item.sentence, telling) else item for item in found]


def _points(sentence: Sentence, telling: set[str]) -> bool:
    linked = {fold(name.rpartition("/")[2].strip()) for name in _LINKED.findall(sentence.text)}
    return bool((linked - {fold(sentence.passage.title)}) & telling)


def _same(one: Sentence, other: Sentence) -> bool:
    if fold(one.plain) == fold(other.plain):
        return True
    if one.passage.path != other.passage.path:
        return False
    left, right = one.passage.span.start + one.start, other.passage.span.start + other.start
    return left < right + len(other.text) and right < left + len(one.text)


def _share(asked: Sequence[str], found: Iterable[str]) -> float:
    have = set(found)
    return sum(term in have for term in asked) / len(asked) if asked else 0.0


def _comparable(name: str, language: str) -> bool:
    """A Russian spelling of a name cannot be looked for in an English sentence; a Latin one can anywhere."""
    return language == "ru" or name.isascii()


class Assessor:
    """Embeds a question and candidate sentences and scores them. Safe to use from several threads."""

    def __init__(self, embedder: Embedder, candidates: int = 32) -> None:
        self._embedder = embedder
        self._candidates = candidates
        self._remembered = lru_cache(maxsize=4096)(self._embed)

    def assess(self, question: str, passages: Sequence[Passage], limit: int = 4) -> list[Evidence]:
        """The sentences of `passages` that answer `question`, best first; empty if none passes."""
        measured = self.measure(question, passages)
        scored = [Evidence(one, score(found, weights_for(question, one))) for one, found in measured]
        return select(without_pointers(question, scored), limit)

    def measure(self, question: str, passages: Sequence[Passage]) -> list[tuple[Sentence, Features]]:
        """The likeliest sentences of `passages` with their features.

        A note's description says what the note is about, not what is so: it answers nothing.
        """
        bodies = (passage for passage in passages if not passage.is_description)
        sentences = [sentence for passage in bodies for sentence in quotable(passage)]
        likely = _likely(question, sentences)[: self._candidates]
        asked = self._embedder.embed_query(question)
        floor = {language: self._floor(asked, language) for language in {one.language for one in likely}}
        return [
            (one, features(question, one, float(asked @ self.vector(one.spoken)) - floor[one.language]))
            for one in likely
        ]

    def vector(self, text: str) -> Vectors:
        """The vector (d,) of a sentence, as a passage; remembered."""
        found: Vectors = self._remembered(text)
        return found

    def _embed(self, text: str) -> Vectors:
        vector: Vectors = self._embedder.embed_passages([text])[0]
        return vector

    def _floor(self, asked: Vectors, language: str) -> float:
        return float(np.mean([asked @ self.vector(text) for text in BACKGROUND[language]]))


def _likely(question: str, sentences: Sequence[Sentence]) -> list[Sentence]:
    """Sentences that share words with the question first, else in the order of retrieval."""
    asked = question_stems(question)
    return sorted(sentences, key=lambda one: -_share(asked, content_stems(f"{one.plain} {one.context}")))
