"""Fits and judges the model that says which sentence answers a question.

    python -m tests.bench.answers            # judge the coefficients in agents/answering/assess.py
    python -m tests.bench.answers --fit      # fit them anew and print them, then judge those
    python -m tests.bench.answers --pairs en-ru ru-en

Every question of the judged sets is asked three times: with its answer in the notes, with the one sentence that
answers it taken out (near), and with the whole article taken out (off). Articles with even numbers fit, odd
ones judge. Across languages there are two models, and `alone` is the one for a sentence that can be held against
too few other notes.
"""

import argparse
import json
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agents.answering.assess import LEADING, MODELS, Assessor, Features, Weights, score
from agents.sentences import content_stems
from daemon.engines.e5.embedder import E5Embedder
from vault_sync.notes.note import Span
from vault_sync.paths import VaultPath
from vault_sync.ports import EmbedderSpec, Vectors
from vault_sync.search.search import Passage

FIXTURES = Path(os.environ.get("FAMULUS_FIXTURES", Path(__file__).parents[3] / "shared"))
PASSAGES = 8
PAIRS = (("en", "en"), ("ru", "ru"), ("ru", "en"), ("en", "ru"))
MISSING = -1.5
"""A name that the notes lack must tell, though these sets, whose names all occur somewhere, cannot teach it."""
Matrix = NDArray[np.float64]


class Remembering:
    """An embedder that reads no text twice: the same sentences stand before a thousand questions."""

    def __init__(self, inner: E5Embedder) -> None:
        self._inner = inner
        self._passage = lru_cache(maxsize=None)(lambda text: inner.embed_passages([text])[0])
        self._query = lru_cache(maxsize=None)(inner.embed_query)

    @property
    def spec(self) -> EmbedderSpec:
        return self._inner.spec

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self._passage(text) for text in texts])

    def embed_query(self, text: str) -> Vectors:
        return self._query(text)

    def count_tokens(self, text: str) -> int:
        return self._inner.count_tokens(text)


