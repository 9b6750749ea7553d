"""The resolver is made again when notes come, go or move, and only then."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from vault_sync.index import schema
from vault_sync.index.resolving import UNLOGGED, Resolving
from vault_sync.paths import VaultPath

HOME = VaultPath("home.md")


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        schema.prepare(made)
        add(made, "a.md")
        yield made


def add(connection: sqlite3.Connection, path: str, kind: str = "created") -> None:
    columns = "path, disk_path, size, mtime_ns, hash, title, language, aliases, description, state, reason, fix"
    connection.execute(
        f"INSERT INTO notes ({columns}, indexed_at, digest) VALUES (?{', ?' * 13})",
        (path, path, 1, 1, path, path, "en", "[]", "", "indexed", "", "", 1.0, ""),
    )
    log(connection, kind, path)


def log(connection: sqlite3.Connection, kind: str, path: str) -> None:
    connection.execute("INSERT INTO changes (at, kind, path) VALUES (0, ?, ?)", (kind, path))


def test_an_edit_leaves_it_as_it_is(connection: sqlite3.Connection) -> None:
    resolving = Resolving()
    first = resolving.current(connection)
    log(connection, "modified", "a.md")
    assert resolving.current(connection) is first and first.resolve("a", HOME) == "a.md"


@pytest.mark.parametrize("kind", ["created", "modified"], ids=["told", "as one that can not be read"])
def test_a_new_note_is_found(connection: sqlite3.Connection, kind: str) -> None:
    resolving = Resolving()
    resolving.current(connection)
    add(connection, "b.md", kind)
    assert resolving.current(connection).resolve("b", HOME) == "b.md"


def test_moves_and_deletions_are_followed(connection: sqlite3.Connection) -> None:
    resolving = Resolving()
    resolving.current(connection)
    connection.execute("UPDATE notes SET path = 'b.md'")
    log(connection, "moved", "b.md")
    assert resolving.current(connection).resolve("a", HOME) is None
    connection.execute("DELETE FROM notes")
    log(connection, "deleted", "b.md")
    assert resolving.current(connection).resolve("b", HOME) is None


def test_what_policy_took_away_with_its_lines_in_the_log(connection: sqlite3.Connection) -> None:
    add(connection, "b.md")
    resolving = Resolving()
    resolving.current(connection)
    connection.execute("DELETE FROM notes WHERE path = 'b.md'")
    connection.execute("DELETE FROM changes WHERE path = 'b.md'")
    connection.execute("INSERT INTO meta VALUES (?, '1')", (UNLOGGED,))
    assert resolving.current(connection).resolve("b", HOME) is None
    # The log's numbers are given again.
    connection.execute("DELETE FROM notes")
    log(connection, "deleted", "a.md")
    assert resolving.current(connection).resolve("a", HOME) is None


def test_what_is_rolled_back_is_not_remembered(connection: sqlite3.Connection) -> None:
    resolving = Resolving()
    resolving.current(connection)
    connection.execute("BEGIN")
    connection.execute("DELETE FROM notes")
    log(connection, "deleted", "a.md")
    assert resolving.current(connection).resolve("a", HOME) is None
    connection.execute("ROLLBACK")
    assert resolving.current(connection).resolve("a", HOME) == "a.md"
