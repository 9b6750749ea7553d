from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.embedder import WordEmbedder
from vault_sync.index import spare
from vault_sync.index.ledger import Ledger
from vault_sync.index.sync import Indexer
from vault_sync.policy.policy import InForce, Policy
from vault_sync.stores.memory import MemoryStore
from vault_sync.vault import Vault

LATER = 4e9
"""Seconds since the epoch, more than a month from any now."""


@pytest.fixture
def indexer(tmp_path: Path) -> Iterator[Indexer]:
    root = tmp_path / "v"
    root.mkdir()
    (root / "a.md").write_text("Cats sleep a lot.")
    (root / "b.md").write_text("Fish swim.")
    ledger = Ledger(tmp_path / "index.db")
    made = Indexer(Vault(root), ledger, MemoryStore(), WordEmbedder(), InForce(Policy()))
    made.prepare()
    made.scan()
    yield made
    ledger.close()


def kept(indexer: Indexer) -> int:
    return int(indexer.ledger.read().execute("SELECT count(*) FROM vectors").fetchone()[0])


def test_all_notes_may_go_and_come_back_without_embedding(indexer: Indexer) -> None:
    texts = {path: path.read_text() for path in indexer.vault.root.iterdir()}
    for path in texts:
        path.unlink()
    indexer.scan()
    indexer.scan()
    for path, text in texts.items():
        path.write_text(text)
    before = indexer.embedded
    indexer.scan()
    assert indexer.ledger.counts()[0] == 2 and indexer.embedded == before


def test_what_nothing_used_for_long_is_dropped(indexer: Indexer) -> None:
    (indexer.vault.root / "a.md").write_text("Cats eat.")
    indexer.scan()
    assert kept(indexer) == 3
    assert spare.drop_old(indexer.ledger, LATER) == 1
    assert kept(indexer) == 2 and spare.drop_old(indexer.ledger, LATER) == 0


def test_what_came_back_or_is_used_elsewhere_is_not_dropped(indexer: Indexer) -> None:
    (indexer.vault.root / "c.md").write_text("Fish swim.")
    indexer.scan()
    (indexer.vault.root / "b.md").write_text("Fish sink.")
    indexer.scan()
    (indexer.vault.root / "a.md").unlink()
    indexer.scan()
    (indexer.vault.root / "a.md").write_text("Cats sleep a lot.")
    indexer.scan()
    assert spare.drop_old(indexer.ledger, LATER) == 0 and kept(indexer) == 3


def test_nothing_is_kept_of_what_policy_takes_away(indexer: Indexer) -> None:
    (indexer.vault.root / "a.md").write_text("Cats eat.")
    indexer.scan()
    assert isinstance(indexer.policy, InForce)
    indexer.policy.current = Policy(exclude=("a.md",))
    indexer.scan()
    rows = indexer.ledger.read().execute("SELECT count(*) FROM spare").fetchone()[0]
    assert (kept(indexer), rows) == (1, 0)
