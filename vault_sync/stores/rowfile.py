"""Vectors by id in two files, appended to and mapped into memory. One process owns them (the vault's lock sees to it).

`N.vectors` holds one row of float32 after another; `N.ids` a header and, for each row, its id and its checksum, written
after the row. An id of -1 marks a row that was erased; a file without these is written under the next number and takes
the old one's place whole. `sealed` in the header says that all was on the disk when the files were closed; otherwise
each row is compared with its checksum when they are opened, and one that a crash left torn or empty is erased.
"""

import mmap
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vault_sync.databases import durable
from vault_sync.ports import Vectors

ERASED = -1
BLOCK = 4096
"""Rows that are read or copied at once: 6 MB of 384 numbers each."""
_MAGIC = b"FAMROWS1"
_HEADER = struct.Struct("<8sII16x")
_RECORD = np.dtype([("id", "<i8"), ("checksum", "<u4"), ("unused", "<u4")])
_SEALED = 12
"""Where in the header it stands whether the files are sealed."""


class RowDamageError(ValueError):
    """The files are not what they should be; says why."""


class RowFile:
    """The two files of one number, open. Used by one thread at a time; what `ids` and `map` gave stays as it was, but
    for rows that were erased since: they are zeros."""

    def __init__(self, folder: Path, number: int) -> None:
        """Open files that are there. Raises RowDamageError, OSError."""
        self.number = number
        self._places = places(folder, number)
        self._rows, self._records = (os.open(place, os.O_RDWR) for place in self._places)
        try:
            self.dimensions, self.sealed = self._header()
            self.ids: NDArray[np.int64] = self._read_ids()
            self.torn = 0 if self.sealed else self._erase_torn()
            """How many rows were erased when the files were opened, since a crash had left them torn or empty."""
        except BaseException:
            self.close()
            raise
        self._unsealed = not self.sealed

    @classmethod
    def made(cls, folder: Path, number: int, dimensions: int) -> "RowFile":
        """Make empty files and open them. Raises OSError."""
        rows, records = places(folder, number)
        folder.mkdir(parents=True, exist_ok=True)
        durable.touch(rows)
        with durable.placed(records) as temporary:
            temporary.write_bytes(_HEADER.pack(_MAGIC, dimensions, 1))
        return cls(folder, number)

    def _header(self) -> tuple[int, bool]:
        data = os.pread(self._records, _HEADER.size, 0)
        if len(data) < _HEADER.size:
            raise RowDamageError("the file of ids has no header")
        magic, dimensions, sealed = _HEADER.unpack(data)
        if magic != _MAGIC or not 0 < dimensions < 2**16 or sealed not in (0, 1):
            raise RowDamageError("the header of the file of ids is not one of this program")
        return dimensions, bool(sealed)

    def _read_ids(self) -> NDArray[np.int64]:
        """As many as both files hold whole. A sealed file has no other."""
        size = os.fstat(self._records).st_size - _HEADER.size
        there = os.fstat(self._rows).st_size // self._row
        whole = min(size // _RECORD.itemsize, there)
        if self.sealed and (size != whole * _RECORD.itemsize or there != whole):
            raise RowDamageError("the files of vectors and of ids do not belong together")
        data = os.pread(self._records, whole * _RECORD.itemsize, _HEADER.size)
        records = np.frombuffer(data, _RECORD)
        self._checksums = records["checksum"].copy()
        return records["id"].astype(np.int64)

    def _erase_torn(self) -> int:
        matrix, torn = self.map(), []
        for row in np.flatnonzero(self.ids != ERASED).tolist():
            if zlib.crc32(matrix[row].data) != self._checksums[row]:
                torn.append(row)
        self._unsealed = True
        self.erase(np.array(torn, dtype=np.int64))
        return len(torn)

    @property
    def _row(self) -> int:
        """Bytes of a row."""
        return 4 * self.dimensions

    def check(self) -> None:
        """Raises RowDamageError where the vectors were cut short: to read them through a map would end the process."""
        if os.fstat(self._rows).st_size < len(self.ids) * self._row:
            raise RowDamageError("the file of vectors was cut short")

    def map(self) -> Vectors:
        """The rows (n, d) as they lie in the file, not to be written to. Raises OSError, RowDamageError."""
        self.check()
        if not len(self.ids):
            return np.zeros((0, self.dimensions), np.float32)
        data = mmap.mmap(self._rows, len(self.ids) * self._row, access=mmap.ACCESS_READ)
        return np.frombuffer(data, np.float32).reshape(len(self.ids), self.dimensions)

    def append(self, ids: NDArray[np.int64], vectors: Vectors) -> None:
        """Add rows (n, d). Raises OSError, RowDamageError; nothing is added then."""
        self.check()
        self.unseal()
        fresh = np.ascontiguousarray(vectors, dtype="<f4")
        records = np.zeros(len(ids), _RECORD)
        records["id"], records["checksum"] = ids, [zlib.crc32(row.data) for row in fresh]
        _write(self._rows, fresh.data.cast("B"), len(self.ids) * self._row)
        _write(self._records, records.tobytes(), self._record(len(self.ids)))
        self.ids = np.concatenate([self.ids, np.asarray(ids, np.int64)])

    def erase(self, rows: NDArray[np.int64]) -> None:
        """Mark these rows as erased, and overwrite them. Raises OSError."""
        if not len(rows):
            return
        self.unseal()
        nothing = bytes(self._row)
        for row in rows.tolist():
            _write(self._records, struct.pack("<q", ERASED), self._record(row))
            # What a note meant is gone with it, and not only when the files are written anew.
            _write(self._rows, nothing, row * self._row)
        ids = self.ids.copy()
        ids[rows] = ERASED
        self.ids = ids

    def compacted(self, folder: Path) -> "RowFile":
        """The same without erased rows, under the next number. Raises OSError; these files stay as they are."""
        made = RowFile.made(folder, self.number + 1, self.dimensions)
        try:
            matrix, live = self.map(), np.flatnonzero(self.ids != ERASED)
            for start in range(0, len(live), BLOCK):
                rows = live[start : start + BLOCK]
                made.append(self.ids[rows], matrix[rows])
            made.seal()
        except BaseException:
            made.remove()
            raise
        return made

    def _record(self, row: int) -> int:
        return _HEADER.size + row * _RECORD.itemsize

    def unseal(self) -> None:
        """Before the first change: whoever finds the files after a crash must know that they were in use."""
        if not self._unsealed:
            self._mark(sealed=False)
            self._unsealed = True

    def seal(self) -> None:
        """All of it is on the disk from now on. Raises OSError."""
        if self._unsealed:
            os.ftruncate(self._rows, len(self.ids) * self._row)
            os.ftruncate(self._records, self._record(len(self.ids)))
            os.fsync(self._rows)
            os.fsync(self._records)
            self._mark(sealed=True)
            self._unsealed = False

    def _mark(self, *, sealed: bool) -> None:
        _write(self._records, struct.pack("<I", sealed), _SEALED)
        os.fsync(self._records)

    def close(self) -> None:
        """Let go of the files. What was mapped can still be read."""
        for handle in (self._rows, self._records):
            os.close(handle)

    def remove(self) -> None:
        """Close and delete them."""
        self.close()
        for place in self._places:
            place.unlink(missing_ok=True)


def places(folder: Path, number: int) -> tuple[Path, Path]:
    """The files of vectors and of ids."""
    return folder / f"{number}.vectors", folder / f"{number}.ids"


def numbers(folder: Path) -> Iterator[int]:
    """The numbers of the files of ids that are in the folder."""
    return (int(file.stem) for file in folder.glob("*.ids") if file.stem.isdecimal())


def _write(handle: int, data: bytes | memoryview, at: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(handle, view, at)
        view, at = view[written:], at + written
