"""Whether a SQLite file can be trusted: what damages it, what it lacks, and a look that changes no byte of it."""

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ERRORS = (sqlite3.Error, UnicodeDecodeError)
"""What a call of SQLite may raise: what it says of a damaged schema need not even be text."""
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_MOST = 5
"""Findings of SQLite that are told: a damaged page brings hundreds."""
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"


class DamageError(sqlite3.DatabaseError):
    """The file is not what it should be, although SQLite can read it."""


class OutdatedError(DamageError):
    """Another version of this program made the file."""


def is_damage(error: BaseException) -> bool:
    """Whether the file is broken. A full disk, a lock or a missing right also raise, and say nothing of the file."""
    if not isinstance(error, sqlite3.Error):
        return isinstance(error, UnicodeDecodeError)
    # Only whole texts are ever written: one that can not be decoded was changed on the disk.
    undecodable = str(error).startswith("Could not decode to UTF-8")
    return isinstance(error, DamageError) or undecodable or (_code(error) & 0xFF) in _DAMAGED


def is_words_damage(error: BaseException) -> bool:
    """Whether a full-text table contradicts itself; what it is made from may be whole."""
    return isinstance(error, sqlite3.Error) and _code(error) == sqlite3.SQLITE_CORRUPT_VTAB


def _code(error: sqlite3.Error) -> int:
    return int(getattr(error, "sqlite_errorcode", None) or 0)


def problem(connection: sqlite3.Connection, *, thorough: bool = False, without: Collection[str] = ()) -> str:
    """What SQLite finds wrong, in one line; empty where all is well.

    `thorough` also compares each index with its table. Tables in `without` are passed over. Raises sqlite3.Error
    where the file could not be looked at.
    """
    check = "integrity_check" if thorough else "quick_check"
    try:
        names = sorted(columns(connection).keys() - set(without)) if without else [""]
        said = [row[0] for name in names for row in connection.execute(_pragma(check, name))]
    except ERRORS as error:
        if not is_damage(error):
            raise
        return str(error)
    return " ".join("; ".join(line for line in said if line != "ok").split())


def _pragma(check: str, table: str) -> str:
    return f'PRAGMA {check}("{table}")' if table else f"PRAGMA {check}({_MOST})"


def tables(connection: sqlite3.Connection) -> frozenset[str]:
    """The names of all tables."""
    return frozenset(row[0] for row in connection.execute(_TABLES))


def columns(connection: sqlite3.Connection) -> dict[str, frozenset[str]]:
    """The columns of each table; virtual tables, which may be broken in ways of their own, are left out."""
    names = [row[0] for row in connection.execute(f"{_TABLES} AND sql NOT LIKE 'CREATE VIRTUAL %'")]
    return {name: frozenset(row[1] for row in connection.execute(f'PRAGMA table_info("{name}")')) for name in names}


def definitions(connection: sqlite3.Connection) -> dict[str, str]:
    """What each table and index was made by, in one line."""
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {name: " ".join(sql.split()) for name, sql in rows}


def lacking(there: Mapping[str, Collection[str]], wanted: Mapping[str, Collection[str]]) -> str:
    """The tables and columns that are wanted and not there, as one text."""
    tables = [name for name in wanted if name not in there]
    fields = [f"{name}.{field}" for name in there if name in wanted for field in set(wanted[name]) - set(there[name])]
    return ", ".join([*tables, *sorted(fields)])


@contextmanager
def untouched(file: Path) -> Iterator[sqlite3.Connection]:
    """A connection for looking at a file that nobody has open: neither it nor its write-ahead log changes."""
    connection = sqlite3.connect(f"{file.absolute().as_uri()}?{_how(file)}", uri=True, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def _how(file: Path) -> str:
    """A log must be read with the file; without one, not even empty files are left beside it.

    A rollback journal (where the disk knows no write-ahead log) holds what a crash left half written: SQLite must
    put it back before anything can be read.
    """
    if _has_bytes(Path(f"{file}-journal")):
        return "mode=rw"
    return "mode=ro" if _has_bytes(Path(f"{file}-wal")) else "mode=ro&immutable=1"


def _has_bytes(file: Path) -> bool:
    return file.exists() and file.stat().st_size > 0
