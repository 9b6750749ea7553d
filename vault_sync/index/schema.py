"""The tables of `index.db`. All of it can be rebuilt from the vault, so a new version starts empty but for the vectors."""

import sqlite3
import time
from contextlib import closing

from vault_sync.databases.soundness import DamageError, OutdatedError, definitions, problem, tables
from vault_sync.search import lexical

VERSION = 4

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE notes (
    id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE, disk_path TEXT NOT NULL, size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL, hash TEXT NOT NULL, title TEXT NOT NULL, language TEXT NOT NULL,
    aliases TEXT NOT NULL, description TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL, fix TEXT NOT NULL,
    indexed_at REAL NOT NULL, digest TEXT NOT NULL
);
CREATE INDEX notes_hash ON notes (hash);
CREATE TABLE tags (note_id INTEGER NOT NULL, tag TEXT NOT NULL, folded TEXT NOT NULL);
CREATE INDEX tags_note ON tags (note_id);
CREATE INDEX tags_folded ON tags (folded);
CREATE TABLE names (note_id INTEGER NOT NULL, key TEXT NOT NULL, folded TEXT NOT NULL);
CREATE INDEX names_note ON names (note_id);
CREATE INDEX names_key ON names (key);
CREATE TABLE occurrences (
    id INTEGER PRIMARY KEY AUTOINCREMENT, note_id INTEGER NOT NULL, ordinal INTEGER NOT NULL,
    vector_key TEXT NOT NULL, heading TEXT NOT NULL, start_line INTEGER NOT NULL, end_line INTEGER NOT NULL,
    span_start INTEGER NOT NULL, span_end INTEGER NOT NULL, text TEXT NOT NULL
);
CREATE INDEX occurrences_note ON occurrences (note_id, ordinal);
CREATE INDEX occurrences_key ON occurrences (vector_key);
CREATE TABLE vectors (key TEXT PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE spare (key TEXT PRIMARY KEY, since REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE links (
    note_id INTEGER NOT NULL, kind TEXT NOT NULL, target TEXT NOT NULL, name TEXT NOT NULL, raw TEXT NOT NULL,
    line INTEGER NOT NULL
);
CREATE INDEX links_note ON links (note_id);
CREATE INDEX links_name ON links (name);
CREATE TABLE upcoming (occurrence INTEGER PRIMARY KEY, key TEXT NOT NULL);
CREATE TABLE outbox (occurrence INTEGER PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('add', 'delete')));
CREATE TABLE changes (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, kind TEXT NOT NULL, path TEXT NOT NULL, old_path TEXT,
    told TEXT NOT NULL DEFAULT ''
);
CREATE INDEX changes_at ON changes (at);
"""

ADDED = "CREATE INDEX IF NOT EXISTS notes_mtime ON notes (mtime_ns)"
"""Made where it is not there yet: an index.db that lacks it is as good, only slower."""

OPEN = "open"
"""The key in `meta` that is there while the file is open: who finds it knows that the last run did not end well."""


def prepare(connection: sqlite3.Connection) -> None:
    """Make the tables in an empty file; raises DamageError where the file is not empty and not sound."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version == 0:
        if tables(connection):
            raise DamageError("another program made it")
        _make(connection)
    elif version != VERSION:
        raise OutdatedError(f"its schema is {version}, and this Famulus has {VERSION}")
    else:
        _check(connection)
    connection.execute(ADDED)
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (OPEN, str(time.time())))


def _make(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for statement in TABLES.split(";"):
        connection.execute(statement)
    lexical.create(connection)
    connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


def _check(connection: sqlite3.Connection) -> None:
    there, due = definitions(connection), _definitions()
    wrong = {name for name in due if there.get(name) != due[name]}
    if lacks := ", ".join(sorted(wrong - lexical.TABLES)):
        raise DamageError(f"it lacks {lacks}")
    # The whole file is looked at after a crash only: a clean start of a large vault must not wait for it.
    unclean = connection.execute("SELECT 1 FROM meta WHERE key = ?", (OPEN,)).fetchone() is not None
    if unclean and (said := problem(connection)):
        raise DamageError(said)
    if wrong:
        lexical.create_anew(connection)


def _definitions() -> dict[str, str]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(TABLES)
        lexical.create(connection)
        return definitions(connection)
