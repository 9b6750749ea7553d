"""What is embedded and what is not, and that reading, embedding and recording overlap without losing anything."""

import errno
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.effort import LONG
from tests.fakes.embedder import WordEmbedder
from vault_sync.errors import EmbedderError
from vault_sync.index import reading
from vault_sync.index.ledger import Ledger
from vault_sync.index.lots import LOT_NOTES
from vault_sync.index.sync import Indexer, Stopped
from vault_sync.notes.note import Note
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import Policy
from vault_sync.ports import Vectors
from vault_sync.stores.memory import MemoryStore
from vault_sync.vault import Vault

NOTES = 150
PARAGRAPH = "The {0} of note {1} stands in a section of its own, with words enough for a chunk. " * 3


@pytest.fixture
def indexer(tmp_path: Path) -> Iterator[Indexer]:
    for number in range(NOTES):
        file = tmp_path / "v" / f"Folder {number % 3}" / f"Note {number}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        sections = (f"## {name}\n\n{PARAGRAPH.format(name, number)}" for name in ("heron", "stork", "crane"))
        file.write_text("\n\n".join(sections))
    ledger = Ledger(tmp_path / "index.db")
    made = Indexer(Vault(tmp_path / "v"), ledger, MemoryStore(), WordEmbedder(), Policy())
    made.prepare()
    yield made
    ledger.close()


@pytest.fixture
def full(indexer: Indexer) -> Indexer:
    indexer.scan()
    assert indexer.embedded == 3 * NOTES
    return indexer


def consistent(indexer: Indexer) -> bool:
    ids = {row[0] for row in indexer.ledger.read().execute("SELECT id FROM occurrences")}
    words = {row[0] for row in indexer.ledger.read().execute("SELECT rowid FROM lexical")}
    return ids == words == indexer.store.ids()


def test_of_an_edited_paragraph_exactly_the_changed_chunk_is_embedded(full: Indexer) -> None:
    embedder = full.embedder
    assert isinstance(embedder, WordEmbedder)
    path = VaultPath("Folder 1/Note 7.md")
    file = full.vault.root / path
    file.write_text(file.read_text().replace("The stork of note 7", "The pelican of note 7", 1))
    embedder.seen.clear()
    full.look([path])
    assert len(embedder.seen) == 1 and "pelican" in embedder.seen[0] and "heron" not in embedder.seen[0]
    assert consistent(full)


def test_a_renamed_folder_is_moved_note_by_note_and_nothing_is_embedded(full: Indexer) -> None:
    moves: list[tuple[str, str]] = []
    full.on_moved = lambda old, new: moves.append((old, new))
    (full.vault.root / "Folder 1").rename(full.vault.root / "Renamed")
    full.scan()
    assert full.embedded == 3 * NOTES and full.ledger.counts() == (NOTES, 0, 3 * NOTES) and consistent(full)
    assert sorted(moves) == sorted((f"Folder 1/Note {n}.md", f"Renamed/Note {n}.md") for n in range(1, NOTES, 3))


def test_a_copy_of_a_note_that_was_renamed_is_a_new_note(full: Indexer) -> None:
    told: list[str] = []
    full.on_indexed = told.append
    old = full.vault.root / "Folder 1" / "Note 7.md"
    for name in ("One.md", "Two.md"):
        shutil.copy(old, full.vault.root / name)
    old.unlink()
    full.scan()
    assert full.embedded == 3 * NOTES and full.ledger.counts()[0] == NOTES + 1 and consistent(full)
    assert len(told) == 1, "one is the note that was there, the other is new"


def test_touched_files_are_not_embedded(full: Indexer) -> None:
    for file in full.vault.root.rglob("*.md"):
        os.utime(file, (1, 1))
    assert full.scan() == NOTES and full.embedded == 3 * NOTES
    assert full.scan() == 0


def git(folder: Path, *arguments: str) -> None:
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "PATH": os.environ["PATH"]}
    who = ("-c", "user.name=n", "-c", "user.email=e@example.org")
    subprocess.run(["git", *who, *arguments], cwd=folder, env=alone, check=True, capture_output=True)


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")
def test_another_branch_and_back_embeds_only_what_is_new_there(full: Indexer) -> None:
    root = full.vault.root
    git(root, "init", "-b", "main")
    git(root, "add", ".")
    git(root, "commit", "-m", "all")
    git(root, "checkout", "--orphan", "other")
    git(root, "rm", "-rf", ".")
    (root / "Alone.md").write_text("One note about a pelican.")
    git(root, "add", ".")
    git(root, "commit", "-m", "one")
    full.scan()
    assert full.ledger.counts()[0] == 1 and full.embedded == 3 * NOTES + 1
    git(root, "checkout", "main")
    full.scan()
    assert full.ledger.counts()[0] == NOTES and full.embedded == 3 * NOTES + 1 and consistent(full)
    git(root, "checkout", "other")
    full.scan()
    assert full.embedded == 3 * NOTES + 1 and consistent(full)


