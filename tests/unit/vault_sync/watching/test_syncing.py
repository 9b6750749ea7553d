import os
import time
from pathlib import Path

import pytest

from vault_sync.watching.syncing import BURST, FRESH, Syncing, is_burst, is_sync_temporary, unresolved


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a/.syncthing.Note.md.tmp", True),
        ("a/~syncthing~Note.md.tmp", True),
        ("Note.md.!sync", True),
        ("Note.md.part", True),
        ("Note.md", False),
        ("a/.Note.md.swp", False),
        ("Apart.md", False),
        (".famulus-tmp-0011223344556677", False),
    ],
)
def test_files_of_sync_tools(path: str, expected: bool) -> None:
    assert is_sync_temporary(path) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n<<<<<<< HEAD\nmine\n=======\nyours\n>>>>>>> other\n", True),
        ("a\r\n<<<<<<< HEAD\r\nmine\r\n=======\r\nyours\r\n>>>>>>> other\r\n", True),
        ("Heading\n=======\ntext", False),
        ("<<<<<<< is how a conflict begins", False),
        ("", False),
    ],
)
def test_merge_conflicts(text: str, expected: bool) -> None:
    assert unresolved(text.encode()) == expected


def test_a_note_full_of_marks_takes_no_time() -> None:
    assert not unresolved(b"<<<<<<< x\n" * 500_000)


def test_many_changes_at_once_are_no_typing() -> None:
    assert not is_burst({str(n): 10.0 for n in range(BURST - 1)}, 10)
    assert is_burst({str(n): 10.0 for n in range(BURST)}, 11)
    assert not is_burst({str(n): 10.0 for n in range(BURST)}, 13)


def test_a_burst_of_hints(tmp_path: Path) -> None:
    syncing = Syncing(tmp_path)
    for _ in range(BURST):
        syncing.heard("one.md")
    assert not syncing.under_way()
    for number in range(BURST):
        syncing.heard(f"{number}.md")
    assert "Many notes" in syncing.under_way()


def test_a_file_that_arrives_in_another_folder(tmp_path: Path) -> None:
    syncing = Syncing(tmp_path)
    (tmp_path / "b").mkdir()
    arriving = tmp_path / "b" / ".syncthing.Note.md.tmp"
    arriving.write_text("half")
    assert "sync tool" in syncing.under_way("b"), "seen by looking"
    assert not syncing.under_way("a")
    syncing.heard("b/.syncthing.Note.md.tmp")
    assert "sync tool" in syncing.under_way("a"), "seen by a hint"
    arriving.rename(tmp_path / "b" / "Note.md")
    assert not syncing.under_way("b") and not syncing.under_way("a")


def test_what_a_tool_forgot_long_ago_stops_nobody(tmp_path: Path) -> None:
    left = tmp_path / ".syncthing.Note.md.tmp"
    left.write_text("half")
    old = time.time() - FRESH - 1
    os.utime(left, (old, old))
    syncing = Syncing(tmp_path)
    syncing.heard(left.name)
    assert not syncing.under_way()


@pytest.mark.parametrize(
    ("name", "told"), [("index.lock", "changing"), ("MERGE_HEAD", "a merge"), ("rebase-merge", "a rebase")]
)
@pytest.mark.parametrize("deep", [False, True])
def test_git_at_work(tmp_path: Path, name: str, told: str, deep: bool) -> None:
    vault = tmp_path / "repository" / "notes" if deep else tmp_path / "repository"
    vault.mkdir(parents=True)
    (tmp_path / "repository" / ".git").mkdir()
    syncing = Syncing(vault)
    assert not syncing.under_way()
    (tmp_path / "repository" / ".git" / name).write_text("")
    assert told in syncing.under_way()


def test_a_work_tree_has_its_git_folder_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "main").mkdir()
    (tmp_path / "vault").mkdir()
    (tmp_path / "vault" / ".git").write_text("gitdir: ../main\n")
    (tmp_path / "main" / "MERGE_HEAD").write_text("")
    assert "a merge" in Syncing(tmp_path / "vault").under_way()
