"""Vectors in mapped files, searched exactly: for small vaults, and where a search is narrowed to some occurrences."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import RLock

import numpy as np
from numpy.typing import NDArray

from vault_sync.errors import StoreBrokenError
from vault_sync.ports import Ids, Neighbour, Vectors
from vault_sync.search.ids import places
from vault_sync.stores import rowfile
from vault_sync.stores.memory import first, wrong_dimensions
from vault_sync.stores.rowfile import ERASED, RowDamageError, RowFile, numbers

log = logging.getLogger(__name__)

BLOCK = 400_000
"""Numbers that are multiplied at once. BLAS takes several threads for more, which wait for each other: on two busy
cores that made a search of 5,000 rows a hundred times slower."""
GARBAGE = 1000
"""Erased rows up to which the files are left alone; beyond, they are written anew once most rows are erased."""
MANY = 0.4
"""The share of the rows from which on it is quicker to compare all in their order than to pick those that count."""


@dataclass(frozen=True)
class _View:
    """The rows at one moment: what a search reads, while others may be added or erased."""

    ids: NDArray[np.int64]
    matrix: Vectors

    @cached_property
    def live(self) -> tuple[Ids, NDArray[np.int64]]:
        """The ids that are stored, sorted, and the row of each."""
        rows = np.flatnonzero(self.ids != ERASED)
        ids = self.ids[rows]
        order = np.argsort(ids, kind="stable")
        return ids[order], rows[order]

    def rows(self, wanted: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Those of the ids that are stored, and the row of each."""
        ids, rows = self.live
        known, found = places(wanted, ids)
        return wanted[known], rows[found[known]]


_NOTHING = _View(np.zeros(0, np.int64), np.zeros((0, 0), np.float32))


