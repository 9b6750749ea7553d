import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.fakes.embedder import WordEmbedder
from vault_sync.errors import LedgerError
from vault_sync.index.ledger import Ledger
from vault_sync.index.sync import Indexer
from vault_sync.policy.policy import Policy
from vault_sync.search import lexical
from vault_sync.stores.memory import MemoryStore
from vault_sync.vault import Vault


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "v"
    root.mkdir()
    for number in range(40):
        (root / f"n{number}.md").write_text(f"# Note {number}\n\n" + f"The heron number {number} eats frogs. " * 30)
    return root


def index(root: Path, ledger: Ledger) -> WordEmbedder:
    """Brings the ledger up to date; returns the embedder, which counts."""
    embedder = WordEmbedder()
    indexer = Indexer(Vault(root), ledger, MemoryStore(), embedder, Policy())
    indexer.prepare()
    indexer.scan()
    return embedder


@pytest.fixture
def file(root: Path, tmp_path: Path) -> Path:
    """An index of the notes, closed."""
    ledger = Ledger(tmp_path / "index.db")
    assert len(index(root, ledger).seen) >= 40
    ledger.close()
    return tmp_path / "index.db"


@pytest.fixture
def opened(file: Path) -> Iterator[Callable[[], Ledger]]:
    """Opens the index, and closes it after the test."""
    made: list[Ledger] = []

    def open_it() -> Ledger:
        made.append(Ledger(file))
        return made[-1]

    yield open_it
    for ledger in made:
        ledger.close()


def change(file: Path, script: str) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.executescript(script)


def page_of(file: Path, table: str) -> int:
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0])


def overwrite(file: Path, table: str) -> None:
    page, data = page_of(file, table), bytearray(file.read_bytes())
    data[(page - 1) * 4096 : page * 4096] = b"\xff" * 4096
    file.write_bytes(data)


def unclean(file: Path) -> None:
    change(file, "INSERT OR REPLACE INTO meta VALUES ('open', '1')")


def found(ledger: Ledger) -> int:
    return len(lexical.search(ledger.read(), "heron", 100))


def test_a_clean_end_leaves_no_mark_and_a_crash_does(file: Path, opened: Callable[[], Ledger]) -> None:
    with closing(sqlite3.connect(file)) as connection:
        assert not connection.execute("SELECT * FROM meta WHERE key = 'open'").fetchall()
    opened()
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT * FROM meta WHERE key = 'open'").fetchall()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file: file.write_bytes(b"not a database" * 1000),
        lambda file: file.write_bytes(b"garbage!" * 4 + file.read_bytes()[32:]),
        lambda file: overwrite(file, "notes"),
        lambda file: overwrite(file, "occurrences"),
        lambda file: change(file, "DROP TABLE vectors"),
        lambda file: change(file, "ALTER TABLE notes RENAME COLUMN hash TO sum"),
        lambda file: change(file, "PRAGMA user_version = 0"),
    ],
    ids=["text", "header", "notes", "occurrences", "lacking", "column", "foreign"],
)
def test_a_file_that_can_not_be_used_is_put_aside_and_made_anew(
    file: Path, root: Path, opened: Callable[[], Ledger], spoil: Callable[[Path], object]
) -> None:
    unclean(file)
    spoil(file)
    broken = file.read_bytes()
    ledger = opened()
    assert ledger.database.damage and ledger.counts() == (0, 0, 0)
    assert Path(f"{file}.damaged").read_bytes() == broken
    assert len(index(root, ledger).seen) >= 40
    assert ledger.counts()[0] == 40 and found(ledger)


def test_a_file_that_was_cut_short_is_made_anew(file: Path, opened: Callable[[], Ledger]) -> None:
    unclean(file)
    file.write_bytes(file.read_bytes()[: 4096 * 20 + 7])
    assert opened().database.damage


def test_an_empty_file_is_a_new_one(file: Path, root: Path, opened: Callable[[], Ledger]) -> None:
    file.write_bytes(b"")
    ledger = opened()
    assert not ledger.database.damage
    index(root, ledger)
    assert ledger.counts()[0] == 40


def test_a_clean_start_does_not_look_at_every_page(file: Path, opened: Callable[[], Ledger]) -> None:
    overwrite(file, "vectors")
    assert not opened().database.damage


def test_after_a_crash_every_page_is_looked_at(file: Path, opened: Callable[[], Ledger]) -> None:
    unclean(file)
    overwrite(file, "vectors")
    assert opened().database.damage


@pytest.mark.parametrize(
    "script",
    [
        "DELETE FROM lexical WHERE rowid % 3 = 0",
        "DELETE FROM lexical",
        "INSERT INTO lexical (rowid, stems) VALUES (9999, 'stray')",
        "DROP TABLE lexical",
        "DROP TABLE lexical_terms",
        "DROP TABLE lexical_docsize",
        "DROP TABLE lexical_idx",
    ],
)
def test_full_text_is_mended_from_the_ledger(file: Path, root: Path, opened: Callable[[], Ledger], script: str) -> None:
    change(file, script)
    ledger = opened()
    assert not ledger.database.damage
    assert not index(root, ledger).seen, "nothing was embedded"
    ids = {row[0] for row in ledger.read().execute("SELECT id FROM occurrences")}
    assert {row[0] for row in lexical.rows(ledger.read())} == ids
    with ledger.database.write() as connection:
        assert not lexical.contradiction(connection)
    assert found(ledger) >= 40


def test_a_full_text_that_sqlite_can_not_let_go_costs_the_file(file: Path, opened: Callable[[], Ledger]) -> None:
    change(file, "DROP TABLE lexical_data")
    assert "full text" in opened().database.damage


def test_the_log_of_a_crash_that_is_lost_costs_what_was_in_it(file: Path, root: Path, tmp_path: Path) -> None:
    ledger = Ledger(file)
    (root / "late.md").write_text("This came late.")
    index(root, ledger)
    for part in ("", "-wal"):
        (tmp_path / f"copy.db{part}").write_bytes(Path(f"{file}{part}").read_bytes())
    ledger.close()
    Path(tmp_path / "copy.db-wal").unlink()
    with closing(Ledger(tmp_path / "copy.db")) as without:
        assert without.note("late.md") is None
        assert index(root, without).seen == ["This came late."]


def test_other_trouble_is_told_and_puts_nothing_aside(file: Path) -> None:
    folder = file.parent / "folder.db"
    folder.mkdir()
    with pytest.raises(LedgerError) as caught:
        Ledger(folder)
    assert caught.value.cause and caught.value.fix
    assert not list(file.parent.glob("*.damaged*"))


def test_links_are_resolved_anew_in_a_new_file(file: Path, root: Path, opened: Callable[[], Ledger]) -> None:
    ledger = opened()
    assert ledger.resolver().resolve("n1", root_path := ledger.paths()[0]) == "n1.md"
    ledger.begin_anew("it was told to be")
    assert ledger.resolver().resolve("n1", root_path) is None


def test_a_vector_of_another_length_is_an_error_that_names_the_cure(file: Path, opened: Callable[[], Ledger]) -> None:
    change(file, "UPDATE vectors SET vector = x'0000803f' WHERE key = (SELECT min(key) FROM vectors)")
    ledger = opened()
    ids = [row[0] for row in ledger.read().execute("SELECT id FROM occurrences")]
    with pytest.raises(LedgerError, match="doctor --verify"):
        ledger.vectors(ids)
