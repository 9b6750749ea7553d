"""The journal: what every write replaced, kept before the write happens, so that it can be undone."""

import sqlite3
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from vault_sync.databases.state import State
from vault_sync.days import begin_of, end_of
from vault_sync.paths import VaultPath, within
from vault_sync.writing.edit import hash_or_absent

EntryState = Literal["intended", "done", "failed", "undone"]

ALWAYS_KEPT = 200
"""The newest entries, which no retention time takes away: a clock that runs wild must not empty the journal."""
_AND = "+"
_DIGITS = 19
"""A number of fewer digits fits SQLite's integers."""
_HEAD = "id, at, feature, run, path, before_hash, after_hash, state, undoes, temporary"
_OPPOSITE: dict[EntryState, EntryState] = {"done": "undone", "undone": "done"}


@dataclass(frozen=True, slots=True)
class Limits:
    """How long entries are kept (seconds), and how many bytes of notes they may hold in all."""

    seconds: float = 90 * 86400.0
    size: int = 512 * 2**20


@dataclass(frozen=True, slots=True)
class Entry:
    """One write. A hash is empty where there was, or is, no note; `undoes` is the entry that it takes back.

    `temporary` is the name of the temporary file, as long as it may still lie beside the note.
    """

    id: int
    at: float
    feature: str
    run: str
    path: VaultPath
    before_hash: str
    after_hash: str
    state: EntryState
    undoes: int | None
    temporary: str


@dataclass(frozen=True, slots=True)
class Images:
    """A note's bytes before and after a write; None for no note."""

    before: bytes | None
    after: bytes | None


@dataclass(frozen=True, slots=True)
class Selection:
    """Which entries: all that fit every field that is given. `path` is a note or a folder, `day` a local date.

    A `feature` means also the writes that hold something of other features too (`feature_of`).
    """

    ids: tuple[int, ...] = ()
    path: str = ""
    feature: str = ""
    run: str = ""
    day: date | None = None
    state: EntryState | None = None

    def __bool__(self) -> bool:
        return bool(self.ids or self.path or self.feature or self.run or self.day)


def feature_of(kinds: Iterable[str]) -> str:
    """The feature of a write that holds something of several kinds: it is found by each of them."""
    return _AND.join(kinds)


