"""Search: the lexical and the dense lane, narrowed before the cut, fused, and shown as passages."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from vault_sync import lexical
from vault_sync.errors import StoreBrokenError
from vault_sync.filter import Filter
from vault_sync.fusion import DEPTH, Fused, Hit, fuse, lexical_weight
from vault_sync.ledger import Ledger
from vault_sync.note import Span
from vault_sync.paths import VaultPath
from vault_sync.ports import ChunkStore, Embedder, Vectors
from vault_sync.records import Occurrence
from vault_sync.related import RELATED_WEIGHT, best_of_each_note, middle, salient
from vault_sync.snippet import snippet

__all__ = ["Filter", "Mode", "Passage", "Searcher"]

log = logging.getLogger(__name__)

Mode = Literal["hybrid", "lexical", "dense"]

MOST = 100
"""Passages of one answer."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A retrieved chunk.

    `score` (0..1) orders the passages of one query and says nothing across queries; `similarity` is the cosine
    (-1..1) to the query where the dense lane found it. Ranks count from 1 and are None where a lane did not
    match it. `snippet` is a verbatim part of the note.
    """

    occurrence: int
    path: VaultPath
    title: str
    heading: tuple[str, ...]
    start_line: int
    end_line: int
    span: Span
    text: str
    score: float
    lexical_rank: int | None
    dense_rank: int | None
    snippet: str
    similarity: float | None = None
    is_description: bool = False


class Searcher:
    """Finds passages. Holds no state of its own; safe to call from several threads."""

    def __init__(self, ledger: Ledger, store: ChunkStore, embedder: Embedder) -> None:
        self._ledger = ledger
        self._store = store
        self._embedder = embedder

    def search(
        self,
        query: str,
        k: int = 10,
        mode: Mode = "hybrid",
        filter: Filter = Filter(),  # noqa: B008 — it is frozen
    ) -> list[Passage]:
        """The best `k` (at most 100) passages, best first; none for an empty query."""
        if not query.strip() or k <= 0:
            return []
        allowed = self._ledger.allowed(filter)
        words = lexical.Match([])
        if mode != "dense":
            words = lexical.match(self._ledger.read(), query, DEPTH, allowed)
        vectors: list[Hit] = []
        if mode != "lexical":
            vectors = self._nearest(self._embedder.embed_query(query), DEPTH, allowed)
        fused = fuse(words.hits, vectors, _weight(mode, words))
        return self._passages(fused, dict(vectors), query, k)

    def related(self, path: str, k: int = 10) -> list[Passage]:
        """The neighbours of a note: the best passage of each, best first, itself left out."""
        own = self._ledger.occurrences_of(path)
        record = self._ledger.note(path)
        if not own or record is None or k <= 0:
            return []
        ids = {occurrence.id for occurrence in own}
        query = salient(self._ledger.read(), (record.title, *record.aliases), [chunk.text for chunk in own])
        words = lexical.search(self._ledger.read(), query, DEPTH + len(ids))
        by_words = [hit for hit in words if hit[0] not in ids][:DEPTH]
        vector = middle(self._ledger.vectors([chunk.id for chunk in own]))
        near = self._nearest(vector, DEPTH + len(ids), None)
        by_vectors = [hit for hit in near if hit[0] not in ids][:DEPTH]
        fused = fuse(by_words, by_vectors, RELATED_WEIGHT)
        found = self._ledger.occurrences(hit.occurrence for hit in fused)
        best = best_of_each_note(fused, {i: occurrence.note_id for i, occurrence in found.items()})
        return self._passages(best, dict(by_vectors), query, k, found)

    def _nearest(self, vector: Vectors, k: int, allowed: set[int] | None) -> list[Hit]:
        if allowed is not None:
            return self._exact(vector, k, sorted(allowed))
        try:
            return [(hit.occurrence, hit.similarity) for hit in self._store.query(vector, k)]
        except StoreBrokenError as error:
            log.warning("Searching the ledger's vectors instead: %s", error)
            return self._exact(vector, k, self._all())

    def _all(self) -> list[int]:
        return [int(row[0]) for row in self._ledger.read().execute("SELECT id FROM occurrences ORDER BY id")]

    def _exact(self, vector: Vectors, k: int, ids: Sequence[int]) -> list[Hit]:
        if not ids:
            return []
        similarities = self._ledger.vectors(ids) @ vector
        order = np.lexsort((np.asarray(ids), -similarities))[:k]
        return [(ids[row], float(similarities[row])) for row in order]

    def _passages(
        self,
        fused: Sequence[Fused],
        similarities: Mapping[int, float],
        query: str,
        k: int,
        found: Mapping[int, Occurrence] | None = None,
    ) -> list[Passage]:
        """The first `k` that the ledger still knows: what was deleted meanwhile is not shown."""
        known = found or self._ledger.occurrences(hit.occurrence for hit in fused)
        shown = [hit for hit in fused if hit.occurrence in known][: min(k, MOST)]
        return [_passage(known[hit.occurrence], hit, similarities.get(hit.occurrence), query) for hit in shown]


def _weight(mode: Mode, words: lexical.Match) -> float:
    if mode == "hybrid":
        return lexical_weight(words.coverage, words.named)
    return 1.0 if mode == "lexical" else 0.0


def _passage(occurrence: Occurrence, hit: Fused, similarity: float | None, query: str) -> Passage:
    return Passage(
        occurrence=occurrence.id,
        path=occurrence.path,
        title=occurrence.title,
        heading=occurrence.heading,
        start_line=occurrence.start_line,
        end_line=occurrence.end_line,
        span=occurrence.span,
        text=occurrence.text,
        score=hit.score,
        lexical_rank=hit.lexical_rank,
        dense_rank=hit.dense_rank,
        snippet=snippet(occurrence.text, query),
        similarity=similarity,
        is_description=occurrence.is_description,
    )