@dataclass(frozen=True, slots=True)
class Trial:
    """One question against one state of the notes. `rows` (n, 6) are features, `gold` marks the answer."""

    case: str
    article: int
    rows: Matrix
    gold: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Sentences by paragraph; a key such as `ru-03-1-s2` names article, paragraph and sentence."""

    sentences: dict[str, str]
    paragraphs: dict[str, list[str]]
    vectors: dict[str, Vectors]
    stems: dict[str, frozenset[str]]


def read_jsonl(file: Path) -> dict[str, str]:
    return {row["_id"]: row["text"] for row in map(json.loads, file.read_text("utf-8").splitlines())}


def read_gold(file: Path) -> dict[str, set[str]]:
    gold: dict[str, set[str]] = defaultdict(set)
    for line in file.read_text("utf-8").splitlines()[1:]:
        query, document, _ = line.split("\t")
        gold[query].add(document)
    return gold


def corpus(language: str, embedder: Remembering) -> Corpus:
    sentences = read_jsonl(FIXTURES / "ir" / f"xquad-sent-{language}" / "corpus.jsonl")
    paragraphs: dict[str, list[str]] = defaultdict(list)
    for key in sentences:
        paragraphs[key.rpartition("-")[0]].append(key)
    vectors = {key: embedder.embed_passages([text])[0] for key, text in sentences.items()}
    stems = {key: frozenset(content_stems(text)) for key, text in sentences.items()}
    return Corpus(sentences, paragraphs, vectors, stems)


def article(key: str) -> int:
    return int(key.split("-")[1])


def retrieved(question: str, asked: Vectors, notes: Corpus, hidden: set[str]) -> list[list[str]]:
    """The paragraphs (lists of sentence keys) that a fused search would bring, best first."""
    terms = content_stems(question)
    ranked = []
    for keys in notes.paragraphs.values():
        left = [key for key in keys if key not in hidden]
        if left:
            lexical = sum(any(term in notes.stems[key] for key in left) for term in terms) / max(1, len(terms))
            dense = max(float(asked @ notes.vectors[key]) for key in left)
            ranked.append((0.35 * lexical + 0.65 * (dense - 0.7) / 0.25, left))
    ranked.sort(key=lambda pair: -pair[0])
    return [keys for _, keys in ranked[:PASSAGES]]


def passage(keys: Sequence[str], notes: Corpus) -> Passage:
    text = "\n\n".join(notes.sentences[key] for key in keys)
    path = VaultPath(f"{keys[0].rpartition('-')[0]}.md")
    return Passage(0, path, "", (), 1, 1 + text.count("\n"), Span(0, len(text)), text, 0.0, None, None, "")


def trials(asking: str, reading: str, notes: Corpus, embedder: Remembering) -> Iterator[Trial]:
    folder = FIXTURES / "ir" / f"xquad-sent-{asking}"
    gold_of = read_gold(FIXTURES / "ir" / f"xquad-sent-{reading}" / "qrels.tsv")
    assessor = Assessor(embedder, candidates=64)
    for query, question in read_jsonl(folder / "queries.jsonl").items():
        gold = gold_of[query.replace(asking, reading, 1)]
        about = article(next(iter(gold)))
        whole = {key for key in notes.sentences if article(key) == about}
        for case, hidden in (("answer", set[str]()), ("near", gold), ("off", whole)):
            asked = embedder.embed_query(question)
            found = [passage(keys, notes) for keys in retrieved(question, asked, notes, hidden)]
            yield trial(case, about, assessor.measure(question, found), {notes.sentences[key] for key in gold})


def trial(case: str, about: int, measured: Sequence[tuple[object, Features]], gold: set[str]) -> Trial:
    rows = np.array([astuple(found) for _, found in measured], dtype=np.float64)
    marks = np.array([any(getattr(one, "text", "") in text for text in gold) for one, _ in measured])
    return Trial(case, about, rows, marks)


def fit(found: Sequence[Trial], case: str, passing: float, leading: bool) -> Weights:
    """Logistic regression on the even articles; the threshold lets `passing` of their questions of `case` through."""
    learn = [one for one in found if one.article % 2 == 0]
    rows, marks = np.vstack([one.rows for one in learn]), np.concatenate([one.gold for one in learn])
    if not leading:
        rows = rows[:, :-1]
    spread = rows.std(axis=0) + 1e-9
    design = np.c_[rows / spread, np.ones(len(rows))]
    beta = np.zeros(design.shape[1])
    for _ in range(25):
        chance = 1 / (1 + np.exp(-design @ beta))
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + 1e-3 * np.eye(len(beta))
        beta += np.linalg.solve(curvature, design.T @ (marks - chance) - 1e-3 * beta)
    own, context, missing, margin, fits, *lead = (round(float(slope), 2) for slope in beta[:-1] / spread)
    bias = round(float(beta[-1]), 2)
    loose = Weights(max(own, 0.0), context, min(missing, MISSING), margin, fits, bias, 0.0, *lead)
    tops = [best(one, loose)[0] for one in learn if one.case == case]
    return replace(loose, threshold=round(float(np.quantile(tops, 1 - passing)), 2))


def best(one: Trial, weights: Weights) -> tuple[float, bool]:
    """The best sentence's score and whether it is the answer."""
    scores = [score(Features(*row), weights) for row in one.rows]
    top = int(np.argmax(scores))
    return scores[top], bool(one.gold[top])


def report(name: str, found: Sequence[Trial], weights: Weights) -> str:
    judged: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for one in found:
        if one.article % 2:
            judged[one.case].append(best(one, weights))
    share = {case: float(np.mean([top >= 0 for top, _ in tops])) for case, tops in judged.items()}
    right = float(np.mean([top >= 0 and gold for top, gold in judged["answer"]]))
    shown = share["answer"], right, right / share["answer"], share["near"], share["off"]
    return f"{name:13}" + "".join(f"{value:10.1%}" for value in shown) + f"{len(judged['answer']):7}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--same", type=float, default=0.72, help="share of answerable questions to let through")
    parser.add_argument(
        "--near", type=float, default=0.2, help="across languages: share of near questions to let through"
    )
    parser.add_argument("--pairs", nargs="*", default=["-".join(pair) for pair in PAIRS], help="question-notes")
    chosen = parser.parse_args()
    pairs = [pair for pair in PAIRS if "-".join(pair) in chosen.pairs]
    embedder = Remembering(E5Embedder())
    notes = {language: corpus(language, embedder) for language in {reading for _, reading in pairs}}
    lines = []
    for pair in pairs:
        found = list(trials(*pair, notes[pair[1]], embedder))
        for name, models in (("", LEADING), (" alone", MODELS)) if pair in LEADING else (("", MODELS),):
            weights = models[pair]
            if chosen.fit:
                goal = ("near", chosen.near) if pair in LEADING else ("answer", chosen.same)
                weights = fit(found, *goal, models is LEADING)
                print(pair, name, weights)
            lines.append(report(f"{'→'.join(pair)}{name}", found, weights))
    print(f"{'asked→in':13}{'answered':>10}{'rightly':>10}{'precision':>10}{'near':>10}{'off':>10}{'n':>7}")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
