import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.unit.vault_sync.stores.test_rowfile import vectors
from vault_sync.errors import StoreBrokenError
from vault_sync.ports import Vectors
from vault_sync.stores import mapped
from vault_sync.stores.mapped import MappedStore


def filled(folder: Path, count: int = 10) -> MappedStore:
    store = MappedStore(folder)
    store.add(range(count), vectors(count))
    return store


def found(store: MappedStore, vector: Vectors, k: int = 5) -> list[int]:
    return [hit.occurrence for hit in store.query(vector, k)]


def files(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_it_keeps_what_it_has(tmp_path: Path) -> None:
    first = filled(tmp_path)
    first.delete([1, 2])
    first.close()
    second = MappedStore(tmp_path)
    assert second.ids() == set(range(10)) - {1, 2}
    assert second.sound and not second.damage
    assert found(second, vectors(10)[4], 1) == [4]
    second.close()


def test_after_a_crash_it_says_so_and_has_what_was_written(tmp_path: Path) -> None:
    filled(tmp_path)
    second = MappedStore(tmp_path)
    assert second.ids() == set(range(10))
    assert not second.sound and not second.damage
    second.close()
    assert MappedStore(tmp_path).sound


def test_a_torn_row_is_left_out_and_can_be_added_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    filled(tmp_path)
    with (tmp_path / "1.vectors").open("r+b") as file:
        file.seek(5 * 4 * 8)
        file.write(b"\0" * 20)
    second = MappedStore(tmp_path)
    assert second.ids() == set(range(10)) - {5}
    assert "left 1 mapped vectors torn" in caplog.text
    second.add([5], vectors(10)[5:6])
    assert found(second, vectors(10)[5], 1) == [5]
    second.close()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: (folder / "1.ids").write_bytes(b"garbage"),
        lambda folder: (folder / "1.vectors").unlink(),
        lambda folder: os.truncate(folder / "1.vectors", 100),
    ],
    ids=["header", "no vectors", "cut"],
)
def test_what_can_not_be_used_is_thrown_away(
    tmp_path: Path, spoil: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    filled(tmp_path).close()
    spoil(tmp_path)
    second = MappedStore(tmp_path)
    assert second.damage and not second.sound
    assert second.ids() == set() and "made anew" in caplog.text
    second.add([3], vectors(1))
    assert found(second, vectors(1)[0]) == [3]
    second.close()
    third = MappedStore(tmp_path)
    assert third.ids() == {3} and not third.damage
    third.close()


def test_a_deleted_folder_is_an_empty_store(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "by it"
    store = MappedStore(folder)
    assert store.sound and store.count() == 0
    store.add([1], vectors(1))
    assert files(folder) == ["1.ids", "1.vectors"]
    assert all((folder / name).stat().st_mode & 0o077 == 0 for name in files(folder)), "they hold what notes mean"
    store.close()


def test_a_file_in_the_folder_s_place_is_an_error_and_stays(tmp_path: Path) -> None:
    (tmp_path / "mapped").write_text("not a folder")
    store = MappedStore(tmp_path / "mapped")
    with pytest.raises(StoreBrokenError, match="can not be used") as caught:
        store.add([1], vectors(1))
    assert caught.value.fix
    assert (tmp_path / "mapped").read_text() == "not a folder"


def test_vectors_cut_short_while_open_are_an_error_and_no_crash(tmp_path: Path) -> None:
    store = filled(tmp_path)
    os.truncate(tmp_path / "1.vectors", 0)
    with pytest.raises(StoreBrokenError, match="cut short"):
        store.query(vectors(1)[0], 3)
    store.reset()
    store.add([7], vectors(1))
    assert found(store, vectors(1)[0]) == [7]
    store.close()


def test_garbage_is_compacted_and_searches_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapped, "GARBAGE", 20)
    store = filled(tmp_path, 100)
    store.delete(range(50))
    assert files(tmp_path) == ["1.ids", "1.vectors"], "half of the rows is no reason yet"
    before = store._view
    store.delete([50])
    assert files(tmp_path) == ["2.ids", "2.vectors"]
    assert (tmp_path / "2.vectors").stat().st_size == 49 * 4 * 8
    assert found(store, vectors(100)[77], 1) == [77]
    assert np.array_equal(before.matrix[51:], vectors(100)[51:]), "a search that had begun reads on"
    store.close()
    again = MappedStore(tmp_path)
    assert again.sound and again.ids() == set(range(51, 100))
    again.close()


def test_a_crash_after_compaction_leaves_the_new_files(tmp_path: Path) -> None:
    filled(tmp_path).close()
    old = {name: (tmp_path / name).read_bytes() for name in files(tmp_path)}
    store = MappedStore(tmp_path)
    assert store._file is not None
    store.delete([0])
    store._file.compacted(tmp_path)
    for name, data in old.items():
        (tmp_path / name).write_bytes(data)
    again = MappedStore(tmp_path)
    assert files(tmp_path) == ["2.ids", "2.vectors"] and again.ids() == set(range(1, 10))
    again.close()


def test_a_crash_within_compaction_leaves_the_old_files(tmp_path: Path) -> None:
    filled(tmp_path).close()
    (tmp_path / "2.vectors").write_bytes(b"half of them")
    (tmp_path / "2.ids.new").write_bytes(b"not in place yet")
    again = MappedStore(tmp_path)
    assert again.sound and again.ids() == set(range(10))
    assert files(tmp_path) == ["1.ids", "1.vectors"]
    again.close()


@pytest.mark.parametrize("share", [0.0, 2.0])
def test_picked_rows_and_all_rows_give_the_same(tmp_path: Path, share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapped, "MANY", share)
    monkeypatch.setattr(mapped, "BLOCK", 7 * 8)
    store = filled(tmp_path, 100)
    store.delete([3, 50])
    among = np.arange(0, 140, 3)
    live = [i for i in range(0, 100, 3) if i != 3]
    query = vectors(1, seed=9)[0]
    expected = sorted(live, key=lambda i: -float(vectors(100)[i] @ query))[:8]
    assert [hit.occurrence for hit in store.query(query, 8, among)] == expected
    store.close()
