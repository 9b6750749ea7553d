import errno
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from vault_sync.databases.state import State
from vault_sync.errors import NoteBusyError, StaleEditError, WriteRefusedError
from vault_sync.notes.note import Span
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import InForce, Policy
from vault_sync.vault import Vault
from vault_sync.writing import files
from vault_sync.writing.edit import ABSENT, BOM, Edit, Removal, content_hash
from vault_sync.writing.journal import Images, Journal
from vault_sync.writing.write import Writer


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
    assert (entry.state, entry.run, entry.temporary) == ("done", "r1", "")
    assert writer.journal.images(entry.id) == Images(data, file.read_bytes())


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
    edit = Edit(VaultPath("Famulus/Обзоры/Неделя.md"), ABSENT, Span(0, 0), "", "текст\n")
    writer.write(edit, feature="digest", run="r")
    assert (writer.vault.root / "Famulus/Обзоры/Неделя.md").read_text() == "текст\n"
    with pytest.raises(StaleEditError):
        writer.write(edit, feature="digest", run="r")
    assert writer.journal.images(writer.journal.entries()[0].id) == Images(None, "текст\n".encode())


def test_a_new_note_elsewhere_is_refused_and_says_where(writer: Writer) -> None:
    with pytest.raises(WriteRefusedError, match="'Famulus'"):
        writer.write(Edit(VaultPath("Digests/New.md"), ABSENT, Span(0, 0), "", "x"), feature="digest", run="r")
    assert not any(writer.vault.root.iterdir())


def test_an_edit_of_a_note_that_is_gone_is_stale_wherever_it_was(writer: Writer) -> None:
    with pytest.raises(StaleEditError, match="gone"):
        writer.write(append(b"old", "x", "Anywhere/n.md"), feature="link", run="r")


@pytest.mark.parametrize("data", [b"---\nprivate: true\n---\nx", b"---\nfamulus-ignore: yes\nbroken: [\n---\nx"])
def test_a_private_note_is_not_written_even_before_the_index_knows(writer: Writer, data: bytes) -> None:
    file = note(writer, data)
    with pytest.raises(WriteRefusedError):
        writer.write(append(data, "y"), feature="link", run="r")
    assert file.read_bytes() == data


def test_a_change_of_policy_counts_from_the_next_write_on(writer: Writer) -> None:
    policy = InForce(Policy())
    changing = replace(writer, policy=policy)
    note(writer, b"old")
    policy.current = Policy(write_in=("Projects",))
    with pytest.raises(WriteRefusedError):
        changing.write(append(b"old", "x"), feature="link", run="r")
    policy.current = Policy()
    changing.write(append(b"old", "x"), feature="link", run="r")


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


