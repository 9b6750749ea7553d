import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from vault_sync.search import frequency, lexical
from vault_sync.search.frequency import rows_with
from vault_sync.search.lexical import LexicalRow


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(tmp_path / "index.db", isolation_level=None)) as made:
        lexical.create(made)
        put(made, range(600), "always tea")
        yield made


def put(connection: sqlite3.Connection, ids: range, text: str) -> None:
    connection.execute("BEGIN")
    lexical.insert(connection, [LexicalRow(i, "", (), text) for i in ids])
    connection.execute("COMMIT")


def test_a_common_word_is_counted_once_until_the_rows_are_others(connection: sqlite3.Connection) -> None:
    assert rows_with(connection, "tea", 600) == 600
    asked: list[str] = []
    connection.set_trace_callback(asked.append)
    assert rows_with(connection, "tea", 605) == 600
    assert not any("lexical_terms" in sql for sql in asked)
    put(connection, range(600, 700), "tea")
    assert rows_with(connection, "tea", 700) == 700


def test_a_rare_word_is_counted_each_time(connection: sqlite3.Connection) -> None:
    assert rows_with(connection, "heron", 600) == 0
    put(connection, range(600, 601), "heron")
    assert rows_with(connection, "heron", 601) == 1


def test_there_are_never_more_rows_with_a_word_than_rows(connection: sqlite3.Connection) -> None:
    rows_with(connection, "tea", 600)
    assert rows_with(connection, "tea", 590) == 590


def test_another_file_has_counts_of_its_own(connection: sqlite3.Connection, tmp_path: Path) -> None:
    rows_with(connection, "tea", 600)
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        lexical.create(other)
        assert rows_with(other, "tea", 600) == 0


def test_so_many_are_remembered(connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frequency, "MOST", 1)
    frequency._remembered.clear()
    rows_with(connection, "tea", 600)
    rows_with(connection, "alway", 600)
    assert [word for _, word in frequency._remembered] == ["alway"]
