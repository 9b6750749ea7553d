"""What of a note may be read now: the disk and policy are asked each time."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from daemon.reader import Reader
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import Policy
from vault_sync.vault import Vault
from vault_sync.writing.edit import content_hash

NOTE = VaultPath("Чай.md")


@dataclass
class Held:
    current: Policy


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    (tmp_path / NOTE).write_text("Улун.\n", encoding="utf-8")
    return Reader(Vault(tmp_path), Held(Policy(exclude=("Hidden",))), 100)


def test_a_note_is_read_as_it_is_now(reader: Reader, tmp_path: Path) -> None:
    assert (reader.read(NOTE), reader.text_of(NOTE)) == ("Улун.\n".encode(), "Улун.\n")
    assert reader.digest_of(NOTE) == content_hash("Улун.\n".encode())
    (tmp_path / NOTE).write_text("Пуэр.\n", encoding="utf-8")
    assert reader.text_of(NOTE) == "Пуэр.\n"


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("Hidden/Note.md", b"Excluded."),
        ("Own.md", b"---\nprivate: true\n---\nPrivate.\n"),
        ("Long.md", b"x" * 101),
        ("Gone.md", None),
    ],
)
def test_what_may_not_be_read_is_as_what_is_gone(reader: Reader, tmp_path: Path, path: str, data: bytes | None) -> None:
    if data is not None:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(data)
    where = VaultPath(path)
    assert (reader.read(where), reader.text_of(where), reader.digest_of(where)) == (None, None, None)


def test_bytes_that_are_no_text_have_no_text(reader: Reader, tmp_path: Path) -> None:
    (tmp_path / NOTE).write_bytes(b"Caf\xe9")
    assert reader.read(NOTE) == b"Caf\xe9" and reader.text_of(NOTE) is None
