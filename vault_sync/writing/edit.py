"""An Edit: the only form in which anything proposes to change a note."""

import hashlib
from dataclasses import dataclass

from vault_sync.errors import StaleEditError, WriteRefusedError
from vault_sync.notes.note import Span
from vault_sync.paths import VaultPath

BOM = b"\xef\xbb\xbf"
ABSENT = ""
"""The base hash of an Edit that makes a new note: no file may be there."""


def content_hash(data: bytes) -> str:
    """SHA-256 of a note's bytes, in hex: what an Edit is bound to."""
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace `before` at `span` by `after` in the note whose bytes hash to `base_hash`.

    `span` counts code points of the decoded text without its byte order mark. A `base_hash` of `ABSENT`
    makes a new note from `after`.
    """

    path: VaultPath
    base_hash: str
    span: Span
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Removal:
    """Take away the note whose bytes hash to `base_hash`. Only undoing makes one, of a note that Famulus made."""

    path: VaultPath
    base_hash: str


def outcome(change: Edit | Removal, data: bytes | None) -> bytes | None:
    """What the note's bytes become, None for no note. Raises StaleEditError as `apply` does."""
    if isinstance(change, Edit):
        return apply(change, data)
    if data is None or content_hash(data) != change.base_hash:
        raise _stale(change, "The note is gone." if data is None else "The note was changed meanwhile.")
    return None


def hash_or_absent(data: bytes | None) -> str:
    """The hash of a note's bytes, `ABSENT` for no note."""
    return ABSENT if data is None else content_hash(data)


def split_mark(data: bytes) -> tuple[bytes, str]:
    """The byte order mark, if there is one, and the text after it. Raises UnicodeDecodeError."""
    mark, body = (BOM, data[len(BOM) :]) if data.startswith(BOM) else (b"", data)
    return mark, body.decode()


def apply(edit: Edit, data: bytes | None) -> bytes:
    """The note's new bytes. `data` is what is on the disk now, None where there is no file.

    Raises StaleEditError when the note is not the one the Edit was made for; it never hunts for the place. Raises
    WriteRefusedError for a text that no file can keep.
    """
    if edit.base_hash == ABSENT:
        if data is not None:
            raise _stale(edit, "A note of that name exists by now.")
        return _encoded(edit, edit.after)
    if data is None:
        raise _stale(edit, "The note is gone.")
    if content_hash(data) != edit.base_hash:
        raise _stale(edit, "The note was changed after the suggestion was made.")
    mark, text = split_mark(data)
    inside = 0 <= edit.span.start <= edit.span.end <= len(text)
    if not inside or text[edit.span.start : edit.span.end] != edit.before:
        raise _stale(edit, "The text at the place of the change is not the expected one.")
    return mark + _encoded(edit, text[: edit.span.start] + edit.after + text[edit.span.end :])


def _encoded(edit: Edit, text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise WriteRefusedError(
            f"The change to {edit.path!r} was not made.",
            "The new text holds half a character.",
            "Propose another text.",
        ) from error


def _stale(edit: Edit | Removal, cause: str) -> StaleEditError:
    return StaleEditError(f"The change to {edit.path!r} was not made.", cause, "Ask for the suggestion again.")
