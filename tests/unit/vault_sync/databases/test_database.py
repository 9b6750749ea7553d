import sqlite3
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Queue

import pytest

from tests.effort import LONG
from vault_sync.databases.database import Database
from vault_sync.databases.soundness import DamageError


def prepare(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE IF NOT EXISTS words (word TEXT)")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(tmp_path / "some.db", prepare)
    put(made, "first")
    yield made
    made.close()


def put(database: Database, word: str) -> None:
    with database.write() as connection:
        connection.execute("INSERT INTO words VALUES (?)", (word,))


def words(database: Database) -> list[str]:
    return [row[0] for row in database.read().execute("SELECT word FROM words ORDER BY word")]


class Reader:
    """A thread that reads when it is told to."""

    def __init__(self, database: Database) -> None:
        self._asked: Queue[bool] = Queue()
        self._told: Queue[list[str]] = Queue()
        self._database = database
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while self._asked.get():
            self._told.put(words(self._database))

    def read(self) -> list[str]:
        self._asked.put(True)
        return self._told.get(timeout=LONG)

    def end(self) -> None:
        self._asked.put(False)
        self._thread.join()


@pytest.fixture
def reader(database: Database) -> Iterator[Reader]:
    reader = Reader(database)
    yield reader
    reader.end()


def test_other_threads_see_what_is_committed(database: Database, reader: Reader) -> None:
    assert reader.read() == ["first"]
    with database.write() as connection:
        connection.execute("INSERT INTO words VALUES ('second')")
        assert words(database) == ["first", "second"] and reader.read() == ["first"]
    assert reader.read() == ["first", "second"]


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(ValueError, match="stop"), database.write() as connection:
        connection.execute("INSERT INTO words VALUES ('second')")
        raise ValueError("stop")
    assert words(database) == ["first"]


def test_a_transaction_that_sqlite_ended_itself_raises_its_reason(database: Database) -> None:
    with pytest.raises(sqlite3.OperationalError, match="full"), database.write() as connection:
        connection.execute("ROLLBACK")  # as SQLite does where the disk is full
        raise sqlite3.OperationalError("database or disk is full")
    put(database, "second")
    assert words(database) == ["first", "second"]


def test_only_the_user_may_read_it(database: Database) -> None:
    modes = {stat.S_IMODE(file.stat().st_mode) for file in database.file.parent.iterdir()}
    assert modes == {0o600}


def test_every_thread_moves_on_to_the_new_file(database: Database, reader: Reader, tmp_path: Path) -> None:
    assert reader.read() == ["first"] and words(database) == ["first"]
    database.renew("it was told to be")
    assert (words(database), reader.read()) == ([], [])
    put(database, "new")
    assert (words(database), reader.read()) == (["new"], ["new"])
    assert database.damage == "it was told to be"
    with sqlite3.connect(tmp_path / "some.db.damaged") as old:
        assert old.execute("SELECT word FROM words").fetchall() == [("first",)]
    old.close()


def test_what_is_being_read_is_read_to_the_end(database: Database) -> None:
    for number in range(5000):
        put(database, f"w{number:04}")
    cursor = database.read().execute("SELECT word FROM words ORDER BY rowid")
    assert cursor.fetchone()[0] == "first"
    other = threading.Thread(target=database.renew, args=("elsewhere",))
    other.start()
    other.join()
    assert len(cursor.fetchall()) == 5000
    assert words(database) == []


def test_one_damaged_file_is_kept(database: Database, tmp_path: Path) -> None:
    for word in ("second", "third"):
        database.renew(f"after {word}")
        put(database, word)
    kept = sorted(file.name for file in tmp_path.iterdir() if "damaged" in file.name and "-" not in file.name)
    assert kept == ["some.db.damaged"]


def test_a_damaged_file_is_put_aside_when_it_is_opened(tmp_path: Path) -> None:
    (tmp_path / "some.db").write_bytes(b"not a database" * 500)
    database = Database(tmp_path / "some.db", prepare)
    assert words(database) == [] and "not a database" in database.damage
    assert (tmp_path / "some.db.damaged").read_bytes() == b"not a database" * 500
    database.close()


def test_what_prepare_calls_damaged_is_put_aside(tmp_path: Path) -> None:
    seen: list[int] = []

    def once(connection: sqlite3.Connection) -> None:
        seen.append(1)
        if len(seen) == 1:
            raise DamageError("I do not like it")
        prepare(connection)

    database = Database(tmp_path / "some.db", once)
    assert words(database) == [] and database.damage == "I do not like it"
    database.close()


@pytest.mark.parametrize("said", ["database is locked", "database or disk is full", "unable to open database file"])
def test_other_trouble_puts_nothing_aside(tmp_path: Path, said: str) -> None:
    def trouble(connection: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError(said)

    Database(tmp_path / "some.db", prepare).close()
    with pytest.raises(sqlite3.OperationalError, match=said):
        Database(tmp_path / "some.db", trouble)
    assert [file.name for file in tmp_path.iterdir()] == ["some.db"]


def test_a_new_file_that_could_not_be_begun_is_begun_later(tmp_path: Path) -> None:
    full = [False]

    def picky(connection: sqlite3.Connection) -> None:
        if full[0]:
            raise sqlite3.OperationalError("database or disk is full")
        prepare(connection)

    database = Database(tmp_path / "some.db", picky)
    put(database, "first")
    assert words(database) == ["first"]
    full[0] = True
    for work in (lambda: database.renew("damaged"), lambda: words(database), lambda: put(database, "x")):
        with pytest.raises(sqlite3.OperationalError, match="full"):
            work()
    full[0] = False
    assert words(database) == []
    put(database, "second")
    assert words(database) == ["second"]
    database.close()


def test_a_checkpoint_brings_the_file_up_to_its_log(database: Database) -> None:
    put(database, "second")
    log = Path(f"{database.file}-wal")
    assert b"second" in log.read_bytes() and b"second" not in database.file.read_bytes()
    database.checkpoint()
    assert b"second" in database.file.read_bytes() and words(database) == ["first", "second"]
