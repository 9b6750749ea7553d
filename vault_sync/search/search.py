"""Search: the lexical and the dense lane, narrowed before the cut, fused, and shown as passages."""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, TypeVar

import numpy as np

from vault_sync.errors import StoreBrokenError
from vault_sync.index.generations import MODEL
from vault_sync.index.ledger import Ledger
from vault_sync.index.records import Occurrence
from vault_sync.index.serving import ModelLostError, Serving
from vault_sync.notes.names import called
from vault_sync.policy.denials import Denials
from vault_sync.policy.policy import Policy, PolicySource, Use
from vault_sync.ports import ChunkStore, Embedder, Ids, Vectors
from vault_sync.search import lexical
from vault_sync.search.filter import Filter
from vault_sync.search.fusion import BESIDE, DEPTH, Fused, Hit, Weights, fuse, lexical_weight, stretched
from vault_sync.search.ids import ids_of
from vault_sync.search.lanes import Lanes
from vault_sync.search.passage import Passage, passage_of
from vault_sync.search.related import RELATED_WEIGHT, Near, Subject, best_of_each_note, middle, salient, salient_stems
from vault_sync.search.rerank import SecondLook
from vault_sync.search.scope import Scope
from vault_sync.search.usual import Usual
from vault_sync.stores.memory import nearest

__all__ = ["Filter", "Lanes", "Mode", "Passage", "Searcher", "Subject"]

log = logging.getLogger(__name__)

T = TypeVar("T")
Mode = Literal["hybrid", "lexical", "dense"]

AT_ONCE = 4
"""Questions that are embedded at once; an embedder that can not do that lets them wait."""
MOST = 100
"""Passages of one answer."""


