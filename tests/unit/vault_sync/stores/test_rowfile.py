"""Real files, cut, torn and overwritten as crashes and full disks leave them."""

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from vault_sync.ports import Vectors
from vault_sync.stores import rowfile
from vault_sync.stores.rowfile import ERASED, RowDamageError, RowFile, numbers, places

D = 8


def vectors(count: int, seed: int = 0) -> Vectors:
    made = np.random.default_rng(seed).normal(size=(count, D))
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), np.float32)


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[RowFile]:
    """Ten rows with the ids 10 to 19, open."""
    made = RowFile.made(tmp_path, 1, D)
    made.append(np.arange(10, 20), vectors(10))
    yield made


def crash(rows: RowFile) -> None:
    """The process ends without closing."""
    rows.close()


def change(file: Path, at: int, data: bytes) -> None:
    with file.open("r+b") as handle:
        handle.seek(at)
        handle.write(data)


def cut(file: Path, size: int) -> None:
    os.truncate(file, size)


def test_rows_come_back_as_they_were(rows: RowFile, tmp_path: Path) -> None:
    rows.erase(np.array([3, 7]))
    rows.append(np.array([30]), vectors(1, seed=1))
    rows.seal()
    rows.close()
    again = RowFile(tmp_path, 1)
    assert again.sealed and not again.torn and again.dimensions == D
    assert again.ids.tolist() == [10, 11, 12, ERASED, 14, 15, 16, ERASED, 18, 19, 30]
    written = np.concatenate([vectors(10), vectors(1, seed=1)])
    written[[3, 7]] = 0
    assert np.array_equal(again.map(), written)
    assert vectors(10)[3].tobytes() not in places(tmp_path, 1)[0].read_bytes()
    again.close()


def test_after_a_crash_everything_that_was_written_is_there(rows: RowFile, tmp_path: Path) -> None:
    crash(rows)
    again = RowFile(tmp_path, 1)
    assert not again.sealed and not again.torn
    assert again.ids.tolist() == list(range(10, 20))
    again.close()


@pytest.mark.parametrize(
    ("spoil", "left"),
    [
        (lambda rows, ids: change(rows, 4 * 4 * D, b"\0" * 4 * D), [0, 1, 2, 3, 5, 6, 7, 8, 9]),
        (lambda rows, ids: change(rows, 4 * 4 * D + 7, b"\x55"), [0, 1, 2, 3, 5, 6, 7, 8, 9]),
        (lambda rows, ids: change(rows, 8 * 4 * D + 5, b"\0" * 100), [0, 1, 2, 3, 4, 5, 6, 7]),
        (lambda rows, ids: cut(rows, 6 * 4 * D + 3), [0, 1, 2, 3, 4, 5]),
        (lambda rows, ids: cut(ids, 32 + 16 * 6 + 3), [0, 1, 2, 3, 4, 5]),
        (lambda rows, ids: cut(rows, 0), []),
        (lambda rows, ids: cut(ids, 32), []),
        (lambda rows, ids: cut(rows, 50 * 4 * D), list(range(10))),
        (lambda rows, ids: cut(ids, 32 + 16 * 11), list(range(10))),
    ],
    ids=["zeros", "bit", "two", "rows cut", "ids cut", "no rows", "no ids", "rows beyond", "ids beyond"],
)
def test_a_crash_costs_no_more_than_the_rows_that_it_tore(
    rows: RowFile, tmp_path: Path, spoil: Callable[[Path, Path], object], left: list[int]
) -> None:
    crash(rows)
    spoil(*places(tmp_path, 1))
    again = RowFile(tmp_path, 1)
    live = np.flatnonzero(again.ids != ERASED)
    assert again.ids[live].tolist() == [10 + i for i in left]
    assert np.array_equal(again.map()[live], vectors(10)[left])
    again.append(np.array([40]), vectors(1, seed=2))
    again.seal()
    again.close()
    third = RowFile(tmp_path, 1)
    assert third.sealed and third.ids[-1] == 40
    assert np.array_equal(third.map()[-1], vectors(1, seed=2)[0])
    third.close()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda rows, ids: ids.write_bytes(b""),
        lambda rows, ids: ids.write_bytes(b"not such a file" * 100),
        lambda rows, ids: change(ids, 8, b"\0\0\0\0"),
        lambda rows, ids: change(ids, 8, (D * 2).to_bytes(4, "little")),
        lambda rows, ids: change(ids, 12, b"\7"),
        lambda rows, ids: cut(rows, 5 * 4 * D),
        lambda rows, ids: cut(rows, 11 * 4 * D),
        lambda rows, ids: cut(ids, 40),
    ],
    ids=["empty", "foreign", "no dimensions", "other dimensions", "mark", "rows cut", "rows beyond", "ids cut"],
)
def test_a_sealed_file_that_is_not_whole_is_not_believed(
    rows: RowFile, tmp_path: Path, spoil: Callable[[Path, Path], object]
) -> None:
    rows.seal()
    rows.close()
    spoil(*places(tmp_path, 1))
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(RowDamageError):
        RowFile(tmp_path, 1)
    assert len(os.listdir("/proc/self/fd")) == before, "nothing stays open"


