import os
import unicodedata
from pathlib import Path

import pytest

from vault_sync.errors import BadPathError, NoteNotFoundError, UnreadableNoteError, VaultUnavailableError
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import Policy
from vault_sync.vault import Vault


def make(root: Path, **files: str) -> Vault:
    for name, text in files.items():
        (root / f"{name}.md").write_text(text)
    return Vault(root)


def test_says_why_a_vault_can_not_be_opened(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for bad, cause in ((tmp_path / "absent", "no such folder"), (tmp_path / "file", "is a file")):
        with pytest.raises(VaultUnavailableError) as caught:
            Vault(bad)
        assert cause in caught.value.cause and caught.value.fix


def test_lists_notes_in_nfc_and_passes_over_symlinks(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.md").write_text("s")
    root = tmp_path / "v"
    root.mkdir()
    (root / unicodedata.normalize("NFD", "Ёлка й.md")).write_text("x")
    (root / "😀 # 100%.md").write_text("x")
    (root / "loop").symlink_to(root)
    (root / "out").symlink_to(outside)
    (root / "link.md").symlink_to(outside / "secret.md")
    listing = Vault(root).list(Policy())
    assert sorted(listing.files) == ["Ёлка й.md", "😀 # 100%.md"]
    assert set(listing.passed_over) == {"loop", "out", "link.md"}


def test_two_spellings_of_one_name_are_one_note_and_a_reason(tmp_path: Path) -> None:
    for form in ("NFC", "NFD"):
        (tmp_path / unicodedata.normalize(form, "й.md")).write_text(form)
    listing = Vault(tmp_path).list(Policy())
    assert list(listing.files) == ["й.md"]
    assert "another Unicode form" in next(iter(listing.passed_over.values()))


def test_a_name_that_is_not_utf8_is_passed_over(tmp_path: Path) -> None:
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.md"))).write_text("x")
    listing = Vault(tmp_path).list(Policy())
    assert not listing.files and "UTF-8" in next(iter(listing.passed_over.values()))


def test_names_that_can_be_no_path_are_passed_over_and_keep_nothing_else_from_being_listed(tmp_path: Path) -> None:
    make(tmp_path, good="x")
    (tmp_path / "\\a.md").write_text("x")
    (tmp_path / "b\\c.md").write_text("x")
    (tmp_path / "d:").mkdir()
    (tmp_path / "d:" / "e.md").write_text("x")
    listing = Vault(tmp_path).list(Policy())
    assert list(listing.files) == ["good.md"]
    assert set(listing.passed_over) == {"\\a.md", "b\\c.md", "d:"}
    assert [Vault(tmp_path).stamp(VaultPath(path)) for path in listing.passed_over] == [None] * 3


def test_what_is_hidden_is_not_listed_and_not_passed_over(tmp_path: Path) -> None:
    make(tmp_path, good="x")
    for folder in (".obsidian", "Secret", "Open/Secret"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "n.md").write_text("x")
        (tmp_path / folder / "l.md").symlink_to(tmp_path / "good.md")
        (tmp_path / folder / "p.pdf").write_text("x")
    listing = Vault(tmp_path).list(Policy(exclude=("Secret",)))
    assert list(listing.files) == ["good.md", "Open/Secret/n.md"]
    assert set(listing.passed_over) == {"Open/Secret/l.md", "Open/Secret/p.pdf"}


def test_reads_by_the_spelling_on_the_disk(tmp_path: Path) -> None:
    (tmp_path / unicodedata.normalize("NFD", "папка й")).mkdir()
    (tmp_path / unicodedata.normalize("NFD", "папка й") / "n.md").write_text("hello")
    data, stamp = Vault(tmp_path).read(VaultPath("папка й/n.md"))
    assert data == b"hello" and stamp.disk_path == unicodedata.normalize("NFD", "папка й") + "/n.md"


def test_never_reads_through_a_symlink(tmp_path: Path) -> None:
    (tmp_path / "o").mkdir()
    (tmp_path / "o" / "secret.md").write_text("s")
    (tmp_path / "v").mkdir()
    (tmp_path / "v" / "d").symlink_to(tmp_path / "o")
    (tmp_path / "v" / "l.md").symlink_to(tmp_path / "o" / "secret.md")
    vault = Vault(tmp_path / "v")
    for path in ("d/secret.md", "l.md"):
        with pytest.raises(NoteNotFoundError):
            vault.read(VaultPath(path))
    with pytest.raises(BadPathError):
        vault.file_for_new(VaultPath("d/new.md"))


def test_a_note_over_the_limit_is_refused_with_the_sizes(tmp_path: Path) -> None:
    vault = make(tmp_path, big="x" * 2000)
    with pytest.raises(UnreadableNoteError, match="limit"):
        vault.read(VaultPath("big.md"), limit=1000)


def test_a_file_that_can_not_be_looked_at_keeps_no_other_from_being_listed(tmp_path: Path) -> None:
    vault, part = make(tmp_path, good="x"), "d" * 250
    deep = os.open(tmp_path, os.O_RDONLY)
    folders = (4090 - len(str(tmp_path))) // 251
    for _ in range(folders):
        os.mkdir(part, dir_fd=deep)
        deep, above = os.open(part, os.O_RDONLY, dir_fd=deep), deep
        os.close(above)
    name = "n" * 250 + ".md"  # its whole path is longer than the system takes
    os.close(os.open(name, os.O_CREAT | os.O_WRONLY, dir_fd=deep))
    os.close(deep)
    listing = vault.list(Policy())
    assert list(listing.files) == ["good.md"]
    assert listing.passed_over == {f"{part}/" * folders + name: "It can not be looked at: File name too long."}
    assert [stamp.disk_path for stamp in vault.out_of_sight(Policy(exclude=("*",)))] == ["good.md"]


def test_times_that_no_database_takes_are_the_last_that_it_does(tmp_path: Path) -> None:
    vault, file = make(tmp_path, far="x"), tmp_path / "far.md"
    os.utime(file, (2**33.5, 2**33.5))
    if file.stat().st_mtime_ns < 2**63:
        pytest.skip("this disk knows no such time")
    path = VaultPath("far.md")
    stamp = vault.stamp(path)
    assert stamp is not None and stamp.mtime_ns == 2**63 - 1
    assert vault.list(Policy()).files == {path: stamp} and vault.read(path)[1] == stamp


def test_a_pipe_is_no_note(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    vault = Vault(tmp_path)
    assert not vault.list(Policy()).files
    with pytest.raises(NoteNotFoundError):
        vault.read(VaultPath("pipe.md"))
