"""Two stores that hold the same: one that answers at once and roughly, and one that compares exactly.

`tests.bench.dense` measures where the line between them is; the constants are from its table.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from vault_sync.errors import StoreAwayError, StoreBrokenError
from vault_sync.ids import held
from vault_sync.ports import ChunkStore, Ids, Neighbour, Stores, Vectors
from vault_sync.stores.folders import StoreFolders

log = logging.getLogger(__name__)

FEW = 10_000
"""Rows, all or those that a filter lets through, up to which comparing each is about as quick as the graph."""
DEEP = 1_000
"""Hits beyond which the graph is slower than comparing exactly."""
SLACK = 1.5
"""How many times what a filter should need is asked of the graph, which may find less among the first."""


ROUNDING = 1e-3
"""How far a number may be from that of the other store, which normalises and rounds."""


class ExactStore(ChunkStore, Protocol):
    """A store that misses nothing."""

    @property
    def sound(self) -> bool:
        """Whether it was closed well the last time, or is new."""
        ...


class RoutedStore:
    """What is in one store and not in the other is noticed by `fit`; until then the exact one answers, if it has more."""

    def __init__(self, graph: ChunkStore, exact: ExactStore) -> None:
        self._graph = graph
        self._exact = exact
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

    def add(self, occurrences: Sequence[int], vectors: Vectors) -> None:
        """Store vectors (n, d) under ids; one that is stored already keeps the vector that it has."""
        # First the one that remembers not to have been closed well, should this be the end.
        self._exact.add(occurrences, vectors)
        with self._uneven_if_broken():
            self._graph.add(occurrences, vectors)
            self._count()

    def delete(self, occurrences: Sequence[int]) -> None:
        """Forget these ids; unknown ones are no error."""
        self._exact.delete(occurrences)
        with self._uneven_if_broken():
            self._graph.delete(occurrences)
            self._count()

    @contextmanager
    def _uneven_if_broken(self) -> Iterator[None]:
        try:
            yield
        except StoreBrokenError:
            self._even = False
            raise

    def _count(self) -> None:
        if not self._even:
            self._even = self._graph.count() == self._exact.count()

    def query(self, vector: Vectors, k: int, among: Ids | None = None) -> list[Neighbour]:
        """The `k` most similar occurrences, best first; ties by id."""
        deep = self._depth(k, among)
        if deep is None or not self._even:
            return self._exact.query(vector, k, among)
        try:
            near = self._graph.query(vector, deep)
        except StoreBrokenError as error:
            self._trouble = error
            log.warning("Comparing exactly instead: %s", error)
            return self._exact.query(vector, k, among)
        self._trouble = None
        found = near if among is None else _within(near, among)
        return found[:k] if among is None or len(found) >= k else self._exact.query(vector, k, among)

    def _depth(self, k: int, among: Ids | None) -> int | None:
        """How many the graph should be asked for; None where it is quicker to compare exactly."""
        rows = self._exact.count()
        if min(rows, rows if among is None else len(among)) <= FEW:
            return None
        deep = k if among is None else int(k * rows / len(among) * SLACK)
        return deep if deep <= DEEP else None

    def count(self) -> int:
        """How many occurrences are stored."""
        return self._exact.count()

    def ids(self) -> set[int]:
        """What either of them holds."""
        return self._graph.ids() | self._exact.ids()

    def fit(self, wanted: Ids) -> Ids:
        """Forget all but these ids; says which of them are not stored.

        The graph is not asked for all of its ids, which takes seconds where there are many, if it has as many as the
        exact store, which knows that both were closed well.
        """
        trusted = self._exact.sound and self._even
        lacking = self._exact.fit(wanted)
        if trusted and not len(lacking) and self._graph.count() == self._exact.count():
            return lacking
        beyond = self._graph.fit(wanted)
        known = np.setdiff1d(lacking, beyond, assume_unique=True)
        if len(known):
            self._copy(known)
        self._even = self._graph.count() == self._exact.count()
        return beyond

    def _copy(self, ids: Ids) -> None:
        """Give the exact store what only the graph holds."""
        for start in range(0, len(ids), 5000):
            known = self._graph.get(ids[start : start + 5000].tolist())
            self._exact.add(list(known), np.stack(list(known.values())))

    def get(self, occurrences: Sequence[int]) -> dict[int, Vectors]:
        """The stored vectors (d,) by id; unknown ids are left out.

        Where the two do not agree, or one has none, it is zeros: whoever compares with the ledger takes neither for right.
        """
        exact, graph = self._exact.get(occurrences), self._graph.get(occurrences)
        agreed = {i: v for i, v in exact.items() if i in graph and _alike(v, graph[i])}
        return {i: agreed.get(i, np.zeros_like(v)) for i, v in {**exact, **graph}.items()}

    def reset(self) -> None:
        """Forget everything."""
        self._exact.reset()
        self._graph.reset()
        self._even, self._trouble = True, None

    def check(self) -> None:
        """Raises StoreBrokenError where one of them can not be used, as far as is known."""
        self._exact.check()
        self._graph.check()
        if self._trouble is not None and not isinstance(self._trouble, StoreAwayError):
            raise self._trouble

    def close(self) -> None:
        """Release files and threads, last of the one that remembers whether all ended well."""
        self._graph.close()
        self._exact.close()


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


def _within(near: Sequence[Neighbour], among: Ids) -> list[Neighbour]:
    inside = held(np.array([hit.occurrence for hit in near], np.int64), among)
    return [hit for hit, is_in in zip(near, inside.tolist(), strict=True) if is_in]
