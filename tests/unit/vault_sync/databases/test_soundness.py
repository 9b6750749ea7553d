import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from vault_sync.databases.soundness import (
    DamageError,
    columns,
    is_damage,
    is_words_damage,
    lacking,
    problem,
    tables,
    untouched,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "a file with % and ?.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(
            "CREATE TABLE t (a, b); CREATE INDEX i ON t (a); CREATE VIRTUAL TABLE v USING fts5 (c);"
            "INSERT INTO t VALUES (1, 2), (3, 4); INSERT INTO v VALUES ('word')"
        )
    return file


def raised(work: str, connection: sqlite3.Connection) -> sqlite3.Error:
    with pytest.raises(sqlite3.Error) as caught:
        connection.execute(work).fetchall()
    return caught.value


def test_only_a_broken_file_is_damage(tmp_path: Path, file: Path) -> None:
    (tmp_path / "text.db").write_bytes(b"some text" * 1000)
    with closing(sqlite3.connect(tmp_path / "text.db")) as connection:
        assert is_damage(raised("SELECT * FROM t", connection))
    with closing(sqlite3.connect(file, timeout=0)) as one, closing(sqlite3.connect(file, timeout=0)) as other:
        assert not is_damage(raised("SELECT * FROM nowhere", one))
        one.execute("BEGIN EXCLUSIVE")
        assert not is_damage(raised("INSERT INTO t VALUES (5, 6)", other)), "it is locked"
    with closing(sqlite3.connect(file)) as small:
        pages = small.execute("PRAGMA page_count").fetchone()[0]
        small.execute(f"PRAGMA max_page_count = {pages}")
        assert not is_damage(raised("INSERT INTO t VALUES (zeroblob(100000), 1)", small)), "the disk is full"
    assert is_damage(DamageError("x")) and not is_damage(OSError("x")) and not is_damage(ValueError("x"))


def test_a_full_text_that_contradicts_itself_is_told_apart(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DELETE FROM v_content")
        assert is_words_damage(raised("INSERT INTO v (v) VALUES ('integrity-check')", connection))
    assert not is_words_damage(DamageError("x"))


def test_a_sound_file_has_no_problem(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        assert problem(connection) == problem(connection, thorough=True) == problem(connection, without=["t"]) == ""


@pytest.fixture
def page_of_t(file: Path) -> Iterator[None]:
    """The page of the table t is overwritten."""
    with closing(sqlite3.connect(file)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 't'").fetchone()
    data = bytearray(file.read_bytes())
    data[(page - 1) * 4096 : page * 4096] = b"\xff" * 4096
    file.write_bytes(data)
    yield


@pytest.mark.usefixtures("page_of_t")
def test_a_page_that_was_overwritten_is_found(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        assert problem(connection) and problem(connection, thorough=True)
        assert not problem(connection, without=["t"]), "it was to be passed over"


def test_an_index_that_does_not_fit_its_table_is_found_by_a_thorough_look(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(
            "PRAGMA writable_schema = ON; UPDATE sqlite_master SET rootpage = rootpage WHERE name = 'i';"
            "CREATE INDEX j ON t (b); UPDATE sqlite_master SET sql = 'CREATE INDEX j ON t (a)' WHERE name = 'j';"
        )
    with closing(sqlite3.connect(file)) as connection:
        assert not problem(connection) and "index j" in problem(connection, thorough=True)


def test_what_is_there_and_what_is_lacking(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        there = columns(connection)
        assert there["t"] == {"a", "b"} and "v" not in there and "v" in tables(connection)
    assert lacking(there, {"t": {"a", "b"}}) == ""
    assert lacking(there, {"t": {"a", "c"}, "u": {"x"}}) == "u, t.c"


def test_a_look_leaves_no_trace(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    before = file.read_bytes()
    with untouched(file) as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone()[0] == 2
        assert not problem(connection)
        assert is_damage(raised("DELETE FROM t", connection)) is False, "it can not be written"
    assert [path.name for path in file.parent.iterdir()] == [file.name] and file.read_bytes() == before