class Searcher:
    """Finds passages. Safe to call from several threads."""

    def __init__(
        self,
        ledger: Ledger,
        store: ChunkStore,
        embedder: Embedder,
        policy: PolicySource | None = None,
        weights: Weights = Weights(),  # noqa: B008 — it is frozen
        second_look: SecondLook | None = None,
        serving: Serving | None = None,
    ) -> None:
        """`policy` says what may be found, and for what use; `weights` how much the lexical lane counts.

        With `second_look` a reranker orders the first passages anew. `serving` is what store and embedder belong to,
        where they can be exchanged.
        """
        self._ledger = ledger
        self._store = store
        self._embedder = embedder
        self._weights = weights
        self._policy = policy or Policy()
        self._denials = Denials(ledger, self._policy)
        self._second_look = second_look
        self._serving = serving
        self._usual = Usual(ledger)
        self._nearby: tuple[object, int, list[Near]] | None = None
        """What the last neighbours were asked of, how many, and these."""
        # The question is embedded while its words are looked for: each takes about as long as the other.
        self._asking = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="question")

    def search(
        self,
        query: str,
        k: int = 10,
        mode: Mode = "hybrid",
        filter: Filter = Filter(),  # noqa: B008 — it is frozen
        use: Use = "search",
        *,
        rerank: bool = True,
    ) -> list[Passage]:
        """The best `k` (at most 100) passages of notes that may be put to this use, best first; none for an empty query.

        With `rerank` the reranker, where there is one, orders the first of them.
        """
        if not query.strip() or k <= 0:
            return []
        lanes = self.lanes(query, mode, filter, use)
        return self.passages(lanes, query, k, self.ordered(lanes, query) if rerank else None)

    @property
    def reranks(self) -> bool:
        """Whether a reranker has a say."""
        return self._second_look is not None

    def ordered(self, lanes: Lanes, query: str) -> list[Fused]:
        """What the lanes found, in the order in which search shows it: the reranker has its say, where there is one."""
        fused = lanes.fused()
        if (
            self._second_look is None or lanes.named
        ):  # who asks for a name wants that note first, whatever the text says
            return fused
        policy = self._policy.current
        known = self._ledger.occurrences(hit.occurrence for hit in fused[: self._second_look.depth])
        return self._second_look.look(query, fused, known, lambda path: policy.allows(path, "prompt"))

    def passages(self, lanes: Lanes, query: str, k: int, hits: Sequence[Fused] | None = None) -> list[Passage]:
        """The best `k` (at most 100) of what the lanes found, best first, or the first of `hits` of theirs."""
        return self._passages(lanes.fused() if hits is None else hits, lanes.similarities, query, k)

    def lanes(
        self,
        query: str,
        mode: Mode = "hybrid",
        filter: Filter = Filter(),  # noqa: B008 — it is frozen
        use: Use = "search",
        *,
        without: Collection[int] = (),
        whole: bool = False,
    ) -> Lanes:
        """What the lanes find among all occurrences but those in `without`.

        With `whole` nothing is cut: the dense lane then compares with every vector, exactly.
        """

        def place() -> Scope:
            return self._scope(filter, use).but(without)

        if mode == "lexical":
            return self._by_words(query, place(), whole)
        return self._each(query, place, (whole,), alone=mode == "dense")[0]

    def cut_and_whole(
        self,
        query: str,
        filter: Filter = Filter(),  # noqa: B008 — it is frozen
        use: Use = "search",
    ) -> tuple[Lanes, Lanes]:
        """What the lanes find as search sees it, and with nothing cut; the query is embedded once for both."""
        cut, whole = self._each(query, lambda: self._scope(filter, use), (False, True))
        return cut, whole

    def _each(self, query: str, place: Callable[[], Scope], wholes: Sequence[bool], alone: bool = False) -> list[Lanes]:
        """The lanes cut or whole, as often as is asked; by words alone where the embedder is lost and they suffice."""
        try:
            return self._steadily(lambda: self._by_meaning(query, place, wholes, alone))
        except ModelLostError as error:
            if alone:
                raise
            log.debug("The lexical lane answers alone: %s", error)
            scope = place()
            return [self._by_words(query, scope, whole) for whole in wholes]

    def _by_words(self, query: str, scope: Scope, whole: bool) -> Lanes:
        words = self._look(query, scope, whole).match
        return Lanes(words, (), 1.0, named=self._called(query, scope))

    def _by_meaning(self, query: str, place: Callable[[], Scope], wholes: Sequence[bool], alone: bool) -> list[Lanes]:
        """What the dense lane finds; unless it is asked alone, with the words, and what each thinks of the other's hits."""
        coming = self._asking.submit(self._embedder.embed_query, query)
        scope = place()
        if alone:
            found = [self._near_to(coming.result(), scope, whole) for whole in wholes]
            return [Lanes(lexical.Match([]), hits, 0.0, common=self._usual.similarity(hits)) for hits in found]
        looked, named = [self._look(query, scope, whole) for whole in wholes], self._called(query, scope)
        vector = coming.result()
        near = [self._near_to(vector, scope, whole) for whole in wholes]
        return [self._both(vector, words, hits, named) for words, hits in zip(looked, near, strict=True)]

    def _both(
        self, vector: Vectors, looked: lexical.Looked, vectors: list[Hit], named: Sequence[Collection[int]]
    ) -> Lanes:
        common = self._usual.similarity(vectors)
        found = {occurrence for occurrence, _ in vectors}
        words = lexical.compared(self._ledger.read(), looked, [occurrence for occurrence, _ in vectors[:BESIDE]])
        others = ids_of(occurrence for occurrence, _ in words.hits[:DEPTH] if occurrence not in found)
        beside = dict(self._nearest(vector, len(others), Scope(others)))
        weight = lexical_weight(words.named, self._weights)
        return Lanes(words, vectors, weight, beside, common, named)

    def _look(self, query: str, scope: Scope, whole: bool) -> lexical.Looked:
        depth = self._ledger.passages() if whole else DEPTH
        return lexical.look(self._ledger.read(), query, depth, scope.only, scope.without)

    def _near_to(self, vector: Vectors, scope: Scope, whole: bool) -> list[Hit]:
        return self._every(vector, scope) if whole else self._nearest(vector, DEPTH, scope)

    def _called(self, query: str, scope: Scope) -> list[set[int]]:
        """The occurrences that may be found of each note whose title or alias is the query."""
        sql, read = "SELECT id FROM occurrences WHERE note_id = ?", self._ledger.read()
        return [scope.within(row[0] for row in read.execute(sql, (note,))) for note in called(read, query)]

    def _steadily(self, work: Callable[[], T]) -> T:
        return work() if self._serving is None else self._serving.steadily(work)

    def spread(
        self,
        roots: Collection[str],
        filter: Filter = Filter(),  # noqa: B008 — it is frozen
        use: Use = "search",
    ) -> dict[str, int]:
        """In how many of the chunks that may be found each stem stands."""
        scope, ledger = self._scope(filter, use), self._ledger.read()
        return {root: lexical.holding(ledger, root, scope.only, scope.without) for root in roots}

    def related(self, path: str, k: int = 10, use: Use = "related") -> list[Passage]:
        """The neighbours of a note that may be put to this use: the best passage of each, best first, itself left out."""
        subject = self._subject(path)
        return self._steadily(lambda: self.near(subject, k, use)) if subject else []

    def neighbours(self, path: str, k: int, use: Use = "related") -> list[Near]:
        """About the same notes, for who ranks them anew. Those of one note are remembered until a note changes: whoever
        proposes something for a saved note asks for them."""
        known, about = (
            self._nearby,
            (path, use, self._ledger.version(), self._ledger.meta(MODEL), self._policy.current.fingerprint),
        )
        if known is None or known[0] != about or known[1] < k:
            subject = self._subject(path)
            found = self._steadily(lambda: self.roughly(subject, k, use)) if subject else []
            known = self._nearby = about, k, found
        return known[2][:k]

    def roughly(self, subject: Subject, k: int, use: Use = "related", weight: float | None = None) -> list[Near]:
        """The same of a subject; `weight` as in `near`."""
        read, scope, depth = self._ledger.read(), self._scope(Filter(), use), DEPTH + len(subject.own)
        stems = salient_stems(read, subject.names, subject.texts)
        words = lexical.rough(read, stems, depth, scope.only, scope.without)
        by_words = [hit for hit in words if hit[0] not in subject.own]
        share = self._related_weight if weight is None else weight
        fused = fuse(stretched(by_words), stretched(self._by_middle(subject, scope)), share)
        path_of = self._ledger.paths_of(hit.occurrence for hit in fused)
        best = best_of_each_note(fused, path_of)
        return [Near(path_of[hit.occurrence], hit.occurrence, hit.score) for hit in best[:k]]

    def firsts(self, paths: Iterable[str]) -> list[Passage]:
        """The first passage of each of these notes, in their order; whether they may be shown is the caller's affair."""
        chunks = [own[0] for path in paths if (own := self._ledger.occurrences_of(path))]
        return [passage_of(chunk, Fused(chunk.id, 0.0, None, None), None, "") for chunk in chunks]

    def _subject(self, path: str) -> Subject | None:
        own, record = self._ledger.occurrences_of(path), self._ledger.note(path)
        if not own or record is None:
            return None
        ids = [chunk.id for chunk in own]
        vectors = self._ledger.embedded(ids)[1]
        return Subject((record.title, *record.aliases), [chunk.text for chunk in own], vectors, frozenset(ids))

    def near(self, subject: Subject, k: int = 10, use: Use = "related", weight: float | None = None) -> list[Passage]:
        """The notes nearest to the subject that may be put to this use: the best passage of each, best first.

        `weight` is the lexical lane's share (0..1), for once another one than is set.
        """
        if k <= 0:
            return []
        query = salient(self._ledger.read(), subject.names, subject.texts)
        scope, depth = self._scope(Filter(), use), DEPTH + len(subject.own)
        words = lexical.like(self._ledger.read(), query, depth, scope.only, scope.without)
        by_words = [hit for hit in words if hit[0] not in subject.own]
        by_vectors = self._by_middle(subject, scope)
        fused = fuse(stretched(by_words), stretched(by_vectors), self._related_weight if weight is None else weight)
        found = self._ledger.occurrences(hit.occurrence for hit in fused)
        best = best_of_each_note(fused, {i: occurrence.note_id for i, occurrence in found.items()})
        return self._passages(best, dict(by_vectors), query, k, found)

    @property
    def _related_weight(self) -> float:
        return RELATED_WEIGHT if self._weights.related is None else self._weights.related

    def _by_middle(self, subject: Subject, scope: Scope) -> list[Hit]:
        if not len(subject.vectors):
            return []
        near = self._nearest(middle(subject.vectors), DEPTH + len(subject.own), scope)
        return [hit for hit in near if hit[0] not in subject.own][:DEPTH]

    def _scope(self, narrow: Filter, use: Use) -> Scope:
        return Scope(self._ledger.allowed(narrow, self._denials.of(use)))

    def _nearest(self, vector: Vectors, k: int, scope: Scope) -> list[Hit]:
        try:
            return scope.lets(self._store.query(vector, k + len(scope.without), scope.only))[:k]
        except StoreBrokenError as error:
            log.warning("Searching the ledger's vectors instead: %s", error)
            return self._exact(vector, k, self._ids(scope))

    def _every(self, vector: Vectors, scope: Scope) -> list[Hit]:
        ids = self._ids(scope)
        try:
            return scope.lets(self._store.query(vector, len(ids), ids))
        except StoreBrokenError as error:
            log.warning("Searching the ledger's vectors instead: %s", error)
            return self._exact(vector, len(ids), ids)

    def _ids(self, scope: Scope) -> Ids:
        ids = self._ledger.embedded_ids() if scope.only is None else scope.only
        return np.setdiff1d(ids, scope.without, assume_unique=True)

    def _exact(self, vector: Vectors, k: int, ids: Ids) -> list[Hit]:
        known, vectors = self._ledger.embedded(ids.tolist())
        hits = nearest(np.array(known, np.int64), vectors, vector, k) if known and k > 0 else []
        return [(hit.occurrence, hit.similarity) for hit in hits]

    def _passages(
        self,
        fused: Sequence[Fused],
        similarities: Mapping[int, float],
        query: str,
        k: int,
        found: Mapping[int, Occurrence] | None = None,
    ) -> list[Passage]:
        """The first `k` that the ledger still knows: what was deleted meanwhile is not shown."""
        shown: list[Passage] = []
        most = min(k, MOST)
        for start in range(0, len(fused) if most > 0 else 0, max(most, 1)):
            part = fused[start : start + most]
            known = found or self._ledger.occurrences(hit.occurrence for hit in part)
            there = [hit for hit in part if hit.occurrence in known][: most - len(shown)]
            shown += [passage_of(known[hit.occurrence], hit, similarities.get(hit.occurrence), query) for hit in there]
            if len(shown) == most:
                break
        return shown
