import sqlite3
from pathlib import Path

import pytest

from vault_sync.errors import LedgerError
from vault_sync.state import MIGRATIONS, State


def test_opens_twice_and_keeps_what_is_in_it(tmp_path: Path) -> None:
    first = State(tmp_path / "s.db")
    with first.transaction() as connection:
        connection.execute("INSERT INTO refusals VALUES ('a', 'b', 'link', 1)")
    first.close()
    assert len(State(tmp_path / "s.db").rows("SELECT * FROM refusals")) == 1


def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    state = State(tmp_path / "s.db")
    with pytest.raises(ValueError, match="stop"), state.transaction() as connection:
        connection.execute("INSERT INTO refusals VALUES ('a', 'b', 'link', 1)")
        raise ValueError("stop")
    assert not state.rows("SELECT * FROM refusals")


def test_a_newer_or_damaged_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    newer = sqlite3.connect(tmp_path / "newer.db")
    newer.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    newer.close()
    (tmp_path / "damaged.db").write_bytes(b"not a database at all" * 100)
    for name in ("newer.db", "damaged.db"):
        before = (tmp_path / name).read_bytes()
        with pytest.raises(LedgerError):
            State(tmp_path / name)
        assert (tmp_path / name).read_bytes() == before
