"""`state.db`: what can not be rebuilt from the vault. Schema by numbered migrations, one transaction each.

Nothing is written into a file before it was found sound, and a file that can not be used is never replaced.
"""

import logging
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from vault_sync.databases import backup, durable
from vault_sync.databases.soundness import ERRORS, DamageError, columns, is_damage, lacking, problem, untouched
from vault_sync.errors import LedgerError

log = logging.getLogger(__name__)

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
    """
    CREATE TABLE decisions (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, suggestion TEXT NOT NULL, kind TEXT NOT NULL,
        score REAL, produced_by TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '',
        run TEXT NOT NULL DEFAULT '', hash TEXT NOT NULL DEFAULT '', silent INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX decisions_kind ON decisions (kind, id);
    CREATE INDEX decisions_suggestion ON decisions (suggestion);
    CREATE INDEX decisions_write ON decisions (hash, run) WHERE hash != '';
    INSERT INTO decisions (at, suggestion, kind, score, produced_by, state, reason)
        SELECT coalesce(decided_at, created_at), id, kind, score, produced_by, state, state_reason
        FROM suggestions WHERE state IN ('applied', 'rejected') ORDER BY coalesce(decided_at, created_at), id;
    """,
    """
    CREATE TABLE judgements (
        path TEXT NOT NULL, target TEXT NOT NULL, key TEXT NOT NULL, relation TEXT NOT NULL, reason TEXT NOT NULL,
        at REAL NOT NULL, PRIMARY KEY (path, target)
    );
    """,
    """
    CREATE TABLE sections (
        path TEXT NOT NULL, name TEXT NOT NULL, record TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (path, name)
    );
    """,
    """
    CREATE TABLE jobs (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL, state TEXT NOT NULL, wish TEXT NOT NULL, reason TEXT NOT NULL,
        resumes TEXT, retry_at REAL, tries INTEGER NOT NULL, thresholds TEXT NOT NULL, estimate TEXT NOT NULL DEFAULT '',
        began_applying REAL, created_at REAL NOT NULL, changed_at REAL NOT NULL
    );
    CREATE TABLE job_notes (
        job TEXT NOT NULL, path TEXT NOT NULL, place TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('waiting', 'done', 'failed')), hash TEXT NOT NULL DEFAULT '',
        reason TEXT NOT NULL DEFAULT '', tries INTEGER NOT NULL DEFAULT 0, not_before REAL NOT NULL DEFAULT 0,
        looks INTEGER NOT NULL DEFAULT 0, seconds REAL, requests INTEGER NOT NULL DEFAULT 0,
        tokens INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (job, path)
    );
    CREATE INDEX job_notes_next ON job_notes (job, state, place);
    CREATE TABLE job_suggestions (
        job TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, path TEXT NOT NULL, target TEXT, score REAL,
        body TEXT NOT NULL, stratum TEXT NOT NULL DEFAULT '', drawn INTEGER, verdict TEXT NOT NULL DEFAULT '',
        outcome TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '', PRIMARY KEY (job, id)
    );
    CREATE INDEX job_suggestions_path ON job_suggestions (job, path);
    CREATE INDEX job_suggestions_open ON job_suggestions (job, path) WHERE outcome = '';
    CREATE INDEX job_suggestions_counted ON job_suggestions (job, kind, outcome);
    CREATE INDEX job_suggestions_drawn ON job_suggestions (job, drawn) WHERE drawn IS NOT NULL;
    """,
)

QUICK = 2**30
"""Bytes up to which the whole file is looked at when it is opened (a quarter of a second, where it is in memory);
of a larger one, the journal's images are left to `famulus doctor --verify`."""


