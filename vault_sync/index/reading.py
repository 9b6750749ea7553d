"""A file of the vault, read and cut. Nothing here touches the ledger, so that a thread of its own can read ahead."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from vault_sync.errors import NoteNotFoundError, UnreadableNoteError
from vault_sync.index.key import vector_key
from vault_sync.index.ledger import NOT_EMBEDDED
from vault_sync.index.record import Keyed
from vault_sync.index.records import FileStamp, NoteRecord
from vault_sync.notes.chunk import MAX_CHARS, chunk_note
from vault_sync.notes.document import byte_limit, read_document
from vault_sync.notes.note import Chunk, Note
from vault_sync.paths import VaultPath
from vault_sync.policy.cover import private
from vault_sync.policy.policy import PolicySource
from vault_sync.ports import EmbedderSpec
from vault_sync.vault import MAX_NOTE_BYTES, Vault
from vault_sync.writing.edit import content_hash

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Order:
    """What to read: the note as the ledger knows it, and the hash of the bytes for which nothing is to be done."""

    path: VaultPath
    known: NoteRecord | None = None
    same: str = ""


@dataclass(frozen=True, slots=True)
class Absent:
    """There is no such file."""


@dataclass(frozen=True, slots=True)
class Same:
    """The bytes are those of the order."""

    stamp: FileStamp


@dataclass(frozen=True, slots=True)
class Familiar:
    """An unknown note has the bytes of one that is gone: it is not parsed, for it was probably moved."""

    stamp: FileStamp
    hash: str


@dataclass(frozen=True, slots=True)
class Private:
    """The note asks to be left alone."""

    stamp: FileStamp


@dataclass(frozen=True, slots=True)
class Unreadable:
    """It can not be read or parsed; the hash is empty where there were no bytes."""

    stamp: FileStamp
    hash: str
    error: UnreadableNoteError


@dataclass(frozen=True, slots=True)
class Cut:
    """The note and its chunks."""

    stamp: FileStamp
    hash: str
    note: Note
    chunks: list[Keyed]


Reading = Absent | Same | Familiar | Private | Unreadable | Cut


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads files of one vault. `gone` holds hashes of notes that are gone, one of which may be met again elsewhere."""

    vault: Vault
    policy: PolicySource
    spec: EmbedderSpec
    max_note_bytes: int = MAX_NOTE_BYTES
    chunk_chars: int = MAX_CHARS
    embeds: bool = True
    gone: Collection[str] = ()

    def read(self, order: Order) -> Reading:
        """What the file holds now."""
        path, digest, data = order.path, "", b""
        stamp = self.vault.stamp(path)
        if stamp is None:
            return Absent()
        try:
            data, stamp = self.vault.read(path, byte_limit(path, self.max_note_bytes))
            digest = content_hash(data)
            if digest == order.same:
                return Same(stamp)
            if order.known is None and digest in self.gone:
                return Familiar(stamp, digest)
            note = read_document(path, data)
            return Private(stamp) if private(self.policy.current, note) else Cut(stamp, digest, note, self._cut(note))
        except NoteNotFoundError:
            return Absent()
        except UnreadableNoteError as error:
            problem = error
            if isinstance(error.__cause__, OSError):
                # A stamp that no file has: rights come back without a new time, and the next look tries again.
                stamp = replace(stamp, mtime_ns=-1)
        except Exception as error:  # one note that nobody foresaw keeps no other from being read
            log.exception("The note %r is left out of the index.", path)
            problem = _unforeseen(path, error)
        left_alone = self.policy.current.private_data(data or self.vault.head(path))
        return Private(stamp) if left_alone else Unreadable(stamp, digest, problem)

    def again(self, path: VaultPath) -> Reading:
        """What the file holds, parsed whatever its bytes are."""
        return replace(self, gone=()).read(Order(path))

    def chunks_of(self, path: VaultPath, digest: str) -> Sequence[Chunk] | None:
        """The chunks of a note whose bytes have this hash; None where they have another by now."""
        try:
            data = self.vault.read(path, byte_limit(path, self.max_note_bytes))[0]
            if content_hash(data) != digest:
                return None
            return chunk_note(read_document(path, data), max_chars=self.chunk_chars)
        except (NoteNotFoundError, UnreadableNoteError):
            return None

    def _cut(self, note: Note) -> list[Keyed]:
        hidden = self.policy.current.denies(note.path, "embed") or not self.embeds
        return [
            Keyed(chunk, NOT_EMBEDDED if hidden else vector_key(self.spec, chunk.embed_text))
            for chunk in chunk_note(note, max_chars=self.chunk_chars)
        ]


def _unforeseen(path: VaultPath, error: Exception) -> UnreadableNoteError:
    return UnreadableNoteError(
        f"The note {path!r} is left out of the index.",
        f"Famulus fails on it: {type(error).__name__}: {error}.",
        "Tell its authors what is odd about the note; change it, and it is read again.",
    )
