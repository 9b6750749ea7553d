"""Does a sentence of the notes answer the question? Scoring is pure; only `Assessor` embeds.

The coefficients come from `tests/bench/answers.py`, which prints them anew with their figures.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, replace
from functools import lru_cache

import numpy as np

from agents.answering.asked import fits, names, question_stems, tells_why
from agents.answering.background import BACKGROUND
from agents.sentences import Sentence, content_stems, place, quotable
from vault_sync.ports import Embedder, Vectors
from vault_sync.search.search import Passage
from vault_sync.text import fold, language_of, stem


@dataclass(frozen=True, slots=True)
class Features:
    """What is measured of a sentence against a question.

    `own`: share of the question's content stems in the sentence, its title or headings (0..1). `context`: the
    same in the whole passage. Across languages aliases count as titles do: there they are often what the note is
    called in the other one. `missing`: names and numbers of the question that the passage lacks (0..3).
    `margin`: cosine similarity above that of the question to unrelated text. `fits`: 1 if it holds the kind of
    thing that is asked for (number, time, person; across languages, where words tell little, a reason too), -1 if not, 0 if
    no such thing is asked for. `lead`: by how much
    it is more similar than the two most similar notes beside its own, in its language, are on average (cosine); None
    where there are fewer than two.
    """

    own: float
    context: float
    missing: float
    margin: float
    fits: float
    lead: float | None = None


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
    lead: float = 0.0


MODELS = {
    ("en", "en"): Weights(3.22, 1.92, -1.5, 37.96, 0.55, -10.6, -1.56),
    ("ru", "ru"): Weights(4.08, 1.66, -1.5, 34.14, 0.54, -9.19, -2.09),
    ("ru", "en"): Weights(1.2, 1.32, -1.5, 64.69, 0.57, -11.03, -1.82),
    ("en", "ru"): Weights(0.0, 2.25, -1.5, 68.14, 0.88, -9.76, -2.0),
}
"""By the languages of question and sentence: words can only be compared within one."""

LEADING = {
    ("ru", "en"): Weights(0.0, 0.84, -1.5, 18.25, 0.39, -5.57, -1.29, 69.09),
    ("en", "ru"): Weights(0.0, 2.48, -1.5, 23.79, 0.66, -5.75, -1.25, 60.89),
}
"""The same across languages where the sentence can be held against other notes in its language.

