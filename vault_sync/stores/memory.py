"""Vectors in memory, searched exactly: for tests, for small vaults, and as the measure of the other stores."""

from collections.abc import Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from vault_sync.errors import StoreBrokenError
from vault_sync.ports import Ids, Neighbour, Vectors


class MemoryStore:
    """A matrix of vectors; nothing outlives the process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._ids: list[int] = []
        self._matrix: Vectors = np.zeros((0, 0), dtype=np.float32)

    def add(self, occurrences: Sequence[int], vectors: Vectors) -> None:
        """Store vectors (n, d) under ids; one that is stored already keeps the vector that it has."""
        if not len(occurrences):
            return
        with self._lock:
            self._check(vectors.shape[1])
            stored = set(self._ids)
            rows = [row for row, occurrence in enumerate(occurrences) if occurrence not in stored]
            fresh = np.asarray(vectors, dtype=np.float32)[rows]
            self._matrix = np.concatenate([self._matrix, fresh]) if self._ids else fresh
            self._ids = [*self._ids, *(int(occurrences[row]) for row in rows)]

    def delete(self, occurrences: Sequence[int]) -> None:
        """Forget these ids; unknown ones are no error."""
        gone = set(occurrences)
        with self._lock:
            kept = [row for row, occurrence in enumerate(self._ids) if occurrence not in gone]
            if len(kept) < len(self._ids):
                self._matrix = self._matrix[kept]
                self._ids = [self._ids[row] for row in kept]

    def query(self, vector: Vectors, k: int, among: Ids | None = None) -> list[Neighbour]:
        """The `k` most similar occurrences, best first; ties by id."""
        with self._lock:
            ids, matrix = np.array(self._ids, dtype=np.int64), self._matrix
            self._check(len(vector))
        if among is not None:
            rows = np.flatnonzero(np.isin(ids, among))
            ids, matrix = ids[rows], matrix[rows]
        return nearest(ids, matrix, vector, k) if len(ids) and k > 0 else []

    def _check(self, dimensions: int) -> None:
        if self._ids and self._matrix.shape[1] != dimensions:
            raise wrong_dimensions(self._matrix.shape[1], dimensions)

    @property
    def behind(self) -> int:
        """Nothing: all of it is found at once."""
        return 0

    def catch_up(self) -> None:
        """Nothing is left for later."""

    def count(self) -> int:
        """How many occurrences are stored."""
        return len(self._ids)

    def ids(self) -> set[int]:
        """All stored ids."""
        return set(self._ids)

    def fit(self, wanted: Ids) -> Ids:
        """Forget all but these ids; says which of them are not stored."""
        stored = np.array(sorted(self.ids()), np.int64)
        self.delete(np.setdiff1d(stored, wanted, assume_unique=True).tolist())
        return np.setdiff1d(wanted, stored, assume_unique=True)

    def get(self, occurrences: Sequence[int]) -> dict[int, Vectors]:
        """The stored vectors (d,) by id; unknown ids are left out."""
        with self._lock:
            rows = {occurrence: row for row, occurrence in enumerate(self._ids)}
            return {i: self._matrix[rows[i]] for i in occurrences if i in rows}

    def reset(self) -> None:
        """Forget everything."""
        with self._lock:
            self._ids, self._matrix = [], np.zeros((0, 0), dtype=np.float32)

    def check(self) -> None:
        """It can always be used."""

    def close(self) -> None:
        """Nothing to release."""


class MemoryStores:
    """Stores in memory, one a generation."""

    def __init__(self) -> None:
        self._stores: dict[int, MemoryStore] = {}

    def open(self, generation: int) -> MemoryStore:
        """The store of a generation."""
        return self._stores.setdefault(generation, MemoryStore())

    def kept(self) -> set[int]:
        """The generations that have a store."""
        return set(self._stores)

    def drop(self, generation: int) -> None:
        """Forget the store of a generation."""
        self._stores.pop(generation, None)

    def close(self) -> None:
        """Nothing to release."""


def nearest(ids: NDArray[np.int64], matrix: Vectors, vector: Vectors, k: int) -> list[Neighbour]:
    """The `k` rows of `matrix` (n, d), L2-normalised, most similar to `vector` (d,); ties by id."""
    return first(ids, matrix @ vector, k)


def first(ids: NDArray[np.int64], similarities: Vectors, k: int) -> list[Neighbour]:
    """The `k` > 0 most similar of `ids`, given their similarities (n,); ties by id."""
    if len(ids) > k:
        # Everything from the k-th best on, also where several are as good as that one: ties go by id, not by place.
        least = np.partition(similarities, len(ids) - k)[len(ids) - k]
        best = np.flatnonzero(similarities >= least)
        ids, similarities = ids[best], similarities[best]
    order = np.lexsort((ids, -similarities))[:k]
    return [Neighbour(int(ids[row]), float(similarities[row])) for row in order]


def wrong_dimensions(stored: int, given: int) -> StoreBrokenError:
    """The error for vectors of another length than those that are stored."""
    return StoreBrokenError(
        "The vector store does not fit the embedding model.",
        f"It holds vectors of {stored} numbers, and one of {given} came.",
        "Run `famulus index`; the store is then rebuilt from the ledger.",
    )
