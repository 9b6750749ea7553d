import os
import stat
from pathlib import Path

import pytest

from vault_sync.edit import ABSENT, BOM, Edit, content_hash
from vault_sync.errors import StaleEditError, WriteRefusedError
from vault_sync.journal import Entry, Journal
from vault_sync.note import Span
from vault_sync.paths import VaultPath
from vault_sync.policy import Policy
from vault_sync.state import State
from vault_sync.vault import Vault
from vault_sync.write import TEMPORARY, Writer


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    (tmp_path / "v").mkdir()
    return Writer(Vault(tmp_path / "v"), Journal(State(tmp_path / "state.db")), Policy())


def note(writer: Writer, data: bytes, name: str = "n.md") -> Path:
    file = writer.vault.root / name
    file.write_bytes(data)
    return file


def append(data: bytes, text: str, path: str = "n.md") -> Edit:
    end = len(data.removeprefix(BOM).decode())
    return Edit(VaultPath(path), content_hash(data), Span(end, end), "", text)


def test_keeps_bytes_mode_and_journal(writer: Writer) -> None:
    data = BOM + "строка\r\nбез конца".encode()
    file = note(writer, data)
    file.chmod(0o640)
    digest = writer.write(append(data, "\r\nещё"), feature="link", run="r1")
    assert file.read_bytes() == data + "\r\nещё".encode()
    assert content_hash(file.read_bytes()) == digest
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    (entry,) = writer.journal.entries()
    assert (entry.before, entry.after, entry.state, entry.run) == (data, file.read_bytes(), "done", "r1")


def test_a_stale_edit_touches_nothing(writer: Writer) -> None:
    file = note(writer, b"newer")
    before = file.stat().st_mtime_ns
    with pytest.raises(StaleEditError):
        writer.write(append(b"older", "x"), feature="link", run="r")
    assert (file.read_bytes(), file.stat().st_mtime_ns) == (b"newer", before)
    assert not writer.journal.entries()


def test_an_edit_without_effect_writes_nothing(writer: Writer) -> None:
    file = note(writer, b"same")
    before = file.stat().st_mtime_ns
    writer.write(append(b"same", ""), feature="link", run="r")
    assert file.stat().st_mtime_ns == before and not writer.journal.entries()


def test_a_new_note_in_a_new_folder(writer: Writer) -> None:
    edit = Edit(VaultPath("Digests/Неделя.md"), ABSENT, Span(0, 0), "", "текст\n")
    writer.write(edit, feature="digest", run="r")
    assert (writer.vault.root / "Digests/Неделя.md").read_text() == "текст\n"
    with pytest.raises(StaleEditError):
        writer.write(edit, feature="digest", run="r")
    assert writer.journal.entries()[0].before is None


@pytest.mark.parametrize("path", [".obsidian/x.md", "Templates/x.md", "image.png", ".hidden.md"])
def test_policy_forbids(writer: Writer, path: str) -> None:
    with pytest.raises(WriteRefusedError):
        writer.write(Edit(VaultPath(path), ABSENT, Span(0, 0), "", "x"), feature="link", run="r")
    assert not any(writer.vault.root.iterdir())


def test_a_write_that_fails_leaves_note_and_folder_as_they_were(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = note(writer, b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WriteRefusedError, match="space"):
        writer.write(append(b"old", "x"), feature="link", run="r")
    assert file.read_bytes() == b"old" and [f.name for f in writer.vault.root.iterdir()] == ["n.md"]
    assert writer.journal.entries()[0].state == "failed"


def test_a_change_in_the_last_moment_is_noticed(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    file = note(writer, b"old")
    real = os.fsync

    def meanwhile(handle: int) -> None:
        file.write_bytes(b"the user was faster")
        real(handle)

    monkeypatch.setattr(os, "fsync", meanwhile)
    with pytest.raises(StaleEditError):
        writer.write(append(b"old", "x"), feature="link", run="r")
    assert file.read_bytes() == b"the user was faster"


def test_sweeps_what_a_crash_left(writer: Writer) -> None:
    file = note(writer, b"old")
    left = file.with_name(f"{TEMPORARY}abc")
    left.write_bytes(b"ol")
    entry = Entry(
        0, 0, "link", "r", VaultPath("n.md"), content_hash(b"old"), content_hash(b"new"), b"old", b"new", "intended"
    )
    writer.journal.intend(entry)
    assert writer.sweep() == 1 and not left.exists()
    assert writer.journal.entries()[0].state == "failed"
    note(writer, b"new")
    writer.journal.intend(entry)
    writer.sweep()
    assert writer.journal.entries()[0].state == "done"
