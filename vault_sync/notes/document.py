"""Whatever of the vault is read: a note, or one of the files beside notes that hold text."""

from vault_sync.notes.base import read_base
from vault_sync.notes.canvas import read_canvas
from vault_sync.notes.note import Note
from vault_sync.notes.parse import parse_note
from vault_sync.notes.pdf import MAX_BYTES, read_pdf
from vault_sync.paths import BASE_SUFFIX, CANVAS_SUFFIX, VaultPath, is_pdf


def byte_limit(path: VaultPath, notes: int) -> int:
    """How large the file may be, where `notes` holds for all but PDFs: these are mostly pictures."""
    return max(notes, MAX_BYTES) if is_pdf(path) else notes


def read_document(path: VaultPath, data: bytes) -> Note:
    """The file at `path` with its bytes, as a note. Raises UnreadableNoteError where its text can not be read."""
    suffix = path.lower()
    if suffix.endswith(CANVAS_SUFFIX):
        return read_canvas(path, data)
    if suffix.endswith(BASE_SUFFIX):
        return read_base(path, data)
    return read_pdf(path, data) if is_pdf(path) else parse_note(path, data)
