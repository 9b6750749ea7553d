"""What the user changed in the vault since a moment, without what Famulus itself wrote."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from agents.digests.changes import Changes, collapse
from agents.digests.digest_note import DigestNote, is_written_digest
from agents.errors import AgentError
from agents.related.managed import own_text
from vault_sync.databases.state import State
from vault_sync.errors import UnreadableNoteError
from vault_sync.index.ledger import Ledger
from vault_sync.index.records import ChangeRecord
from vault_sync.notes.note import Note
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import Policy, PolicySource
from vault_sync.writing.journal import Journal


class Changelog:
    """Reads the ledger's log of changes, and the journal to tell Famulus's writes from the user's."""

    def __init__(
        self,
        ledger: Ledger,
        read: Callable[[VaultPath], bytes | None],
        state: State,
        policy: PolicySource | None = None,
    ) -> None:
        """`read` gives a note's bytes now, None where it is gone; `policy` says which notes may be told of."""
        self._policy = policy or Policy()
        self._ledger = ledger
        self._read = read
        self._journal = Journal(state)

    def since(self, moment: float, digest: DigestNote) -> Changes:
        """The changes after `moment` that the digest covers; digests, what they wrote and templates are left out."""
        log = self._tellable(self._ledger.changes(moment))
        # The first indexing of the vault makes no note new; what was written since the moment counts as changed.
        indexed = float(self._ledger.meta("first_scan") or "inf")
        first = {c.path for c in log if c.kind == "created" and c.at <= indexed}
        log = [self._as_changed(c) if c.path in first else c for c in log if self._counts(c, first, indexed, moment)]
        whole = collapse(log)
        return Changes(
            new=tuple(p for p in whole.new if self._wanted(p, digest)),
            changed=tuple(p for p in whole.changed if self._wanted(p, digest) and self._by_user(p, log, moment)),
            renamed=tuple((old, now) for old, now in whole.renamed if self._wanted(now, digest)),
            deleted=tuple(p for p in whole.deleted if digest.covers(p, ()) and not digest.wrote(p)),
            told=tuple({c.path: c.told for c in log if c.told}.items()),
        )

    def has_notes(self, digest: DigestNote) -> bool:
        """Whether there is a note that the digest could tell of, changed or not."""
        policy = self._policy.current
        return any(
            digest.covers(record.path, record.tags)
            and policy.allows(record.path, "digests")
            and self._wanted(record.path, digest)
            for record in self._ledger.notes()
        )

    def _tellable(self, log: Iterable[ChangeRecord]) -> list[ChangeRecord]:
        """What policy lets a digest tell: a name that it must not tell is no former name either."""
        policy = self._policy.current
        told = [change for change in log if policy.allows(change.path, "digests")]
        return [
            replace(change, kind="modified", old_path=None)
            if change.old_path is not None and not policy.allows(change.old_path, "digests")
            else change
            for change in told
        ]

    def _counts(self, change: ChangeRecord, first: set[VaultPath], indexed: float, moment: float) -> bool:
        if change.kind != "created" or change.path not in first or change.at > indexed:
            return True
        return self._modified_after(change.path, moment)

    def _as_changed(self, change: ChangeRecord) -> ChangeRecord:
        return replace(change, kind="modified") if change.kind == "created" else change

    def _modified_after(self, path: VaultPath, moment: float) -> bool:
        record = self._ledger.note(path)
        return record is not None and record.mtime > moment

    def _wanted(self, path: VaultPath, digest: DigestNote) -> bool:
        record = self._ledger.note(path)
        if record is None or record.state != "indexed" or record.digest or self._policy.current.template(path):
            return False
        if not digest.covers(path, record.tags) or digest.wrote(path):
            return False
        note = self._parsed(path, self._read(path)) if "digest" in record.tags else None
        return note is None or not is_written_digest(note)

    def _by_user(self, path: VaultPath, log: list[ChangeRecord], moment: float) -> bool:
        """Whether more than a managed section changed: by what the note was before Famulus first wrote into it."""
        at, data = self._journal.first_before(path, moment) or (0.0, None)
        if data is None or any(change.path == path and change.at < at for change in log):
            return True
        before, now = self._parsed(path, data), self._parsed(path, self._read(path))
        try:
            return before is None or now is None or own_text(before) != own_text(now)
        except AgentError:
            return True

    def _parsed(self, path: VaultPath, data: bytes | None) -> Note | None:
        try:
            return parse_note(path, data) if data is not None else None
        except UnreadableNoteError:
            return None
