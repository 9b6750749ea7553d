"""`state.db`: what can not be rebuilt from the vault. Schema by numbered migrations, one transaction each."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vault_sync.errors import LedgerError

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE journal (
        id INTEGER PRIMARY KEY, at REAL NOT NULL, feature TEXT NOT NULL, run TEXT NOT NULL, path TEXT NOT NULL,
        before_hash TEXT NOT NULL, after_hash TEXT NOT NULL, before BLOB, after BLOB NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('intended', 'done', 'failed', 'undone'))
    );
    CREATE INDEX journal_path ON journal (path, id);
    CREATE TABLE suggestions (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL, path TEXT NOT NULL, target TEXT, relation TEXT, score REAL,
        reason TEXT NOT NULL, evidence TEXT NOT NULL, state TEXT NOT NULL, state_reason TEXT NOT NULL DEFAULT '',
        edit TEXT NOT NULL, produced_by TEXT NOT NULL, created_at REAL NOT NULL, decided_at REAL
    );
    CREATE INDEX suggestions_state ON suggestions (state, path);
    CREATE TABLE refusals (
        path TEXT NOT NULL, target TEXT NOT NULL, kind TEXT NOT NULL, at REAL NOT NULL,
        PRIMARY KEY (path, target, kind)
    );
    CREATE TABLE linked (path TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, items TEXT NOT NULL, at REAL NOT NULL);
    CREATE TABLE digests (path TEXT PRIMARY KEY, seen_at REAL NOT NULL, last_run REAL, last_note TEXT, error TEXT);
    CREATE TABLE probes (
        model TEXT NOT NULL, language TEXT NOT NULL, score REAL NOT NULL, detail TEXT NOT NULL, at REAL NOT NULL,
        PRIMARY KEY (model, language)
    );
    """,
    """
    CREATE TABLE entries (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, feature TEXT NOT NULL, run TEXT NOT NULL,
        path TEXT NOT NULL, before_hash TEXT NOT NULL, after_hash TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('intended', 'done', 'failed', 'undone')),
        undoes INTEGER, temporary TEXT NOT NULL DEFAULT '', bytes INTEGER NOT NULL, before BLOB, after BLOB
    );
    INSERT INTO entries (id, at, feature, run, path, before_hash, after_hash, state, bytes, before, after)
        SELECT id, at, feature, run, path, before_hash, after_hash, state,
               coalesce(length(before), 0) + length(after), before, after FROM journal;
    DROP TABLE journal;
    ALTER TABLE entries RENAME TO journal;
    CREATE INDEX journal_path ON journal (path, id);
    CREATE INDEX journal_run ON journal (run);
    CREATE INDEX journal_open ON journal (id) WHERE state = 'intended' OR temporary != '';
    CREATE INDEX journal_room ON journal (id, at, bytes);
    """,
)


class State:
    """One connection, used under a lock: writes are few and small."""

    def __init__(self, file: Path | str) -> None:
        """Open or make the database at `file` (`:memory:` for tests) and bring its schema up to date.

        Raises LedgerError where the file is damaged or was written by a newer Famulus.
        """
        self._lock = threading.RLock()
        try:
            self._connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
            self._connection.row_factory = sqlite3.Row
            version = self._version()
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._migrate(version)
        except sqlite3.DatabaseError as error:
            raise LedgerError(
                f"The state {file} can not be opened.",
                f"SQLite says: {error}.",
                "It holds what can not be rebuilt (journal, suggestions): restore it from a backup, or move it away.",
            ) from error

    def _version(self) -> int:
        """The schema's number, read before anything is written: a file of a newer Famulus stays as it is."""
        version = int(self._connection.execute("PRAGMA user_version").fetchone()[0])
        if version > len(MIGRATIONS):
            raise sqlite3.DatabaseError(f"its schema {version} is newer than this Famulus ({len(MIGRATIONS)})")
        return version

    def _migrate(self, version: int) -> None:
        for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
            self._connection.executescript(f"BEGIN;{script};PRAGMA user_version = {number};COMMIT;")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A write transaction: committed at the end of the block, rolled back when it raises."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def rows(self, sql: str, parameters: tuple[object, ...] = ()) -> list[sqlite3.Row]:
        """The rows of a query."""
        with self._lock:
            return self._connection.execute(sql, parameters).fetchall()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()
