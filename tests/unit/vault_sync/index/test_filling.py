"""A store that is brought all vectors of the ledger, while notes come and go."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.embedder import WordEmbedder
from vault_sync.index import filling
from vault_sync.index.filling import SERVING_KEYS, Filling, due
from vault_sync.index.ledger import Ledger
from vault_sync.index.sync import Indexer
from vault_sync.policy.policy import Policy
from vault_sync.stores.memory import MemoryStore
from vault_sync.vault import Vault


class Desk:
    """A vault of twelve notes, indexed."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "v"
        self.root.mkdir()
        for number in range(12):
            (self.root / f"n{number}.md").write_text(f"# Note {number}\n\nThe heron {number} eats frogs.\n")
        self.ledger = Ledger(folder / "index.db")
        self.indexer = Indexer(Vault(self.root), self.ledger, MemoryStore(), WordEmbedder("a", 512), Policy())
        self.indexer.prepare()
        self.indexer.scan()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(filling, "AT_ONCE", 5)
    made = Desk(tmp_path)
    yield made
    made.ledger.close()


def test_it_has_all_after_a_few_steps(desk: Desk) -> None:
    into = Filling(desk.ledger, MemoryStore(), SERVING_KEYS)
    steps = [into.step() for _ in range(4)]
    assert steps[:3] == [None] * 3 and steps[3] is not None
    assert into.store.ids() == set(steps[3].tolist()) == set(due(desk.ledger, SERVING_KEYS).tolist())
    assert into.is_all(steps[3])


def test_what_an_earlier_run_brought_is_not_brought_again_and_what_is_gone_leaves(desk: Desk) -> None:
    store = MemoryStore()
    first = Filling(desk.ledger, store, SERVING_KEYS)
    first.step()
    gone = min(store.ids())
    (path,) = [n.path for n in desk.ledger.notes() if gone in {each.id for each in desk.ledger.occurrences_of(n.path)}]
    (desk.root / path).unlink()
    desk.indexer.scan()
    second = Filling(desk.ledger, store, SERVING_KEYS)
    while (held := second.step()) is None:
        assert len(store.ids()) <= 12
    assert gone not in store.ids() and store.ids() == set(held.tolist())


def test_a_note_that_comes_after_the_last_step_is_told(desk: Desk) -> None:
    into = Filling(desk.ledger, MemoryStore(), SERVING_KEYS)
    while (held := into.step()) is None:
        pass
    (desk.root / "late.md").write_text("# Late\n\nA late owl.\n")
    desk.indexer.scan()
    assert not into.is_all(held)
    assert into.step() is None
