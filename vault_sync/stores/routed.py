"""Two stores that hold the same: one that answers at once and roughly, and one that compares exactly.

What is added or deleted is in the exact one at once. The graph, which takes long to write, follows when it is told to;
what it has yet to learn is meanwhile compared exactly, so that a search finds the same before and after.

`tests.bench.dense` measures where the line between them is; the constants are from its table.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from vault_sync.errors import StoreAwayError, StoreBrokenError
from vault_sync.ports import ChunkStore, Ids, Neighbour, Stores, Vectors
from vault_sync.search.ids import held, ids_of
from vault_sync.stores.folders import StoreFolders
from vault_sync.stores.lag import Lag

log = logging.getLogger(__name__)

FEW = 10_000
"""Rows, all or those that a filter lets through, up to which comparing each is about as quick as the graph."""
DEEP = 1_000
"""Hits beyond which the graph is slower than comparing exactly."""
SLACK = 1.5
"""How many times what a filter should need is asked of the graph, which may find less among the first."""
AT_ONCE = 512
"""Ids that the graph learns in one step."""
MUCH = 2 * AT_ONCE
"""Ids up to which what it has yet to learn is compared beside its answer. Where it lacks more, the exact store answers
alone; when it is closed so, the next start compares all and fills it."""

ROUNDING = 1e-3
"""How far a number may be from that of the other store, which normalises and rounds."""


class ExactStore(ChunkStore, Protocol):
    """A store that misses nothing."""

    @property
    def sound(self) -> bool:
        """Whether it was closed well the last time, or is new."""
        ...

    def close(self, *, well: bool = True) -> None:
        """Release files and threads; where all was not `well`, it is not sound when it is opened again."""
        ...


class RoutedStore:
    """What is in one store and not in the other is noticed by `fit`; until then the exact one answers, if it has more.

    Written to from one thread at a time, and searched from several.
    """

    def __init__(self, graph: ChunkStore, exact: ExactStore) -> None:
        self._graph = graph
        self._exact = exact
        self._lag = Lag()
        self._doubted = False
        """Whether the graph could not be used since its ids were compared: it may have come back as another one."""
        self._trouble: StoreBrokenError | None = None
        """What kept the graph from answering the last search."""
        try:
            self._even = graph.count() == exact.count()
        except StoreBrokenError:  # a server that is away: `fit` asks it again
            self._even = False

    @property
    def damage(self) -> str:
        """Why what one of them held was thrown away when it was opened; empty where both could be used."""
        return str(getattr(self._graph, "damage", "") or getattr(self._exact, "damage", ""))

    @property
    def behind(self) -> int:
        """How many ids the graph has yet to learn of."""
        return len(self._lag)

    def add(self, occurrences: Sequence[int], vectors: Vectors) -> None:
        """Store vectors (n, d) under ids; one that is stored already keeps the vector that it has."""
        self._exact.add(occurrences, vectors)
        self._lag = self._lag.with_added(occurrences)

    def delete(self, occurrences: Sequence[int]) -> None:
        """Forget these ids; unknown ones are no error."""
        # First what searches look at: the graph still has them.
        self._lag = self._lag.with_deleted(occurrences)
        self._exact.delete(occurrences)

    def catch_up(self) -> None:
        """Let the graph learn some of what it has yet to learn. Raises StoreBrokenError."""
        part = self._lag.part(AT_ONCE)
        with self._uneven_if_broken():
            self._graph.delete(sorted(part.deleted))
            if known := self._exact.get(sorted(part.added)):
                self._graph.add(list(known), np.stack(list(known.values())))
            # Last: until now, searches looked in the exact store for what the graph just learnt.
            self._lag = self._lag.without(part)
            self._count()

    @contextmanager
    def _uneven_if_broken(self) -> Iterator[None]:
        try:
            yield
        except StoreBrokenError:
            self._even, self._doubted = False, True
            raise

    def _count(self) -> None:
        if not self._even and not self._lag:
            self._even = self._graph.count() == self._exact.count()

    def query(self, vector: Vectors, k: int, among: Ids | None = None) -> list[Neighbour]:
        """The `k` most similar occurrences, best first; ties by id."""
        # Before the graph is asked: what it learns in this moment is then found in the exact store, and once.
        lag, deep = self._lag, self._depth(k, among)
        if deep is None or not self._even or len(lag) > MUCH:
            return self._exact.query(vector, k, among)
        try:
            near = self._graph.query(vector, deep + len(lag.deleted))
        except StoreBrokenError as error:
            self._trouble = error
            log.warning("Comparing exactly instead: %s", error)
            return self._exact.query(vector, k, among)
        self._trouble = None
        learnt = [hit for hit in near if hit.occurrence not in lag]
        found = learnt if among is None else _within(learnt, among)
        if among is not None and len(found) < k:
            return self._exact.query(vector, k, among)
        return _first([*found, *self._unlearnt(lag, vector, k, among)], k) if lag.added else found[:k]

    def _depth(self, k: int, among: Ids | None) -> int | None:
        """How many the graph should be asked for; None where it is quicker to compare exactly."""
        rows = self._exact.count()
        if min(rows, rows if among is None else len(among)) <= FEW:
            return None
        deep = k if among is None else int(k * rows / len(among) * SLACK)
        return deep if deep <= DEEP else None

    def _unlearnt(self, lag: Lag, vector: Vectors, k: int, among: Ids | None) -> list[Neighbour]:
        """What is found among those that the graph does not have yet."""
        ids = ids_of(lag.added)
        return self._exact.query(vector, k, ids if among is None else ids[held(ids, among)])

    def count(self) -> int:
        """How many occurrences are stored."""
        return self._exact.count()

    def ids(self) -> set[int]:
        """What either of them holds, as far as it has learnt."""
        return (self._graph.ids() - self._lag.deleted) | self._exact.ids()

    def fit(self, wanted: Ids) -> Ids:
        """Forget all but these ids; says which of them are not stored. What only the exact store has is the graph's to learn.

        The graph is not asked for all of its ids, which takes seconds where there are many, if it has as many as the
        exact store, which knows that both were closed well, and nothing went wrong since.
        """
        trusted = self._exact.sound and self._even and not self._lag and not self._doubted
        lacking = self._exact.fit(wanted)
        with self._uneven_if_broken():
            if trusted and not len(lacking) and self._graph.count() == self._exact.count():
                return lacking
            beyond = self._graph.fit(wanted)
            known = np.setdiff1d(lacking, beyond, assume_unique=True)
            if len(known):
                self._copy(known)
            nowhere = np.intersect1d(lacking, beyond, assume_unique=True)
            self._lag = Lag(frozenset(np.setdiff1d(beyond, nowhere, assume_unique=True).tolist()))
            self._even, self._doubted = True, False
            return nowhere

    def _copy(self, ids: Ids) -> None:
        """Give the exact store what only the graph holds."""
        for start in range(0, len(ids), 5000):
            known = self._graph.get(ids[start : start + 5000].tolist())
            self._exact.add(list(known), np.stack(list(known.values())))

    def get(self, occurrences: Sequence[int]) -> dict[int, Vectors]:
        """The stored vectors (d,) by id; unknown ids are left out.

        Where the two do not agree, or one has none, it is zeros: whoever compares with the ledger takes neither for
        right. What the graph has yet to learn is no disagreement.
        """
        lag = self._lag
        exact, graph = self._exact.get(occurrences), self._graph.get(occurrences)
        learnt = {i: v for i, v in graph.items() if i not in lag}
        agreed = {i: v for i, v in exact.items() if i in lag or (i in learnt and _alike(v, learnt[i]))}
        return {i: agreed.get(i, np.zeros_like(v)) for i, v in {**learnt, **exact}.items()}

    def reset(self) -> None:
        """Forget everything."""
        self._exact.reset()
        self._graph.reset()
        self._lag, self._even, self._doubted, self._trouble = Lag(), True, False, None

    def check(self) -> None:
        """Raises StoreBrokenError where one of them can not be used, as far as is known."""
        self._exact.check()
        self._graph.check()
        if self._trouble is not None and not isinstance(self._trouble, StoreAwayError):
            raise self._trouble

    def close(self) -> None:
        """Release files and threads, last of the one that remembers whether all ended well."""
        try:
            while 0 < self.behind <= MUCH:
                self.catch_up()
        except StoreBrokenError as error:
            log.warning("The next start compares all vectors: %s", error)
        self._graph.close()
        self._exact.close(well=self._even and not self._lag and not self._doubted)


@dataclass(frozen=True)
class RoutedStores:
    """Pairs of stores, one a generation."""

    graphs: Stores
    exacts: StoreFolders[ExactStore]

    def open(self, generation: int) -> RoutedStore:
        """The pair of a generation. Raises StoreBrokenError where not even an empty one can be made."""
        return RoutedStore(self.graphs.open(generation), self.exacts.open(generation))

    def kept(self) -> set[int]:
        """The generations of which there is anything. Raises StoreBrokenError."""
        return self.graphs.kept() | self.exacts.kept()

    def drop(self, generation: int) -> None:
        """Delete the pair of a generation, which must be closed. Raises StoreBrokenError."""
        self.exacts.drop(generation)
        self.graphs.drop(generation)

    def close(self) -> None:
        """Release what the stores share."""
        self.graphs.close()


def _alike(one: Vectors, other: Vectors) -> bool:
    return one.shape == other.shape and bool(np.allclose(one, other, atol=ROUNDING))


def _first(found: Iterable[Neighbour], k: int) -> list[Neighbour]:
    return sorted(found, key=lambda hit: (-hit.similarity, hit.occurrence))[:k]


def _within(near: Sequence[Neighbour], among: Ids) -> list[Neighbour]:
    inside = held(np.array([hit.occurrence for hit in near], np.int64), among)
    return [hit for hit, is_in in zip(near, inside.tolist(), strict=True) if is_in]
