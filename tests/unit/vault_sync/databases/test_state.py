import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from vault_sync.databases import state as states
from vault_sync.databases.backup import backups
from vault_sync.databases.state import MIGRATIONS, State, replace
from vault_sync.errors import LedgerError

ROOT = Path(__file__).parents[4]
NOW = len(MIGRATIONS)
STEP = "CREATE TABLE added (x); INSERT INTO refusals VALUES ('m', 'm', 'link', 2)"


def refuse(state: State, path: str) -> None:
    with state.transaction() as connection:
        connection.execute("INSERT INTO refusals VALUES (?, 'b', 'link', 1)", (path,))


def refused(state: State) -> list[str]:
    return [row["path"] for row in state.rows("SELECT path FROM refusals ORDER BY path")]


def bytes_below(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir()) if not file.name.endswith("-shm")}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A state with one refusal, closed."""
    with closing(State(tmp_path / "state.db")) as state:
        refuse(state, "kept.md")
    return tmp_path / "state.db"


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes this Famulus one with more migrations."""

    def add(*scripts: str) -> None:
        monkeypatch.setattr(states, "MIGRATIONS", (*states.MIGRATIONS, *scripts))

    return add


def test_opens_twice_and_keeps_what_is_in_it(file: Path) -> None:
    with closing(State(file)) as state:
        assert refused(state) == ["kept.md"] and not state.problem()
    assert not backups(file), "nothing was migrated"


def test_a_failed_transaction_leaves_nothing(file: Path) -> None:
    with closing(State(file)) as state:
        with pytest.raises(ValueError, match="stop"), state.transaction() as connection:
            connection.execute("INSERT INTO refusals VALUES ('a', 'b', 'link', 1)")
            raise ValueError("stop")
        assert refused(state) == ["kept.md"]