class State:
    """One connection, used under a lock: writes are few and small."""

    def __init__(self, file: Path | str, beside: Sequence[Path] = ()) -> None:
        """Open or make the database at `file` (`:memory:` for tests) and bring its schema up to date.

        `beside` names what is only ever made after the state: where it lies there alone, the state was lost.
        Raises LedgerError where the file is lost, damaged, not ours or of a newer Famulus; it then stays as it is.
        """
        self._file = None if str(file) == ":memory:" else Path(file)
        self._lock = threading.RLock()
        try:
            version = 0 if self._file is None else _examined(self._file, beside)
            self._connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
            try:
                self._connection.row_factory = sqlite3.Row
                self._bring_up(version)
            except BaseException:
                self._connection.close()
                raise
        except (*ERRORS, OSError) as error:
            raise _unusable(Path(file), error) from error

    def _bring_up(self, version: int) -> None:
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        if self._file is not None:
            durable.private(self._file)
            if version < len(MIGRATIONS):
                kept = backup.make(self._connection, self._file, version)
                log.info("The state goes from schema %d to %d; a backup is %s.", version, len(MIGRATIONS), kept)
        _migrate(self._connection, version)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A write transaction: committed at the end of the block, rolled back when it raises."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                # A full disk may have made SQLite roll back by itself already.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def rows(self, sql: str, parameters: tuple[object, ...] = ()) -> list[sqlite3.Row]:
        """The rows of a query."""
        with self._lock:
            return self._connection.execute(sql, parameters).fetchall()

    def problem(self) -> str:
        """What is wrong with the file, after every page and index was looked at; empty where all is well."""
        if self._file is None:
            return problem(self._connection, thorough=True)
        # On a connection of its own: the others need not wait.
        with closing(sqlite3.connect(f"{self._file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            return problem(connection, thorough=True)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()


def replace(file: Path, beside: Sequence[Path] = ()) -> tuple[Path | None, Path | None]:
    """Put the newest backup, or without one an empty state, in place of a state that is lost or can not be used.

    Returns where the old file is kept and which backup was taken, each None where there is none. Raises LedgerError
    where nothing has to be replaced.
    """
    try:
        if not _useless(file, beside):
            raise LedgerError("Nothing was replaced.", f"The state {file} can be used.", "Start Famulus as ever.")
        aside = _put_aside(file)
        taken = backup.restore(file, len(MIGRATIONS))
        if taken is None:
            _make(file)
    except (*ERRORS, OSError) as error:
        raise _unusable(file, error) from error
    return aside, taken


def _useless(file: Path, beside: Sequence[Path]) -> bool:
    try:
        _examined(file, beside)
    except ERRORS as error:
        if not is_damage(error):
            raise
        return True
    except LedgerError:
        return True
    return False


def _put_aside(file: Path) -> Path | None:
    free = next(path for number in range(1, 10_000) if not (path := Path(f"{file}.aside{number}")).exists())
    kept = file.exists()
    for suffix in ("", "-wal", "-shm", "-journal"):
        if (old := Path(f"{file}{suffix}")).exists():
            old.replace(f"{free}{suffix}")
    return free if kept else None


def _examined(file: Path, beside: Sequence[Path]) -> int:
    """The schema's number; a file that is not there is made. Raises LedgerError, sqlite3.Error or OSError."""
    if not file.exists():
        witnesses = [Path(f"{file}-wal"), *backup.backups(file), *beside]
        if seen := next((path for path in witnesses if path.exists()), None):
            raise _refused(file, f"It is missing, although {seen.name} lies there")
        _make(file)
    elif not file.stat().st_size:
        raise DamageError("it is empty: it was cut short")
    with untouched(file) as connection:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if version > len(MIGRATIONS):
            raise _newer(file, version)
        if wrong := problem(connection, without=("journal",) if file.stat().st_size > QUICK else ()):
            raise DamageError(wrong)
        if not version or (lacks := lacking(columns(connection), _schema(version))):
            raise DamageError(f"it is no state of Famulus: it lacks {lacks}" if version else "another program made it")
    return version


def _make(file: Path) -> None:
    """A new state appears whole or not at all: one that is there and empty has lost something."""
    with durable.placed(file) as temporary, closing(sqlite3.connect(temporary, isolation_level=None)) as connection:
        _migrate(connection, 0)


def _schema(version: int) -> dict[str, frozenset[str]]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        _migrate(connection, 0, version)
        return columns(connection)


def _migrate(connection: sqlite3.Connection, version: int, to: int | None = None) -> None:
    """Each step is one transaction with its number: after a crash in between, the schema is that before it."""
    for number, script in enumerate(MIGRATIONS[version:to], start=version + 1):
        try:
            connection.executescript(f"BEGIN IMMEDIATE;{script};PRAGMA user_version = {number};COMMIT;")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _unusable(file: Path, error: Exception) -> LedgerError:
    if is_damage(error):
        return _refused(file, str(error))
    return LedgerError(
        f"The state {file} can not be opened; it is as it was.",
        f"The system says: {error}.",
        "Check that the disk of the data folder has room and that its files are yours.",
    )


def _refused(file: Path, cause: str) -> LedgerError:
    kept = backup.backups(file, len(MIGRATIONS))
    instead = f"its newest backup, {kept[0].name}," if kept else "an empty one (there is no backup)"
    return LedgerError(
        f"The state {file} can not be used.",
        f"{cause[:1].upper()}{cause[1:]}.",
        f"It holds the journal and the links that you refused, so nothing was changed. Bring it back from a backup of "
        f"your own (first take {file.name}-wal away), or run `famulus doctor --replace-state`, which keeps what is there "
        f"and puts {instead} in its place.",
    )


def _newer(file: Path, version: int) -> LedgerError:
    kept = backup.backups(file, len(MIGRATIONS))
    back = f" To go back for good, `famulus doctor --replace-state` puts {kept[0].name} in its place." if kept else ""
    return LedgerError(
        f"The state {file} can not be used.",
        f"Its schema {version} is newer than this Famulus knows ({len(MIGRATIONS)}).",
        f"Use the newer Famulus.{back}",
    )
