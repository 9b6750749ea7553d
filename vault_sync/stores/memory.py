"""Vectors in memory, searched exactly: for tests, for small vaults, and as the measure of the other stores."""

from collections.abc import Sequence
from threading import Lock

import numpy as np

from vault_sync.errors import StoreBrokenError
from vault_sync.ports import Neighbour, Vectors


class MemoryStore:
    """A matrix of vectors; nothing outlives the process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._ids: list[int] = []
        self._matrix: Vectors = np.zeros((0, 0), dtype=np.float32)

    def add(self, occurrences: Sequence[int], vectors: Vectors) -> None:
        """Store vectors (n, d) under ids that are not stored yet."""
        if not len(occurrences):
            return
        with self._lock:
            self._check(vectors.shape[1])
            fresh = np.asarray(vectors, dtype=np.float32)
            self._matrix = np.concatenate([self._matrix, fresh]) if self._ids else fresh.copy()
            self._ids = [*self._ids, *map(int, occurrences)]

    def delete(self, occurrences: Sequence[int]) -> None:
        """Forget these ids; unknown ones are no error."""
        gone = set(occurrences)
        with self._lock:
            kept = [row for row, occurrence in enumerate(self._ids) if occurrence not in gone]
            if len(kept) < len(self._ids):
                self._matrix = self._matrix[kept]
                self._ids = [self._ids[row] for row in kept]

    def query(self, vector: Vectors, k: int) -> list[Neighbour]:
        """The `k` most similar occurrences, best first; ties by id."""
        with self._lock:
            ids, matrix = self._ids, self._matrix
            self._check(len(vector))
        if not ids or k <= 0:
            return []
        return nearest(ids, matrix, vector, k)

    def _check(self, dimensions: int) -> None:
        if self._ids and self._matrix.shape[1] != dimensions:
            raise wrong_dimensions(self._matrix.shape[1], dimensions)

    def count(self) -> int:
        """How many occurrences are stored."""
        return len(self._ids)

    def ids(self) -> set[int]:
        """All stored ids."""
        return set(self._ids)

    def get(self, occurrences: Sequence[int]) -> dict[int, Vectors]:
        """The stored vectors (d,) by id; unknown ids are left out."""
        with self._lock:
            rows = {occurrence: row for row, occurrence in enumerate(self._ids)}
            return {i: self._matrix[rows[i]] for i in occurrences if i in rows}

    def reset(self) -> None:
        """Forget everything."""
        with self._lock:
            self._ids, self._matrix = [], np.zeros((0, 0), dtype=np.float32)

    def close(self) -> None:
        """Nothing to release."""


def nearest(ids: Sequence[int], matrix: Vectors, vector: Vectors, k: int) -> list[Neighbour]:
    """The `k` rows of `matrix` (n, d), L2-normalised, most similar to `vector` (d,); ties by id."""
    similarities = matrix @ vector
    order = np.lexsort((np.asarray(ids), -similarities))[:k]
    return [Neighbour(int(ids[row]), float(similarities[row])) for row in order]


def wrong_dimensions(stored: int, given: int) -> StoreBrokenError:
    """The error for vectors of another length than those that are stored."""
    return StoreBrokenError(
        "The vector store does not fit the embedding model.",
        f"It holds vectors of {stored} numbers, and one of {given} came.",
        "Run `famulus index`; the store is then rebuilt from the ledger.",
    )