Similarity across languages depends on the question more than on the answer. What stands out among all that was
retrieved for the question says more than how similar it is.
"""


RIVALS = 2
"""Notes that a sentence is held against: more than one, because another may well say the same."""

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
def _around(passage: Passage, also: str) -> frozenset[str]:
    return frozenset(content_stems(f"{place(passage)} {also} {passage.text}"))


def languages(question: str, sentence: Sentence) -> tuple[str, str]:
    """Those of question and sentence. A sentence with words of both is in the language of the question.

    So an English one that links to a note with a Russian name is held against an English question word by word.
    """
    asked = language_of(question)
    return asked, asked if language_of(sentence.plain) == asked else sentence.language


def features(question: str, sentence: Sentence, margin: float, lead: float | None = None) -> Features:
    """Measure `sentence` against `question`; `margin` and `lead` are the parts that need an embedder."""
    asked = question_stems(question)
    pair = languages(question, sentence)
    also = "" if pair[0] == pair[1] else " ".join(sentence.passage.aliases)
    around = _around(sentence.passage, also)
    named = {stem(name) for name in names(question) if _comparable(name, *pair)}
    return Features(
        _share(asked, content_stems(f"{sentence.plain} {sentence.context} {also}")),
        _share(asked, around),
        min(3, len(named - around)),
        margin,
        fits(question, sentence.plain) or float(pair[0] != pair[1] and tells_why(question, sentence.plain)),
        lead,
    )


def score(measured: Features, weights: Weights) -> float:
    """Log-odds above the threshold that the sentence answers the question."""
    factors = (weights.own, weights.context, weights.missing, weights.margin, weights.fits)
    total = sum(a * b for a, b in zip(astuple(measured)[:-1], factors, strict=True))
    return float(total + weights.lead * (measured.lead or 0.0) + weights.bias - weights.threshold)


def weights_for(question: str, sentence: Sentence, lead: float | None = None) -> Weights:
    """The model for the languages of the two, and for whether it is known what the sentence stands out from."""
    pair = languages(question, sentence)
    return MODELS[pair] if lead is None or pair not in LEADING else LEADING[pair]


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


def _comparable(name: str, asked: str, language: str) -> bool:
    """Whether a name of a question in `asked` can be looked for in a sentence in `language`.

    A Russian spelling can not be in English; an English name may be spelled in Russian, unless it has a number.
    """
    if asked == "en" and language == "ru":
        return any(map(str.isdigit, name))
    return language == "ru" or name.isascii()


def leads(notes: Sequence[str], similar: Sequence[float]) -> list[float | None]:
    """For sentences in one language, by note and cosine to the question, what `Features.lead` is."""
    best: dict[str, float] = {}
    for note, cosine in zip(notes, similar, strict=True):
        best[note] = max(cosine, best.get(note, -1.0))
    first = sorted(best, key=lambda note: -best[note])[: RIVALS + 1]

    def lead(note: str, cosine: float) -> float | None:
        rivals = [best[other] for other in first if other != note][:RIVALS]
        return cosine - sum(rivals) / RIVALS if len(rivals) == RIVALS else None

    return [lead(note, cosine) for note, cosine in zip(notes, similar, strict=True)]


class Assessor:
    """Embeds a question and candidate sentences and scores them. Safe to use from several threads."""

    def __init__(self, embedder: Embedder, candidates: int = 32) -> None:
        self._embedder = embedder
        self._candidates = candidates
        self._remembered = lru_cache(maxsize=4096)(self._embed)

    def assess(self, question: str, passages: Sequence[Passage], limit: int = 4) -> list[Evidence]:
        """The sentences of `passages` that answer `question`, best first; empty if none passes."""
        measured = self.measure(question, passages)
        scored = [Evidence(one, score(found, weights_for(question, one, found.lead))) for one, found in measured]
        return select(without_pointers(question, scored), limit)

    def measure(self, question: str, passages: Sequence[Passage]) -> list[tuple[Sentence, Features]]:
        """The likeliest sentences of `passages` with their features.

        A note's description says what the note is about, not what is so: it answers nothing.
        """
        bodies = (passage for passage in passages if not passage.is_description)
        sentences = [sentence for passage in bodies for sentence in quotable(passage)]
        likely = _likely(question, sentences, self._candidates)
        asked = self._embedder.embed_query(question)
        similar = [float(asked @ self.vector(one.spoken)) for one in likely]
        read = [languages(question, one)[1] for one in likely]
        found: dict[int, Features] = {}
        for language in set(read):
            floor = self._floor(asked, language)
            mine = [i for i, one in enumerate(read) if one == language]
            ahead = leads([likely[i].passage.path for i in mine], [similar[i] for i in mine])
            for i, lead in zip(mine, ahead, strict=True):
                found[i] = features(question, likely[i], similar[i] - floor, lead)
        return [(one, found[i]) for i, one in enumerate(likely)]

    def vector(self, text: str) -> Vectors:
        """The vector (d,) of a sentence, as a passage; remembered."""
        found: Vectors = self._remembered(text)
        return found

    def _embed(self, text: str) -> Vectors:
        vector: Vectors = self._embedder.embed_passages([text])[0]
        return vector

    def _floor(self, asked: Vectors, language: str) -> float:
        return float(np.mean([asked @ self.vector(text) for text in BACKGROUND[language]]))


def _likely(question: str, sentences: Sequence[Sentence], most: int) -> list[Sentence]:
    """At most so many: those that share words with the question first, else in the order of retrieval.

    Half of the places are kept for the other language, which shares no words.
    """
    asked = question_stems(question)
    ordered = sorted(sentences, key=lambda one: -_share(asked, content_stems(f"{one.plain} {one.context}")))
    same = [one for one in ordered if len({*languages(question, one)}) == 1]
    other = [one for one in ordered if len({*languages(question, one)}) == 2]
    kept = max(most - len(same), most // 2)
    taken = {*map(id, other[:kept]), *map(id, same[: most - min(kept, len(other))])}
    return [one for one in ordered if id(one) in taken]