class WaitingForReader(WordEmbedder):
    """Its first call ends only when `enough` notes more have been read."""

    def __init__(self, vault: Vault, enough: int) -> None:
        super().__init__()
        self._read, self._left, self._ready = vault.read, enough, threading.Event()
        vault.read = self.read  # type: ignore[method-assign,assignment]
        self.overlapped = False

    def read(self, *arguments: object) -> object:
        self._left -= 1
        if self._left <= 0:
            self._ready.set()
        return self._read(*arguments)  # type: ignore[arg-type]

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        self.overlapped = self._ready.wait(LONG)
        return super().embed_passages(texts)


def test_notes_are_read_while_others_are_embedded(indexer: Indexer) -> None:
    indexer.embedder = slow = WaitingForReader(indexer.vault, NOTES // 2)
    indexer.scan()
    assert slow.overlapped and consistent(indexer)


def test_what_is_told_as_indexed_can_be_found(indexer: Indexer) -> None:
    unfound: list[str] = []

    def told(path: VaultPath) -> None:
        ids = {chunk.id for chunk in indexer.ledger.occurrences_of(path)}
        if not ids or not ids <= indexer.store.ids():
            unfound.append(path)

    indexer.on_indexed = told
    indexer.scan()
    assert not unfound and indexer.ledger.counts()[0] == NOTES


def test_a_stop_in_the_middle_of_a_move_deletes_nothing(full: Indexer) -> None:
    (full.vault.root / "Folder 1").rename(full.vault.root / "Renamed")
    for file in (full.vault.root / "Folder 2").iterdir():
        os.utime(file, (1, 1))
    full.should_stop = lambda: True
    with pytest.raises(Stopped):
        full.scan()
    assert NOTES - LOT_NOTES <= full.ledger.counts()[0] <= NOTES
    kinds = {change.kind for change in full.ledger.changes(0)}
    assert "deleted" not in kinds
    full.should_stop = lambda: False
    full.scan()
    assert full.embedded == 3 * NOTES and full.ledger.counts()[0] == NOTES and consistent(full)


def test_a_text_that_fails_takes_only_the_notes_that_have_it(indexer: Indexer) -> None:
    embedder = indexer.embedder
    assert isinstance(embedder, WordEmbedder)
    for number in (3, 4, 140):
        file = indexer.vault.root / f"Folder {number % 3}" / f"Note {number}.md"
        file.write_text(
            file.read_text() + "\n\n## Poison\n\nThe same poison in three notes that are far from each other.\n"
        )
    embedder.fails_on = "poison"
    indexer.scan()
    assert indexer.ledger.counts()[:2] == (NOTES - 3, 3) and consistent(indexer)
    embedder.fails_on = ""
    indexer.scan()
    assert indexer.ledger.counts()[:2] == (NOTES, 0) and consistent(indexer)


@pytest.mark.parametrize("step", ["read_document", "chunk_note"])
def test_a_note_that_nobody_foresaw_takes_no_other_with_it(
    indexer: Indexer, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    odd, able = VaultPath("Folder 1/Note 7.md"), getattr(reading, step)

    def fails(first: VaultPath | Note, *rest: Any, **named: Any) -> Any:
        if odd in (first, getattr(first, "path", "")):
            raise ZeroDivisionError("odd")
        return able(first, *rest, **named)

    monkeypatch.setattr(reading, step, fails)
    indexer.scan()
    assert indexer.ledger.counts()[:2] == (NOTES - 1, 1) and consistent(indexer)
    note = indexer.ledger.note(odd)
    assert note is not None and "ZeroDivisionError: odd" in note.reason and note.fix


def test_a_note_that_the_system_keeps_back_is_read_when_it_no_longer_does(
    indexer: Indexer, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept_back, opens = VaultPath("Folder 1/Note 7.md"), os.open

    def refuses(file: str, *rest: Any, **named: Any) -> int:
        if str(file).endswith(kept_back):
            raise PermissionError(errno.EACCES, "Permission denied")
        return opens(file, *rest, **named)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", refuses)
        indexer.scan()
        note = indexer.ledger.note(kept_back)
        assert note is not None and note.state == "failed" and "Permission denied" in note.reason
    indexer.look([kept_back])  # its rights changed: neither its size nor its time did
    assert indexer.ledger.counts()[:2] == (NOTES, 0) and consistent(indexer)


def test_a_note_that_fails_again_and_again_is_no_change_each_time(indexer: Indexer) -> None:
    embedder = indexer.embedder
    assert isinstance(embedder, WordEmbedder)
    embedder.fails_on = "heron"
    indexer.scan()
    before = indexer.ledger.changes(0)
    indexer.scan()
    assert indexer.ledger.counts()[:2] == (0, NOTES) and indexer.ledger.changes(0) == before
    embedder.fails_on = ""
    indexer.scan()
    assert len(indexer.ledger.changes(0)) == len(before) + NOTES


def test_without_an_embedder_every_note_says_why(indexer: Indexer) -> None:
    class Broken(WordEmbedder):
        def embed_passages(self, texts: Sequence[str]) -> Vectors:
            raise EmbedderError("The embedder can not be reached.", "It is off.", "Turn it on.")

    indexer.embedder = Broken()
    indexer.scan()
    assert indexer.ledger.counts() == (0, NOTES, 0)
    assert {note.fix for note in indexer.ledger.notes()} == {"Turn it on."}