def test_vectors_that_are_cut_short_while_open_are_not_read(rows: RowFile, tmp_path: Path) -> None:
    cut(places(tmp_path, 1)[0], 3)
    for work in (rows.check, rows.map, lambda: rows.append(np.array([1]), vectors(1))):
        with pytest.raises(RowDamageError, match="cut short"):
            work()
    rows.close()


def test_what_was_mapped_stays_as_it_was(rows: RowFile, tmp_path: Path) -> None:
    ids, matrix = rows.ids, rows.map()
    rows.append(np.array([30]), vectors(1, seed=1))
    rows.erase(np.array([0]))
    assert ids.tolist() == list(range(10, 20)) and np.array_equal(matrix[1:], vectors(10)[1:])
    assert not matrix[0].any(), "but for what was erased"
    assert not matrix.flags.writeable
    rows.remove()
    assert np.array_equal(matrix[1:], vectors(10)[1:])
    assert not list(tmp_path.iterdir())


def test_compaction_writes_the_next_number_and_leaves_the_old_one(rows: RowFile, tmp_path: Path) -> None:
    rows.erase(np.array([0, 1, 2, 9]))
    made = rows.compacted(tmp_path)
    assert (made.number, made.ids.tolist()) == (2, [13, 14, 15, 16, 17, 18])
    assert np.array_equal(made.map(), vectors(10)[3:9])
    assert sorted(numbers(tmp_path)) == [1, 2]
    assert rows.ids.tolist()[3] == 13
    made.close()
    rows.close()


def full(handle: int, data: object, at: int) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_compaction_that_fails_leaves_nothing_behind(
    rows: RowFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rowfile, "_write", full)
    with pytest.raises(OSError, match="No space"):
        rows.compacted(tmp_path)
    assert sorted(numbers(tmp_path)) == [1]
    rows.close()


def test_a_full_disk_adds_nothing(rows: RowFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = rowfile._write

    def full_for_ids(handle: int, data: bytes | memoryview, at: int) -> None:
        if len(data) == 16:
            full(handle, data, at)
        write(handle, data, at)

    with monkeypatch.context() as patch:
        patch.setattr(rowfile, "_write", full_for_ids)
        with pytest.raises(OSError, match="No space"):
            rows.append(np.array([30]), vectors(1, seed=1))
    assert rows.ids.tolist() == list(range(10, 20))
    rows.append(np.array([31]), vectors(1, seed=2))
    assert np.array_equal(rows.map()[-1], vectors(1, seed=2)[0])
    rows.close()


def test_nothing_is_written_before_the_first_change(rows: RowFile, tmp_path: Path) -> None:
    rows.seal()
    rows.close()
    before = [file.read_bytes() for file in places(tmp_path, 1)]
    again = RowFile(tmp_path, 1)
    again.map()
    crash(again)
    assert [file.read_bytes() for file in places(tmp_path, 1)] == before