def test_a_folder_that_can_not_be_flushed_is_told_but_the_note_is_written(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = note(writer, b"old")

    def broken(_: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(files, "flush_folder", broken)
    assert writer.write(append(b"old", "x"), feature="link", run="r") == content_hash(b"oldx")
    assert file.read_bytes() == b"oldx" and writer.journal.entries()[0].state == "done"


def crashed(writer: Writer, before: bytes | None, after: bytes | None, left: bytes | None, name: str = "n.md") -> Path:
    """What the disk and the journal hold when the process dies in the middle of a write."""
    entry = writer.journal.intend(
        VaultPath(name), Images(before, after), feature="link", run="r", temporary=".famulus-tmp-0123456789abcdef"
    )
    temporary = writer.vault.root / Path(name).parent / entry.temporary
    if left is not None:
        temporary.write_bytes(left)
    return temporary


@pytest.mark.parametrize(
    ("now", "left", "state", "then"),
    [
        (b"old", None, "failed", b"old"),
        (b"old", b"", "failed", b"old"),
        (b"old", b"old+", "failed", b"old"),
        (b"old+new", None, "done", b"old+new"),
        (b"old+new", b"old", "done", b"old+new"),
        (b"edited", b"old+n", "failed", b"edited"),
        (b"edited", b"old", "done", b"edited"),
        (b"edited: old+new", None, "done", b"edited: old+new"),
        (b"saved in the same instant", None, "failed", b"saved in the same instant"),
        (b"old+new", b"saved in the same instant", "failed", b"saved in the same instant"),
    ],
)
def test_the_next_start_ends_what_a_crash_interrupted(
    writer: Writer, now: bytes, left: bytes | None, state: str, then: bytes
) -> None:
    file = note(writer, now)
    temporary = crashed(writer, b"old", b"old+new", left)
    assert writer.sweep() == (left is not None)
    assert not temporary.exists() and file.read_bytes() == then
    assert [entry.state for entry in writer.journal.entries()] == [state]
    assert not writer.journal.open_entries() and writer.sweep() == 0


def test_two_versions_that_met_in_a_crash_are_both_kept(writer: Writer) -> None:
    file = note(writer, b"the newest")
    crashed(writer, b"old", b"new", b"the one before")
    writer.sweep()
    assert file.read_bytes() == b"the newest"
    rescued = writer.journal.entries()[0]
    assert rescued.feature == "rescued" and writer.journal.images(rescued.id) == Images(
        b"the one before", b"the newest"
    )


@pytest.mark.parametrize("again", [True, False])
@pytest.mark.parametrize(
    ("now", "left", "then"),
    [(b"old", b"old+", b"old"), (b"old+new", b"old", b"old+new"), (b"old+new", b"just saved", b"just saved")],
)
def test_a_temporary_file_is_found_when_its_folder_was_renamed_meanwhile(
    writer: Writer, now: bytes, left: bytes, then: bytes, again: bool
) -> None:
    (writer.vault.root / "a").mkdir()
    note(writer, now, "a/n.md")
    crashed(writer, b"old", b"old+new", left, "a/n.md")
    (writer.vault.root / "a").rename(writer.vault.root / "b")
    if again:
        (writer.vault.root / "a").mkdir()
    assert writer.sweep() == 1
    assert [f.name for f in writer.vault.root.rglob("*") if f.is_file()] == ["n.md"]
    assert (writer.vault.root / "b/n.md").read_bytes() == then
    (entry,) = writer.journal.entries()
    assert (entry.path, entry.state) == ("b/n.md", "done" if then == b"old+new" else "failed")


def test_nothing_is_decided_while_the_folder_is_away(writer: Writer) -> None:
    crashed(writer, b"old", b"new", None, "n.md")
    assert writer.sweep() == 0 and len(writer.journal.open_entries()) == 1, "an empty vault may not be mounted"
    note(writer, b"x", "other.md")
    crashed(writer, b"old", b"new", None, "away/n.md")
    writer.sweep()
    assert [entry.path for entry in writer.journal.open_entries()] == ["away/n.md"]


def test_a_file_of_that_name_which_the_journal_does_not_know_is_left_alone(writer: Writer) -> None:
    stray = note(writer, b"x", ".famulus-tmp-stray")
    writer.sweep()
    assert stray.exists()


def test_a_fresh_save_is_not_touched_but_our_own_is(tmp_path: Path) -> None:
    (tmp_path / "v").mkdir()
    writer = Writer(Vault(tmp_path / "v"), Journal(State(tmp_path / "state.db")), Policy(), settle_seconds=60)
    file = note(writer, b"just saved")
    with pytest.raises(NoteBusyError):
        writer.write(append(b"just saved", "x"), feature="link", run="r")
    assert file.read_bytes() == b"just saved" and not writer.journal.entries()
    os.utime(file, (1, 1))
    writer.write(append(b"just saved", "x"), feature="link", run="r")
    writer.write(append(b"just savedx", "y"), feature="link", run="r")
    assert file.read_bytes() == b"just savedxy"


def test_a_time_in_the_future_is_a_clock_that_was_set_back(tmp_path: Path) -> None:
    (tmp_path / "v").mkdir()
    writer = Writer(Vault(tmp_path / "v"), Journal(State(tmp_path / "state.db")), Policy(), settle_seconds=60)
    file = note(writer, b"a")
    os.utime(file, (4e9, 4e9))
    assert writer.unsettled_seconds(VaultPath("n.md")) == 0


def test_takes_away_only_the_note_that_is_meant(writer: Writer) -> None:
    file = note(writer, b"made by us")
    with pytest.raises(StaleEditError):
        writer.write(Removal(VaultPath("n.md"), content_hash(b"other")), feature="undo", run="r")
    assert file.exists()
    assert writer.write(Removal(VaultPath("n.md"), content_hash(b"made by us")), feature="undo", run="r") == ABSENT
    assert not any(writer.vault.root.iterdir())
    assert writer.journal.images(writer.journal.entries()[0].id) == Images(b"made by us", None)


def test_extended_attributes_stay(writer: Writer) -> None:
    file = note(writer, b"old")
    try:
        os.setxattr(file, "user.colour", b"green")
    except OSError:
        pytest.skip("this file system keeps no extended attributes")
    writer.write(append(b"old", "x"), feature="link", run="r")
    assert os.getxattr(file, "user.colour") == b"green"


def test_a_journal_that_can_not_be_written_stops_the_write(writer: Writer, tmp_path: Path) -> None:
    file = note(writer, b"old")
    writer.journal._state.transaction().__enter__().execute("PRAGMA query_only = ON")
    with pytest.raises(WriteRefusedError, match="journal"):
        writer.write(append(b"old", "x"), feature="link", run="r")
    assert file.read_bytes() == b"old"