def test_only_the_user_may_read_it(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        with closing(State(tmp_path / "state.db")) as state:
            refuse(state, "a")
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert modes == {"state.db": 0o600, "state.db-wal": 0o600, "state.db-shm": 0o600}


def test_an_older_one_that_others_may_read_is_closed_to_them(file: Path) -> None:
    file.chmod(0o644)
    State(file).close()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def zeroed(file: Path) -> None:
    data = file.read_bytes()
    file.write_bytes(data[:4096] + bytes(4096) + data[8192:])


def flipped(file: Path) -> None:
    data = bytearray(file.read_bytes())
    for at in range(4096, len(data), 512):
        data[at] ^= 0xFF
    file.write_bytes(data)


def foreign(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as other:
        other.executescript("CREATE TABLE bookmarks (url TEXT); INSERT INTO bookmarks VALUES ('x')")


def foreign_with_our_number(file: Path) -> None:
    foreign(file)
    with closing(sqlite3.connect(file)) as other:
        other.execute(f"PRAGMA user_version = {NOW}")


def lacking_a_table(file: Path) -> None:
    with closing(sqlite3.connect(file)) as other:
        other.execute("DROP TABLE refusals")


def of_a_newer_famulus(file: Path) -> None:
    with closing(sqlite3.connect(file)) as other:
        other.execute(f"PRAGMA user_version = {NOW + 1}")


BROKEN: list[Callable[[Path], object]] = [
    lambda file: file.write_bytes(b""),
    lambda file: file.write_bytes(b"not a database at all" * 1000),
    lambda file: file.write_bytes(file.read_bytes()[: 4096 * 3 + 100]),
    lambda file: file.write_bytes(b"garbage!" * 4 + file.read_bytes()[32:]),
    zeroed,
    flipped,
    foreign,
    foreign_with_our_number,
    lacking_a_table,
    of_a_newer_famulus,
]
NAMES = ["empty", "text", "cut", "header", "zeroed", "flipped", "foreign", "numbered", "lacking", "newer"]


@pytest.mark.parametrize("spoil", BROKEN, ids=NAMES)
@pytest.mark.parametrize("with_log", [False, True], ids=["", "wal"])
def test_a_file_that_can_not_be_used_is_refused_and_left_alone(
    file: Path, spoil: Callable[[Path], object], with_log: bool
) -> None:
    spoil(file)
    if with_log:
        Path(f"{file}-wal").write_bytes(b"a log of something" * 300)
    before = bytes_below(file.parent)
    with pytest.raises(LedgerError) as caught:
        State(file)
    assert bytes_below(file.parent) == before
    assert caught.value.effect and caught.value.cause and caught.value.fix


def killed_while(file: Path, work: str) -> None:
    """Runs `work` with a State `s` of `file` in a process that then dies without closing anything."""
    code = f"""
import os
from pathlib import Path
from random import Random
from vault_sync.databases.state import State
s = State(Path({str(file)!r}))
{work}
os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL


WRITE = "with s.transaction() as c: c.execute(\"INSERT INTO refusals VALUES ('late.md', 'b', 'link', 1)\")"


def test_what_was_written_before_a_crash_is_there(file: Path) -> None:
    killed_while(file, WRITE)
    assert Path(f"{file}-wal").stat().st_size
    with closing(State(file)) as state:
        assert refused(state) == ["kept.md", "late.md"]


def test_a_refusal_leaves_the_log_of_a_crash_as_it_was(file: Path) -> None:
    killed_while(file, WRITE)
    data = file.read_bytes()
    file.write_bytes(data[:4096] + bytes(len(data) - 4096))
    before = bytes_below(file.parent)
    assert before["state.db-wal"]
    with pytest.raises(LedgerError):
        State(file)
    assert bytes_below(file.parent) == before


def test_without_its_log_it_is_what_it_was_before(file: Path) -> None:
    killed_while(file, WRITE)
    Path(f"{file}-wal").unlink()
    with closing(State(file)) as state:
        assert refused(state) == ["kept.md"] and not state.problem()


def test_a_full_disk_is_no_damage(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> sqlite3.Connection:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(sqlite3, "connect", full)
    with pytest.raises(LedgerError, match="disk is full") as caught:
        State(file)
    assert "room" in caught.value.fix and "replace" not in caught.value.fix
    with pytest.raises(LedgerError, match="disk is full"):
        replace(file)
    monkeypatch.undo()
    State(file).close()


def test_a_step_keeps_a_backup_of_what_was_before(file: Path, newer: Callable[..., None]) -> None:
    newer(STEP)
    with closing(State(file)) as state:
        assert refused(state) == ["kept.md", "m"]
    (backup,) = backups(file)
    assert backup.name == f"state.db.v{NOW}.backup" and stat.S_IMODE(backup.stat().st_mode) == 0o600
    with closing(sqlite3.connect(backup)) as copy:
        assert copy.execute("PRAGMA user_version").fetchone()[0] == NOW
        assert copy.execute("SELECT path FROM refusals").fetchall() == [("kept.md",)]
    assert sorted(path.name for path in file.parent.iterdir()) == ["state.db", backup.name]


def test_a_backup_holds_what_is_still_in_the_log(file: Path, newer: Callable[..., None]) -> None:
    killed_while(file, WRITE)
    newer(STEP)
    State(file).close()
    with closing(sqlite3.connect(backups(file)[0])) as copy:
        assert copy.execute("SELECT count(*) FROM refusals").fetchone()[0] == 2


def test_the_last_two_backups_are_kept(file: Path, newer: Callable[..., None]) -> None:
    for number in range(4):
        newer(f"CREATE TABLE added{number} (x)")
        State(file).close()
    assert [path.name for path in backups(file)] == [f"state.db.v{NOW + 3}.backup", f"state.db.v{NOW + 2}.backup"]


def test_a_step_that_fails_leaves_the_old_schema_whole(file: Path, newer: Callable[..., None]) -> None:
    newer("CREATE TABLE first (x)", "CREATE TABLE second (x); DELETE FROM refusals; INSERT INTO nowhere VALUES (1)")
    with pytest.raises(LedgerError, match="nowhere"):
        State(file)
    with closing(sqlite3.connect(file)) as left:
        assert left.execute("PRAGMA user_version").fetchone()[0] == NOW + 1
        assert left.execute("SELECT path FROM refusals").fetchall() == [("kept.md",)]
        tables = {row[0] for row in left.execute("SELECT name FROM sqlite_master")}
        assert "first" in tables and "second" not in tables


def test_a_process_that_dies_in_the_middle_of_a_step_leaves_the_old_schema_whole(
    file: Path, newer: Callable[..., None]
) -> None:
    code = f"""
import os, sqlite3
from pathlib import Path
from random import Random
from vault_sync.databases import state
real = sqlite3.connect
def connect(file, *args, **kwargs):
    made = real(file, *args, **kwargs)
    made.create_function("die", 0, lambda: os.kill(os.getpid(), 9) if str(file).endswith("state.db") else 0)
    return made
sqlite3.connect = connect
filler = "INSERT INTO added SELECT hex(randomblob(4000)) FROM refusals, (SELECT 1 FROM sqlite_master, sqlite_master)"
state.MIGRATIONS += (f"CREATE TABLE added (x); {{filler}}; DELETE FROM refusals; SELECT die(); CREATE TABLE more (x)",)
state.State(Path({str(file)!r}))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    (backup,) = backups(file)
    assert backup.name == f"state.db.v{NOW}.backup"
    with closing(State(file)) as state:
        assert refused(state) == ["kept.md"] and not state.problem()
        assert state.rows("PRAGMA user_version")[0][0] == NOW
        assert not state.rows("SELECT 1 FROM sqlite_master WHERE name = 'added'")
    newer(STEP)
    with closing(State(file)) as state:
        assert refused(state) == ["kept.md", "m"]


def test_a_backup_that_can_not_be_made_keeps_the_step_from_being_made(
    file: Path, newer: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    newer(STEP)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LedgerError, match="No space left"):
        State(file)
    monkeypatch.undo()
    with closing(State(file)) as state:
        assert refused(state) == ["kept.md"]
    assert not backups(file) and [path.name for path in file.parent.iterdir()] == ["state.db"]


def test_a_crash_while_the_first_one_is_made_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "state.db.new").write_bytes(b"half a database")
    (tmp_path / "state.db.new-journal").write_bytes(b"x")
    with closing(State(tmp_path / "state.db")) as state:
        assert refused(state) == []
    assert [path.name for path in tmp_path.iterdir()] == ["state.db"]


@pytest.mark.parametrize("witness", ["index.db", "state.db-wal", f"state.db.v{NOW}.backup"])
def test_a_state_that_was_there_once_and_is_missing_is_not_made_silently(tmp_path: Path, witness: str) -> None:
    (tmp_path / witness).write_bytes(b"something")
    with pytest.raises(LedgerError, match="missing") as caught:
        State(tmp_path / "state.db", [tmp_path / "index.db"])
    assert witness in caught.value.cause and "--replace-state" in caught.value.fix
    assert [path.name for path in tmp_path.iterdir()] == [witness]


def test_a_refusal_names_the_newest_backup(file: Path, newer: Callable[..., None]) -> None:
    newer(STEP)
    State(file).close()
    flipped(file)
    with pytest.raises(LedgerError, match=f"state.db.v{NOW}.backup") as caught:
        State(file)
    assert f"state.db.v{NOW}.backup" in caught.value.fix


def test_a_backup_is_put_in_place_and_what_was_there_is_kept(file: Path, newer: Callable[..., None]) -> None:
    newer(STEP)
    with closing(State(file)) as state:
        refuse(state, "after.md")
    flipped(file)
    Path(f"{file}-wal").write_bytes(b"a log that must not be played into the backup")
    broken = file.read_bytes()
    aside, backup = replace(file)
    assert aside is not None and aside.read_bytes() == broken and Path(f"{aside}-wal").exists()
    assert backup == backups(file)[0] and not Path(f"{file}-wal").exists()
    with closing(State(file)) as state:
        assert refused(state) == ["kept.md", "m"], "the backup's schema was brought up to date again"


def test_the_newest_backup_is_broken_too(file: Path, newer: Callable[..., None]) -> None:
    for number in range(2):
        newer(f"CREATE TABLE added{number} (x)")
        State(file).close()
    backups(file)[0].write_bytes(b"broken as well")
    file.unlink()
    assert replace(file) == (None, backups(file)[1])
    with closing(State(file)) as state:
        assert refused(state) == ["kept.md"]


def test_without_a_backup_an_empty_state_is_begun_when_asked(tmp_path: Path) -> None:
    (tmp_path / "index.db").touch()
    assert replace(tmp_path / "state.db", [tmp_path / "index.db"]) == (None, None)
    with closing(State(tmp_path / "state.db", [tmp_path / "index.db"])) as state:
        assert refused(state) == []


def test_a_state_that_can_be_used_is_not_replaced(file: Path) -> None:
    with pytest.raises(LedgerError, match="Nothing was replaced"):
        replace(file)
    with closing(State(file)) as state:
        assert refused(state) == ["kept.md"]


def test_a_file_of_a_newer_famulus_can_be_gone_back_from(file: Path, newer: Callable[..., None]) -> None:
    shutil.copy(file, f"{file}.v{NOW}.backup")
    shutil.copy(file, f"{file}.v{NOW + 1}.backup")
    of_a_newer_famulus(file)
    aside, backup = replace(file)
    assert aside is not None and backup == Path(f"{file}.v{NOW}.backup")


def test_of_a_very_large_one_the_images_are_looked_at_by_the_doctor_only(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(states, "QUICK", 1)
    with closing(State(file)) as state:
        assert refused(state) == ["kept.md"]
    with closing(sqlite3.connect(file)) as other:
        (page,) = other.execute("SELECT rootpage FROM sqlite_master WHERE name = 'refusals'").fetchone()
    data = bytearray(file.read_bytes())
    data[(page - 1) * 4096 : page * 4096] = bytes(4096)
    file.write_bytes(data)
    with pytest.raises(LedgerError):
        State(file)


@pytest.mark.parametrize("seed", range(20))
def test_whatever_bytes_are_flipped_it_is_opened_or_refused_as_it_is(file: Path, seed: int) -> None:
    random, data = Random(seed), bytearray(file.read_bytes())
    for _ in range(random.choice([1, 5, 50])):
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    file.write_bytes(data)
    try:
        State(file).close()
    except LedgerError as error:
        assert error.fix and file.read_bytes() == data


def test_a_state_from_before_jobs_keeps_what_is_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = next(number for number, script in enumerate(MIGRATIONS) if "CREATE TABLE jobs" in script)
    with monkeypatch.context() as older:
        older.setattr(states, "MIGRATIONS", MIGRATIONS[:before])
        with closing(State(tmp_path / "state.db")) as state:
            refuse(state, "kept.md")
    with closing(State(tmp_path / "state.db")) as state:
        assert refused(state) == ["kept.md"]
        assert [state.rows(f"SELECT * FROM {table}") for table in ("jobs", "job_notes", "job_suggestions")] == [[]] * 3


def test_why_a_transaction_ended_is_told_also_where_sqlite_has_rolled_it_back() -> None:
    state = State(":memory:")
    with pytest.raises(sqlite3.OperationalError, match="full"), state.transaction() as connection:
        connection.execute("ROLLBACK")  # as SQLite does where the disk is full
        raise sqlite3.OperationalError("database or disk is full")
    state.close()


def test_a_transaction_that_can_not_be_committed_keeps_none_after_it_from_beginning() -> None:
    state = State(":memory:")
    state.rows("PRAGMA foreign_keys = ON")
    with state.transaction() as connection:
        connection.execute("CREATE TABLE a (id INTEGER PRIMARY KEY)")
        connection.execute("CREATE TABLE b (a INTEGER REFERENCES a DEFERRABLE INITIALLY DEFERRED)")
    with pytest.raises(sqlite3.IntegrityError), state.transaction() as connection:
        connection.execute("INSERT INTO b VALUES (1)")
    with state.transaction() as connection:
        connection.execute("INSERT INTO a VALUES (2)")
    assert (len(state.rows("SELECT * FROM a")), len(state.rows("SELECT * FROM b"))) == (1, 0)
    state.close()