class Journal:
    """Entries in `state.db`, written through to the disk before the vault is touched."""

    def __init__(self, state: State, limits: Limits | None = None) -> None:
        """`limits` bound what is kept; without them the defaults do."""
        self._state = state
        self._limits = limits or Limits()

    def intend(
        self, path: VaultPath, images: Images, *, feature: str, run: str, undoes: int | None = None, temporary: str = ""
    ) -> Entry:
        """Keep what is about to be written."""
        before, after = images.before, images.after
        size = len(before or b"") + len(after or b"")
        with self._state.transaction() as connection:
            row = connection.execute(
                "INSERT INTO journal (at, feature, run, path, before_hash, after_hash, state, undoes, temporary, bytes,"
                f" before, after) VALUES (?, ?, ?, ?, ?, ?, 'intended', ?, ?, ?, ?, ?) RETURNING {_HEAD}",
                (
                    *(time.time(), feature, run, path, hash_or_absent(before), hash_or_absent(after)),
                    *(undoes, temporary, size, before, after),
                ),
            ).fetchone()
            _forget(connection, self._limits, time.time())
        return Entry(**dict(row))

    def mark(self, entry: int, state: EntryState) -> None:
        """Say how the write ended, its temporary file gone. What it undoes is undone with it, or done again."""
        with self._state.transaction() as connection:
            connection.execute("UPDATE journal SET temporary = '' WHERE id = ?", (entry,))
            _set_state(connection, entry, state)

    def applied_late(self, entry: str, digest: str) -> None:
        """An app says after all that it applied a write that was given up; unknown entries are no error."""
        with self._state.transaction() as connection:
            row = connection.execute(
                "SELECT id FROM journal WHERE id = ? AND after_hash = ? AND state IN ('intended', 'failed')",
                (int(entry) if entry.isdecimal() and len(entry) < _DIGITS else -1, digest),
            ).fetchone()
            if row is not None:
                _set_state(connection, row["id"], "done")

    def entries(self, wanted: Selection = Selection(), limit: int = 100) -> list[Entry]:
        """The newest entries first, at most `limit`."""
        conditions, values = _conditions(wanted)
        rows = self._state.rows(f"SELECT {_HEAD} FROM journal WHERE {conditions} ORDER BY id DESC", tuple(values))
        found = (Entry(**dict(row)) for row in rows)
        return [entry for entry in found if within(entry.path, wanted.path)][:limit]

    def images(self, entry: int) -> Images | None:
        """The bytes that an entry keeps, None where there is no such entry (any more)."""
        rows = self._state.rows("SELECT before, after FROM journal WHERE id = ?", (entry,))
        return Images(rows[0]["before"], rows[0]["after"]) if rows else None

    def open_entries(self) -> list[Entry]:
        """Writes whose end was never recorded, or whose temporary file may still be there, oldest first."""
        sql = f"SELECT {_HEAD} FROM journal WHERE state = 'intended' OR temporary != '' ORDER BY id"
        return [Entry(**dict(row)) for row in self._state.rows(sql)]

    def last_written(self, path: VaultPath) -> str | None:
        """The hash of the note's bytes after the last write that succeeded, None where there was none."""
        sql = "SELECT after_hash FROM journal WHERE path = ? AND state IN ('done', 'undone') ORDER BY id DESC LIMIT 1"
        rows = self._state.rows(sql, (path,))
        return rows[0]["after_hash"] if rows else None

    def written_to(self, digest: str) -> VaultPath | None:
        """The path of the note into which bytes of this hash were last written, None where none were."""
        sql = "SELECT path FROM journal WHERE after_hash = ? AND state != 'failed' ORDER BY id DESC LIMIT 1"
        rows = self._state.rows(sql, (digest,))
        return rows[0]["path"] if rows else None

    def first_before(self, path: VaultPath, since: float) -> tuple[float, bytes | None] | None:
        """When Famulus first wrote into the note after a moment, and the note's bytes before that."""
        sql = "SELECT at, before FROM journal WHERE path = ? AND at > ? AND state = 'done' ORDER BY id LIMIT 1"
        rows = self._state.rows(sql, (path, since))
        return (rows[0]["at"], rows[0]["before"]) if rows else None

    def moved(self, old: VaultPath, new: VaultPath) -> None:
        """A note has another path now: what was written to it can be undone there."""
        with self._state.transaction() as connection:
            connection.execute("UPDATE journal SET path = ? WHERE path = ?", (new, old))

    def forget(self, now: float) -> int:
        """Drop what is older than the retention time or over the size; returns how many entries went."""
        with self._state.transaction() as connection:
            return _forget(connection, self._limits, now)


def _set_state(connection: sqlite3.Connection, entry: int, state: EntryState) -> None:
    connection.execute("UPDATE journal SET state = ? WHERE id = ?", (state, entry))
    row = connection.execute("SELECT undoes FROM journal WHERE id = ?", (entry,)).fetchone()
    if row is not None and row["undoes"] is not None and state in _OPPOSITE:
        _set_state(connection, row["undoes"], _OPPOSITE[state])


def _conditions(wanted: Selection) -> tuple[str, list[object]]:
    conditions, values = ["1"], list[object]()
    if wanted.ids:
        conditions.append(f"id IN ({','.join('?' * len(wanted.ids))})")
        values += wanted.ids
    if wanted.feature:
        conditions.append(f"instr('{_AND}' || feature || '{_AND}', '{_AND}' || ? || '{_AND}') > 0")
        values.append(wanted.feature)
    for column, value in (("run", wanted.run), ("state", wanted.state)):
        if value:
            conditions.append(f"{column} = ?")
            values.append(value)
    if wanted.day is not None:
        conditions.append("at >= ? AND at < ?")
        values += [begin_of(wanted.day), end_of(wanted.day)]
    return " AND ".join(conditions), values


_OLD = """
    SELECT id FROM (
        SELECT id, max(at) OVER (ORDER BY id) AS at, sum(bytes) OVER (ORDER BY id DESC) AS newer,
               row_number() OVER (ORDER BY id DESC) AS place
        FROM journal
    ) WHERE place > 1 AND (newer > :size OR (at < :oldest AND place > :always))
"""
"""An entry's age counts from the latest time seen before it: a clock that was set back makes nothing old."""


def _forget(connection: sqlite3.Connection, limits: Limits, now: float) -> int:
    values = {"size": limits.size, "oldest": now - limits.seconds, "always": ALWAYS_KEPT}
    sql = f"DELETE FROM journal WHERE state != 'intended' AND temporary = '' AND id IN ({_OLD})"
    return connection.execute(sql, values).rowcount
