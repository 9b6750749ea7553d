"""What becomes of a note that was read: nothing, a line in the ledger, a move, or a job for the embedder."""

from collections.abc import Callable
from dataclasses import dataclass

from vault_sync.index import record
from vault_sync.index.ledger import Ledger
from vault_sync.index.lots import Job
from vault_sync.index.reading import Absent, Cut, Familiar, Order, Private, Reader, Reading, Same, Unreadable
from vault_sync.index.records import FileStamp, NoteRecord
from vault_sync.paths import VaultPath, same_kind
from vault_sync.policy.cover import Cover
from vault_sync.policy.policy import PolicySource


@dataclass(slots=True)
class Settler:
    """Knows which notes are `gone` and not found elsewhere yet: takes out those that were moved, adds what vanished."""

    ledger: Ledger
    cover: Cover
    policy: PolicySource
    reader: Reader
    gone: set[VaultPath]
    on_moved: Callable[[VaultPath, VaultPath], None]
    written_to: Callable[[str], VaultPath | None]
    leave_alone: Callable[[VaultPath, FileStamp], None]

    def order(self, path: VaultPath) -> Order:
        """What is to be read of a path."""
        known = self.ledger.note(path)
        return Order(path, known, known.hash if known is not None and self._settles(known) else "")

    def _settles(self, known: NoteRecord) -> bool:
        """Whether equal bytes mean that there is nothing to do."""
        return not known.doubted and not self.cover.misembeds(known, self.policy.current)

    def settle(self, order: Order, reading: Reading) -> Job | None:
        """The note where it is to be recorded; otherwise the ledger is put right here."""
        path = order.path
        match reading:
            case Absent():
                self.gone.add(path)
            case Same(stamp):
                record.touch(self.ledger, path, stamp)
            case Private(stamp):
                self.leave_alone(path, stamp)
            case Unreadable(stamp, digest, error):
                record.put_failure(self.ledger, path, stamp, digest, error)
            case Familiar(stamp, digest):
                if self._moved(path, digest, stamp) and (order := self.order(path)).same == digest:
                    return None
                return self.settle(order, self.reader.again(path))
            case Cut():
                return self._job(order, reading)
        return None

    def _job(self, order: Order, cut: Cut) -> Job | None:
        path, known = order.path, order.known
        if known is not None:
            return Job(cut.note, cut.stamp, cut.hash, cut.chunks, news=known.hash != cut.hash)
        if self._moved(path, cut.hash, cut.stamp):
            settled = self.order(path).same == cut.hash
            return None if settled else Job(cut.note, cut.stamp, cut.hash, cut.chunks, news=False)
        self._find_written(path, cut.hash)
        return Job(cut.note, cut.stamp, cut.hash, cut.chunks, news=not self.cover.let_go(path, cut.stamp))

    def _moved(self, path: VaultPath, digest: str, stamp: FileStamp) -> bool:
        """Whether a note that is gone had the same bytes; then this is where it went."""
        same = self.ledger.notes_with_hash(digest) if self.gone else []
        lost = (note.path for note in same if note.path in self.gone and note.state == "indexed")
        old = next((gone for gone in lost if same_kind(gone, path)), None)
        if old is None:
            return False
        record.move_note(self.ledger, old, path, stamp)
        self.gone.discard(old)
        self.on_moved(old, path)
        return True

    def _find_written(self, path: VaultPath, digest: str) -> None:
        """A note may have been moved before a write into it was seen: the same note with another text."""
        written = self.written_to(digest) if self.gone else None
        if written is not None and written in self.gone and same_kind(written, path):
            self.on_moved(written, path)
