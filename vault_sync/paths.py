"""Vault paths: vault-relative, forward slashes, compared in NFC, never out of the vault."""

import unicodedata
from pathlib import PurePosixPath
from typing import NewType

from vault_sync.errors import BadPathError

VaultPath = NewType("VaultPath", str)
"""A checked path in NFC, such as `Folder/Note.md`. The spelling on the disk may differ (NFD)."""

NOTE_SUFFIX = ".md"
CANVAS_SUFFIX, BASE_SUFFIX, PDF_SUFFIX = ".canvas", ".base", ".pdf"


def vault_path(text: str) -> VaultPath:
    """Check `text` and return it in NFC with forward slashes.

    Raises BadPathError for what can not be a path inside a vault.
    """
    cleaned = unicodedata.normalize("NFC", text.replace("\\", "/"))
    parts = cleaned.split("/")
    if not cleaned or cleaned.startswith("/") or "\0" in cleaned:
        raise _bad(text, "It is empty, absolute or holds a NUL byte.")
    if not is_text(cleaned):
        raise _bad(text, "It holds half a character.")
    if any(part in ("", ".", "..") for part in parts):
        raise _bad(text, "It has an empty, `.` or `..` part.")
    if len(parts[0]) == 2 and parts[0][1] == ":" and parts[0][0].isalpha():
        raise _bad(text, "It names a drive.")
    return VaultPath(cleaned)


def is_text(path: str) -> bool:
    """Whether a path can be written down; a name that is not UTF-8 on the disk has half characters in Python."""
    return path.isascii() or not any("\ud800" <= char <= "\udfff" for char in path)


def _bad(text: str, cause: str) -> BadPathError:
    return BadPathError(
        f"The path {text!r} can not name anything in the vault.",
        cause,
        "Give a path relative to the vault, such as `Folder/Note.md`.",
    )


def is_note(path: str) -> bool:
    """Whether the path names a Markdown note."""
    return path.lower().endswith(NOTE_SUFFIX)


def is_document(path: str) -> bool:
    """Whether the path names a canvas, a base or a PDF: a file whose text is read, and that is never written."""
    return path.lower().endswith((CANVAS_SUFFIX, BASE_SUFFIX, PDF_SUFFIX))


def is_pdf(path: str) -> bool:
    """Whether the path names a PDF."""
    return path.lower().endswith(PDF_SUFFIX)


def same_kind(one: str, other: str) -> bool:
    """Whether both are notes, or documents of one kind: the same bytes mean another thing in a file of another kind."""
    return PurePosixPath(one).suffix.lower() == PurePosixPath(other).suffix.lower()


def title_of(path: VaultPath) -> str:
    """The note's title as Obsidian shows it: the file name without `.md`. Other files keep their ending."""
    name = path.rpartition("/")[2]
    return name[: -len(NOTE_SUFFIX)] if is_note(name) else name


def folder_of(path: VaultPath) -> str:
    """The folder, without a slash at the end; empty for the vault's root."""
    return path.rpartition("/")[0]


def within(path: str, folder: str) -> bool:
    """Whether `path` lies in `folder` (or is it); the empty folder is the whole vault."""
    folder = folder.strip("/")
    return not folder or path == folder or path.startswith(folder + "/")
