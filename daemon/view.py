"""What an answer may name. A note that policy hides is, for whoever asks, as one that does not exist."""

import sys
from itertools import islice

from daemon.bus import BusEvent
from vault_sync.errors import NoteNotFoundError
from vault_sync.index.ledger import Ledger
from vault_sync.index.records import LinkRecord, NoteRecord
from vault_sync.notes.resolve import Resolver
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import PolicySource, Use
from vault_sync.vault import Vault
from vault_sync.writing.journal import Entry, Journal, Selection

_NAMING = ("path", "old_path", "digest", "target")
"""The fields of events that name notes."""


class View:
    """One vault as those who ask may see it. Holds no state of its own."""

    def __init__(self, vault: Vault, ledger: Ledger, policy: PolicySource) -> None:
        self._vault = vault
        self._ledger = ledger
        self._policy = policy

    def shown(self, path: str, use: Use) -> bool:
        """Whether the note may be named for this use, be it there or gone."""
        if not self._policy.current.allows(path, use):
            return False
        return self._ledger.note(path) is not None or self._is_public(VaultPath(path))

    def _is_public(self, path: VaultPath) -> bool:
        """Of a note that the index does not know: not read yet, or deleted openly; else it asked to be left alone."""
        if self._vault.stamp(path) is not None:
            return not self._policy.current.private_data(self._vault.head(path))
        sql = "SELECT 1 FROM changes WHERE path = ?1 OR old_path = ?1 LIMIT 1"
        return self._ledger.read().execute(sql, (path,)).fetchone() is not None

    def notes(self, use: Use = "notes") -> list[NoteRecord]:
        """The records of all notes that may be put to this use, by path."""
        policy = self._policy.current
        return [note for note in self._ledger.notes() if policy.allows(note.path, use)]

    def paths(self, use: Use) -> list[VaultPath]:
        """The paths of all indexed notes that may be put to this use."""
        policy = self._policy.current
        return [path for path in self._ledger.paths() if policy.allows(path, use)]

    def note(self, path: VaultPath, use: Use = "notes") -> NoteRecord:
        """The note's record, found also by its title. Raises NoteNotFoundError."""
        found = self._ledger.note(path) or self._ledger.note(f"{path}.md")
        if found is None or not self._policy.current.allows(found.path, use):
            resolved = self._resolver(use).resolve(path, VaultPath(""))
            found = self._ledger.note(resolved) if resolved else None
        if found is None:
            raise NoteNotFoundError(
                f"There is no note {path!r} in the index.",
                "",
                "Check the spelling; `/api/notes/status` lists all notes.",
            )
        return found

    def _resolver(self, use: Use) -> Resolver:
        """Resolves names as if the notes that may not be shown were not there."""
        policy, paths = self._policy.current, self._ledger.paths()
        seen = [path for path in paths if policy.allows(path, use)]
        return Resolver(seen) if len(seen) < len(paths) else self._ledger.resolver()

    def links(self, path: VaultPath) -> tuple[list[LinkRecord], list[LinkRecord]]:
        """The links of a note and those to it, without the notes that may not be listed."""
        policy = self._policy.current
        here, there = self._ledger.links_from(path), self._ledger.links_to(path)
        return (
            [link for link in here if policy.allows(link.target, "notes")],
            [link for link in there if policy.allows(link.source, "notes")],
        )

    def passed_over(self, found: dict[str, str]) -> dict[str, str]:
        """Of the files that a scan passed over those that may be named."""
        policy = self._policy.current
        return {
            path: why for path, why in found.items() if not policy.hidden(path) and not policy.denies(path, "notes")
        }

    def entries(self, journal: Journal, wanted: Selection, limit: int) -> list[Entry]:
        """The newest entries of the journal that are wanted, about notes that may be listed."""
        found = (entry for entry in journal.entries(wanted, sys.maxsize) if self.shown(entry.path, "notes"))
        return list(islice(found, limit))

    def told(self, event: BusEvent) -> bool:
        """Whether an event may leave the daemon: it names no note, or only such as events may name."""
        named = (event.data.get(field) for field in _NAMING)
        return all(self.shown(path, "events") for path in named if isinstance(path, str))
