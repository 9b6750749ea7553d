"""The journal: the before-image of every write, kept before the write happens."""

import time
from dataclasses import dataclass
from typing import Literal

from vault_sync.paths import VaultPath
from vault_sync.state import State

EntryState = Literal["intended", "done", "failed", "undone"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One write. `before` is None where the note did not exist."""

    id: int
    at: float
    feature: str
    run: str
    path: VaultPath
    before_hash: str
    after_hash: str
    before: bytes | None
    after: bytes
    state: EntryState


class Journal:
    """Entries in `state.db`, written through before the vault is touched."""

    def __init__(self, state: State) -> None:
        self._state = state

    def intend(self, entry: Entry) -> int:
        """Keep what is about to be written; returns the entry's id."""
        with self._state.transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO journal (at, feature, run, path, before_hash, after_hash, before, after, state)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'intended')",
                (
                    entry.at or time.time(),
                    entry.feature,
                    entry.run,
                    entry.path,
                    entry.before_hash,
                    entry.after_hash,
                    entry.before,
                    entry.after,
                ),
            )
            return int(cursor.lastrowid or 0)

    def mark(self, entry: int, state: EntryState) -> None:
        """Say how the write ended."""
        with self._state.transaction() as connection:
            connection.execute("UPDATE journal SET state = ? WHERE id = ?", (state, entry))

    def entries(self, limit: int = 100) -> list[Entry]:
        """The newest entries first."""
        rows = self._state.rows("SELECT * FROM journal ORDER BY id DESC LIMIT ?", (limit,))
        return [Entry(**dict(row)) for row in rows]

    def open_entries(self) -> list[Entry]:
        """Writes whose end was never recorded: the process died in between."""
        return [Entry(**dict(row)) for row in self._state.rows("SELECT * FROM journal WHERE state = 'intended'")]
