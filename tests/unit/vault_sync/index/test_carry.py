import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.fakes.embedder import WordEmbedder
from vault_sync.index import schema
from vault_sync.index.ledger import Ledger
from vault_sync.index.sync import Indexer
from vault_sync.policy.policy import Policy
from vault_sync.stores.memory import MemoryStore
from vault_sync.vault import Vault


def index(folder: Path) -> tuple[Ledger, int]:
    """The index of the vault, and how many texts were embedded for it."""
    ledger = Ledger(folder / "index.db")
    indexer = Indexer(Vault(folder / "v"), ledger, MemoryStore(), WordEmbedder(), Policy())
    indexer.prepare()
    indexer.scan()
    return ledger, indexer.embedded


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "v").mkdir()
    for number in range(20):
        (tmp_path / f"v/n{number}.md").write_text(f"Note {number} about herons.")
    ledger, embedded = index(tmp_path)
    assert embedded == 20
    ledger.close()
    return tmp_path


def alter(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / "index.db")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


@pytest.mark.parametrize("version", [1, schema.VERSION + 1])
def test_an_index_of_another_version_gives_its_vectors(folder: Path, version: int) -> None:
    alter(folder, "DROP TABLE links", f"PRAGMA user_version = {version}")
    (folder / "v/new.md").write_text("A new note about owls.")
    ledger, embedded = index(folder)
    assert embedded == 1 and ledger.counts() == (21, 0, 21) and ledger.database.damage == ""
    assert sorted(path.name for path in folder.glob("index.db.*")) == [], "it holds texts, and nobody needs it"
    ledger.close()
    ledger, embedded = index(folder)
    assert embedded == 0
    ledger.close()


def test_vectors_that_nothing_needs_after_all_are_spare(folder: Path) -> None:
    alter(folder, "PRAGMA user_version = 1")
    (folder / "v/n0.md").unlink()
    ledger, _ = index(folder)
    unused = "SELECT count(*) FROM spare WHERE key NOT IN (SELECT vector_key FROM occurrences)"
    assert ledger.read().execute(unused).fetchone()[0] == 1
    ledger.close()


def test_vectors_of_another_shape_are_not_taken(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    alter(folder, "PRAGMA user_version = 1", "ALTER TABLE vectors ADD COLUMN scale REAL")
    ledger, embedded = index(folder)
    assert embedded == 20 and "another shape" in caplog.text and (folder / "index.db.old").exists()
    ledger.close()


def test_an_older_index_that_is_damaged_is_not_trusted(folder: Path) -> None:
    alter(folder, "PRAGMA user_version = 1", "VACUUM")
    file = folder / "index.db"
    data = bytearray(file.read_bytes())
    data[4096 * 4 :] = b"\xff" * (len(data) - 4096 * 4)
    file.write_bytes(data)
    ledger, embedded = index(folder)
    assert embedded == 20 and ledger.counts() == (20, 0, 20)
    ledger.close()
