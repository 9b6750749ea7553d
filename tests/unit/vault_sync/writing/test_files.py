import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from vault_sync.errors import NoteBusyError, StaleEditError
from vault_sync.writing import files
from vault_sync.writing.swap import has_writer, swap


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    target = tmp_path / "n.md"
    target.write_bytes(b"old")
    return target, tmp_path / ".famulus-tmp-1"


def test_swapping_gives_each_file_the_others_name(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("1")
    other.write_text("2")
    if not swap(one, other):
        pytest.skip("this file system can not swap two files")
    assert (one.read_text(), other.read_text()) == ("2", "1")
    with pytest.raises(FileNotFoundError):
        swap(one, tmp_path / "absent")


def test_a_writer_is_seen_and_a_reader_is_none(tmp_path: Path) -> None:
    file = tmp_path / "n.md"
    file.write_text("x")
    with file.open("rb"):
        assert not has_writer(file)
    with file.open("ab"):
        seen = has_writer(file)
    assert not has_writer(file)
    if not seen:
        pytest.skip("this file system has no leases")


class AtSwap:
    """Lets somebody act in the instant before the swap: after the last check, when a plain rename would lose it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.acts: Iterator[object] = iter(())
        monkeypatch.setattr(files, "swap", self._swap)

    def _swap(self, one: Path, other: Path) -> bool:
        act = next(self.acts, None)
        if callable(act):
            act()
        return swap(one, other)


@pytest.fixture
def at_swap(monkeypatch: pytest.MonkeyPatch) -> AtSwap:
    return AtSwap(monkeypatch)


def test_a_save_in_the_very_last_moment_stays(pair: tuple[Path, Path], at_swap: AtSwap) -> None:
    target, temporary = pair
    at_swap.acts = iter([lambda: target.write_bytes(b"saved just now")])
    with pytest.raises(StaleEditError):
        files.put_in_place(target, temporary, b"old", b"new")
    assert target.read_bytes() == b"saved just now" and not temporary.exists()


def test_a_save_by_rename_in_the_very_last_moment_stays(pair: tuple[Path, Path], at_swap: AtSwap) -> None:
    target, temporary = pair
    other = target.with_name("editor.tmp")
    other.write_bytes(b"saved just now")
    at_swap.acts = iter([lambda: other.replace(target)])
    with pytest.raises(StaleEditError):
        files.put_in_place(target, temporary, b"old", b"new")
    assert target.read_bytes() == b"saved just now" and not temporary.exists()


def test_a_program_that_has_the_note_open_for_writing_keeps_its_file(pair: tuple[Path, Path]) -> None:
    target, temporary = pair
    with target.open("r+b") as writer:
        if not has_writer(target):
            pytest.skip("this file system has no leases")
        with pytest.raises(NoteBusyError):
            files.put_in_place(target, temporary, b"old", b"new")
        writer.write(b"written later")
    assert target.read_bytes() == b"written later" and not temporary.exists()


def test_of_two_saves_around_the_swap_the_newest_is_in_place_and_the_other_is_handed_out(
    pair: tuple[Path, Path], at_swap: AtSwap
) -> None:
    target, temporary = pair
    newest = target.with_name("editor.tmp")
    newest.write_bytes(b"newest")
    at_swap.acts = iter([lambda: target.write_bytes(b"first"), lambda: newest.replace(target)])
    assert files.put_in_place(target, temporary, b"old", b"new") == b"first"
    assert target.read_bytes() == b"newest" and not temporary.exists()


def test_where_files_can_not_be_swapped_they_are_renamed(
    pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    target, temporary = pair
    monkeypatch.setattr(files, "swap", lambda one, other: False)
    assert files.put_in_place(target, temporary, b"old", b"new") is None
    assert target.read_bytes() == b"new" and not temporary.exists()


def test_a_new_file_never_replaces_one(pair: tuple[Path, Path]) -> None:
    target, temporary = pair
    with pytest.raises(FileExistsError):
        files.place_new(target, temporary, b"new")
    assert target.read_bytes() == b"old" and not temporary.exists()


def test_without_hard_links_a_new_file_is_placed_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    files.place_new(tmp_path / "n.md", tmp_path / ".famulus-tmp-1", b"new")
    assert (tmp_path / "n.md").read_bytes() == b"new" and len(list(tmp_path.iterdir())) == 1
    with pytest.raises(FileExistsError):
        files.place_new(tmp_path / "n.md", tmp_path / ".famulus-tmp-1", b"newer")


def test_what_is_not_the_expected_file_is_not_taken_away(pair: tuple[Path, Path]) -> None:
    target, temporary = pair
    with pytest.raises(StaleEditError):
        files.take_away(target, temporary, b"something else")
    assert target.read_bytes() == b"old" and not temporary.exists()
    files.take_away(target, temporary, b"old")
    assert not target.exists() and not temporary.exists()
