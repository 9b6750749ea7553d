"""The text of an Obsidian base: the YAML that names its views, filters, formulas and columns."""

from vault_sync.errors import UnreadableNoteError
from vault_sync.notes.assembly import Piece, assembled
from vault_sync.notes.frontmatter import read_yaml
from vault_sync.notes.note import Note
from vault_sync.notes.parse import decode
from vault_sync.paths import VaultPath


def read_base(path: VaultPath, data: bytes) -> Note:
    """The base as a note, its text as it is written. Raises UnreadableNoteError for what is no YAML."""
    text = decode(data, path)
    if cause := read_yaml(text, "base")[1]:
        raise UnreadableNoteError(
            f"The base {path!r} is left out of the index.", cause, "Open it in Obsidian, or restore an earlier version."
        )
    return assembled(path, [Piece((), text)])
