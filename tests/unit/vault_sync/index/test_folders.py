from pathlib import Path

from tests.fakes.embedder import WordEmbedder
from vault_sync.index.folders import FolderCounts, Folders, ancestors, common
from vault_sync.index.ledger import Ledger
from vault_sync.index.sync import Indexer
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import Policy
from vault_sync.stores.memory import MemoryStore
from vault_sync.vault import Vault

PATHS = [VaultPath(path) for path in ("a.md", "x/b.md", "x/c.md", "x/y/d.md", "x/y/board.canvas")]


def test_notes_are_counted_in_their_folder_and_above_it() -> None:
    folders = Folders(PATHS)
    assert (folders.notes(""), folders.notes("x"), folders.notes("x/y"), folders.notes("z")) == (1, 2, 1, 0)
    assert (folders.below(""), folders.below("x"), folders.below("x/y"), folders.below("z")) == (4, 3, 1, 0)


def test_the_folder_that_holds_both() -> None:
    assert list(ancestors("x/y")) == ["x/y", "x", ""]
    assert common("x/y", "x/z") == "x" and common("x/y", "x") == "x" and common("x", "xy") == ""


def test_counts_are_made_again_when_a_note_comes_and_not_when_one_is_edited(tmp_path: Path) -> None:
    root = tmp_path / "vault"
    (root / "x").mkdir(parents=True)
    (root / "x/a.md").write_text("One.")
    ledger = Ledger(tmp_path / "index.db")
    indexer = Indexer(Vault(root), ledger, MemoryStore(), WordEmbedder(), Policy())
    indexer.prepare()
    indexer.scan()
    counts = FolderCounts(ledger)
    first = counts.current()
    (root / "x/a.md").write_text("One, and another.")
    indexer.scan()
    assert counts.current() is first and first.notes("x") == 1
    (root / "x/b.md").write_text("Two.")
    indexer.scan()
    assert counts.current().notes("x") == 2
    ledger.close()