class MappedStore:
    """The rows of `folder`. What can not be used is thrown away, and the ledger fills it anew."""

    def __init__(self, folder: Path) -> None:
        """Raises StoreBrokenError where the folder can be neither read nor written."""
        self._folder = folder
        self._lock = RLock()
        self._file: RowFile | None = None
        self._view = _NOTHING
        self.damage = ""
        """Why what lay in the folder was thrown away when it was opened; empty where it could be used."""
        self.sound = True
        """Whether it was closed well the last time, or is new."""
        with _translated(folder):
            self._open()

    def _open(self) -> None:
        found = sorted(numbers(self._folder))
        self._number = found[-1] if found else 0
        if not found:
            return
        try:
            self._file = RowFile(self._folder, self._number)
        except (RowDamageError, FileNotFoundError) as error:
            log.warning("The mapped vectors are made anew: %s.", error)
            self.damage, self.sound = str(error), False
            self._clear()
            return
        self.sound = self._file.sealed
        if self._file.torn:
            log.warning("A crash left %d mapped vectors torn: they are taken from the ledger again.", self._file.torn)
        self._look()
        self._clear(keep=self._number)

    def _clear(self, keep: int | None = None) -> None:
        """Delete what earlier runs left behind."""
        kept = () if keep is None else rowfile.places(self._folder, keep)
        for file in self._folder.glob("*"):
            if file.is_file() and file not in kept:
                file.unlink(missing_ok=True)

    def _look(self) -> None:
        """Let searches see what the files hold now."""
        self._view = _NOTHING if self._file is None else _View(self._file.ids, self._file.map())

    def add(self, occurrences: Sequence[int], vectors: Vectors) -> None:
        """Store vectors (n, d) under ids; one that is stored already keeps the vector that it has."""
        if not len(occurrences):
            return
        with self._lock, _translated(self._folder):
            file, ids = self._fitting(vectors.shape[1]), np.asarray(occurrences, np.int64)
            fresh = ~np.isin(ids, self._view.live[0])
            if fresh.any():
                file.append(ids[fresh], vectors[fresh])
                self._look()

    def _fitting(self, dimensions: int) -> RowFile:
        """The file for vectors of this length; a new one where nothing is stored."""
        if self._file is None or (self._file.dimensions != dimensions and not self.count()):
            self._drop()
            self._number += 1
            self._file = RowFile.made(self._folder, self._number, dimensions)
        if self._file.dimensions != dimensions:
            raise wrong_dimensions(self._file.dimensions, dimensions)
        return self._file

    def delete(self, occurrences: Sequence[int]) -> None:
        """Forget these ids; unknown ones are no error."""
        with self._lock, _translated(self._folder):
            rows = self._view.rows(np.array(occurrences, np.int64))[1]
            if self._file is None or not len(rows):
                return
            self._file.erase(rows)
            self._compact()
            self._look()

    def _compact(self) -> None:
        if self._file is not None and len(self._file.ids) > GARBAGE:
            live = int(np.count_nonzero(self._file.ids != ERASED))
            if len(self._file.ids) - live > max(GARBAGE, live):
                old, self._file = self._file, self._file.compacted(self._folder)
                self._number = self._file.number
                old.remove()

    def query(self, vector: Vectors, k: int, among: Ids | None = None) -> list[Neighbour]:
        """The `k` most similar occurrences, best first; ties by id."""
        view, file = self._view, self._file
        if file is None or not view.live[0].size:
            return []
        if view.matrix.shape[1] != len(vector):
            raise wrong_dimensions(view.matrix.shape[1], len(vector))
        with _translated(self._folder):
            file.check()
        ids, rows = view.live if among is None else view.rows(among)
        if k <= 0 or not len(ids):
            return []
        return first(ids, _similarities(view.matrix, rows, np.asarray(vector, np.float32)), k)

    def count(self) -> int:
        """How many occurrences are stored."""
        return len(self._view.live[0])

    def ids(self) -> set[int]:
        """All stored ids."""
        return set(self._view.live[0].tolist())

    def fit(self, wanted: Ids) -> Ids:
        """Forget all but these ids; says which of them are not stored."""
        stored = self._view.live[0]
        self.delete(np.setdiff1d(stored, wanted, assume_unique=True).tolist())
        return np.setdiff1d(wanted, stored, assume_unique=True)

    def get(self, occurrences: Sequence[int]) -> dict[int, Vectors]:
        """The stored vectors (d,) by id; unknown ids are left out."""
        view = self._view
        ids, rows = view.rows(np.array(occurrences, np.int64))
        return dict(zip(ids.tolist(), view.matrix[rows], strict=True))

    def reset(self) -> None:
        """Forget everything."""
        with self._lock, _translated(self._folder):
            self._drop()
            self._clear()

    def _drop(self) -> None:
        file, self._file, self._view = self._file, None, _NOTHING
        if file is not None:
            file.remove()

    def check(self) -> None:
        """Raises StoreBrokenError where the files are not what they should be."""
        with self._lock, _translated(self._folder):
            if self._file is not None:
                self._file.check()

    @property
    def behind(self) -> int:
        """Nothing: all of it is found at once."""
        return 0

    def catch_up(self) -> None:
        """Nothing is left for later."""

    def close(self, *, well: bool = True) -> None:
        """Write everything to the disk and release the files; where all was not `well`, they are not sound then."""
        with self._lock, _translated(self._folder):
            file, self._file, self._view = self._file, None, _NOTHING
            if file is not None:
                try:
                    file.seal() if well else file.unseal()
                finally:
                    file.close()


def _similarities(matrix: Vectors, rows: NDArray[np.int64], vector: Vectors) -> Vectors:
    """Of these rows to `vector` (d,), in their order."""
    if len(rows) >= MANY * len(matrix):
        return _products(matrix, None, vector)[rows]
    return _products(matrix, rows, vector)


def _products(matrix: Vectors, rows: NDArray[np.int64] | None, vector: Vectors) -> Vectors:
    """Of these rows, or all, with `vector`: block by block, which leaves it to one thread and in its cache."""
    found = np.empty(len(matrix) if rows is None else len(rows), np.float32)
    block = max(1, BLOCK // len(vector))
    for start in range(0, len(found), block):
        part = slice(start, start + block)
        np.dot(matrix[part] if rows is None else matrix.take(rows[part], axis=0), vector, out=found[part])
    return found


@contextmanager
def _translated(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, RowDamageError) as error:
        raise StoreBrokenError(
            f"The mapped vectors in {str(folder)!r} can not be used.",
            f"{'The system says: ' if isinstance(error, OSError) else 'It is damaged: '}{error}.",
            "Make sure that the folder is yours and its disk has room; they are then made anew from the ledger.",
        ) from error
