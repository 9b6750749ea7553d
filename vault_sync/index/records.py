"""What the ledger remembers, as rows."""

from dataclasses import dataclass
from typing import Literal

from vault_sync.notes.note import LinkKind, Span
from vault_sync.paths import VaultPath

NoteState = Literal["indexed", "failed"]
ChangeKind = Literal["created", "modified", "moved", "deleted"]


@dataclass(frozen=True, slots=True)
class FileStamp:
    """What the disk said of a file when it was read: enough to see later that it has not changed."""

    disk_path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class NoteRecord:
    """A note as the ledger knows it. `reason` and `fix` say why a failed note is not indexed."""

    id: int
    path: VaultPath
    stamp: FileStamp
    hash: str
    title: str
    language: str
    aliases: tuple[str, ...]
    tags: tuple[str, ...]
    description: str
    state: NoteState
    reason: str
    fix: str
    indexed_at: float
    digest: str
    """The cron line of a digest note, else empty."""

    @property
    def mtime(self) -> float:
        """Modification time, seconds since the epoch."""
        return self.stamp.mtime_ns / 1e9

    @property
    def doubted(self) -> bool:
        """Whether it is to be read again, although its bytes may be those that were read."""
        return self.indexed_at == 0


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A chunk where it stands: what Chroma, full text and filters speak of by `id`."""

    id: int
    note_id: int
    path: VaultPath
    title: str
    ordinal: int
    heading: tuple[str, ...]
    start_line: int
    end_line: int
    span: Span
    text: str
    vector_key: str
    mtime: float
    is_description: bool = False
    """It is the note's `description` from its frontmatter, not a part of its body."""
    aliases: tuple[str, ...] = ()
    """Other names of its note."""


@dataclass(frozen=True, slots=True)
class LinkRecord:
    """A link that resolves, outside managed sections."""

    source: VaultPath
    target: VaultPath
    kind: LinkKind
    raw: str
    line: int


@dataclass(frozen=True, slots=True)
class ChangeRecord:
    """Something that happened to a note; `at` is in seconds since the epoch.

    `told` is the first sentence that a modification brought, as it stands in the note, or nothing.
    """

    at: float
    kind: ChangeKind
    path: VaultPath
    old_path: VaultPath | None
    told: str = ""
