"""The columns in memory follow the table; the statements that are asked show what was read again."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from vault_sync.index.owners import Owners

TABLE = """
CREATE TABLE occurrences (id INTEGER PRIMARY KEY AUTOINCREMENT, note_id INTEGER NOT NULL, ordinal INTEGER NOT NULL);
CREATE INDEX occurrences_note ON occurrences (note_id, ordinal);
"""


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        made.executescript(TABLE)
        add(made, {1: 30, 2: 20, 5: 30})
        yield made


def add(connection: sqlite3.Connection, rows: dict[int, int]) -> None:
    connection.executemany("INSERT INTO occurrences VALUES (?, ?, 0)", rows.items())


def known(owners: Owners, connection: sqlite3.Connection) -> dict[int, int]:
    ids, notes = owners.columns(connection)
    assert ids.tolist() == sorted(ids.tolist())
    return dict(zip(ids.tolist(), notes.tolist(), strict=True))


def test_new_rows_are_read_and_only_they(connection: sqlite3.Connection) -> None:
    owners = Owners()
    assert known(owners, connection) == {1: 30, 2: 20, 5: 30}
    add(connection, {6: 20})
    asked: list[str] = []
    connection.set_trace_callback(asked.append)
    assert known(owners, connection) == {1: 30, 2: 20, 5: 30, 6: 20}
    assert not any("INDEXED BY" in sql for sql in asked)


def test_an_empty_table(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM occurrences")
    assert known(Owners(), connection) == {}


def test_deleted_rows_go_once_they_outnumber_the_others(connection: sqlite3.Connection) -> None:
    owners = Owners()
    known(owners, connection)
    connection.execute("DELETE FROM occurrences WHERE id = 1")
    assert known(owners, connection).keys() == {1, 2, 5}
    connection.execute("DELETE FROM occurrences WHERE id = 2")
    assert known(owners, connection) == {5: 30}


def test_what_is_rolled_back_is_not_remembered(connection: sqlite3.Connection) -> None:
    owners = Owners()
    known(owners, connection)
    connection.execute("BEGIN")
    add(connection, {6: 99})
    assert known(owners, connection)[6] == 99
    connection.execute("ROLLBACK")
    add(connection, {6: 20})
    assert known(owners, connection)[6] == 20
