"""What policy covers: which known notes it takes away, which new ones it has only let go."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from vault_sync.index import erasure
from vault_sync.index.ledger import CLEANED_FOR, NOT_EMBEDDED, Ledger
from vault_sync.index.records import FileStamp, NoteRecord
from vault_sync.notes.note import Note
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import HEAD, Policy
from vault_sync.vault import Vault

_SCANNED = "scanned"
"""The key in `meta` of the policy of the last whole scan, and when that was."""


@dataclass(slots=True)
class Cover:
    """Remembers, for as long as the process lives, which notes asked to be left alone; used from one thread."""

    vault: Vault
    ledger: Ledger
    embeds: Callable[[], bool] = lambda: True
    """Whether there is a model that can embed; without one no note lacks vectors that it should have."""
    private: dict[VaultPath, FileStamp] = field(default_factory=dict)
    until: float = 0.0
    """What is new and older than this was there at the last scan, and policy hid it; seconds since the epoch."""

    def taken(self, policy: Policy) -> list[VaultPath] | None:
        """The paths that the index names and must not; None where it was cleaned for this policy already."""
        if self.ledger.meta(CLEANED_FOR) == policy.fingerprint:
            return None
        return [path for path in erasure.mentioned(self.ledger) if not policy.readable(path)]

    def cleaned(self, policy: Policy) -> None:
        """The index obeys this policy now."""
        self.ledger.set_meta(CLEANED_FOR, policy.fingerprint)

    def begin(self, policy: Policy) -> None:
        """A scan of the whole vault begins."""
        fingerprint, _, at = (self.ledger.meta(_SCANNED) or "").partition(" ")
        self.until = float(at) if at and fingerprint != policy.fingerprint else 0.0

    def end(self, policy: Policy) -> None:
        """The scan is complete."""
        self.ledger.set_meta(_SCANNED, f"{policy.fingerprint} {time.time()}")
        self.until = 0.0

    def let_go(self, path: VaultPath, stamp: FileStamp) -> bool:
        """Whether a note that the index does not know was there all the time, only covered."""
        return self.private.pop(path, None) is not None or stamp.mtime_ns / 1e9 < self.until

    def moved_under(self, gone: Collection[VaultPath], policy: Policy) -> set[VaultPath]:
        """Those of the `gone` notes that were not deleted but moved to where policy hides them.

        They are known by name, size and time, for what is hidden is not opened.
        """
        if not gone or not (policy.exclude or policy.ignored):
            return set()
        hidden = {_sign(stamp) for stamp in self.vault.out_of_sight(policy)}
        known = ((path, self.ledger.note(path)) for path in gone)
        return {path for path, record in known if record is not None and _sign(record.stamp) in hidden}

    def misembedded(self, known: Iterable[VaultPath], policy: Policy) -> set[VaultPath]:
        """Notes with vectors that policy forbids by now, or without those that it allows."""
        without = erasure.notes_by_vectors(self.ledger, embedded=False) if self.embeds() else set()
        denied = {path for path in known if policy.denies(path, "embed")} if policy.restricts("embed") else set()
        having = erasure.notes_by_vectors(self.ledger, embedded=True) if denied else set()
        return (without - denied) | (denied & having)

    def misembeds(self, note: NoteRecord, policy: Policy) -> bool:
        """The same for one note."""
        if not self.embeds() and not policy.denies(note.path, "embed"):
            return False
        sql = "SELECT 1 FROM occurrences WHERE note_id = ? AND (vector_key = ?) != ? LIMIT 1"
        row = self.ledger.read().execute(sql, (note.id, NOT_EMBEDDED, policy.denies(note.path, "embed")))
        return row.fetchone() is not None

    def stamps(self, known: Mapping[VaultPath, FileStamp], there: Collection[VaultPath]) -> dict[VaultPath, FileStamp]:
        """The stamps of all notes that are `there` or known and need not be read again while they stay as they are."""
        self.private = {path: stamp for path, stamp in self.private.items() if path in there}
        return {**self.private, **known}


def private(policy: Policy, note: Note) -> bool:
    """Whether the note asks to be left alone."""
    if note.body_start and note.frontmatter_error is None:
        return policy.private(note.frontmatter)
    # Where broken frontmatter ends is not known: a key at the start of a line near the top is enough.
    head = note.text[: max(note.body_start, HEAD)] if note.text.startswith("---") else ""
    return policy.private_by_text(head)


def _sign(stamp: FileStamp) -> tuple[str, int, int]:
    return PurePosixPath(stamp.disk_path).name, stamp.size, stamp.mtime_ns
