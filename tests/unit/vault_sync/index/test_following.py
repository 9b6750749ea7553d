"""A saved note is found by its meaning before Chroma has it; Chroma follows when notes are quiet, and policy does not wait."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.embedder import WordEmbedder
from vault_sync.errors import StoreAwayError
from vault_sync.index import following
from vault_sync.index.ledger import Ledger
from vault_sync.index.sync import Indexer
from vault_sync.policy.policy import Policy
from vault_sync.ports import Ids, Neighbour, Vectors
from vault_sync.search.search import Searcher
from vault_sync.stores import routed
from vault_sync.stores.mapped import MappedStore
from vault_sync.stores.memory import MemoryStore
from vault_sync.stores.routed import RoutedStore
from vault_sync.vault import Vault


class Graph(MemoryStore):
    """Can be away."""

    away = False

    def query(self, vector: Vectors, k: int, among: Ids | None = None) -> list[Neighbour]:
        self._there()
        return super().query(vector, k, among)

    def add(self, occurrences: Sequence[int], vectors: Vectors) -> None:
        self._there()
        super().add(occurrences, vectors)

    def delete(self, occurrences: Sequence[int]) -> None:
        self._there()
        super().delete(occurrences)

    def fit(self, wanted: Ids) -> Ids:
        self._there()
        return super().fit(wanted)

    def _there(self) -> None:
        if self.away:
            raise StoreAwayError("The server does not answer.")


class Policies:
    def __init__(self) -> None:
        self.current = Policy()


@dataclass
class Desk:
    root: Path
    graph: Graph
    ledger: Ledger
    indexer: Indexer
    searcher: Searcher
    policies: Policies

    def save(self, name: str, text: str) -> None:
        (self.root / name).write_text(text)
        os.utime(self.root / name, ns=(len(text) * 10**9, len(text) * 10**9))
        self.indexer.look([name])

    def first(self, query: str) -> str:
        return self.searcher.search(query, 1, "dense")[0].path

    @property
    def lacks(self) -> set[int]:
        """What the graph has too little or too much."""
        return self.graph.ids() ^ set(self.ledger.embedded_ids().tolist())


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(routed, "FEW", 0)
    root = tmp_path / "v"
    root.mkdir()
    for number in range(20):
        (root / f"n{number}.md").write_text(f"The heron {number} eats frogs.\n")
    graph, policies = Graph(), Policies()
    ledger, embedder = Ledger(tmp_path / "index.db"), WordEmbedder()
    store = RoutedStore(graph, MappedStore(tmp_path / "exact"))
    indexer = Indexer(Vault(root), ledger, store, embedder, policies)
    indexer.prepare()
    indexer.scan()
    yield Desk(root, graph, ledger, indexer, Searcher(ledger, store, embedder, policies), policies)
    store.close()
    ledger.close()


def rest(desk: Desk) -> None:
    desk.indexer.tend()
    desk.indexer.tend()


def test_a_saved_note_is_found_by_its_meaning_before_the_graph_has_it(desk: Desk) -> None:
    rest(desk)
    assert not desk.lacks
    desk.save("cats.md", "Cats sleep on sofas.\n")
    assert desk.lacks and desk.first("cats sleep") == "cats.md"
    desk.save("cats.md", "Dogs bark at night, always.\n")
    assert desk.first("dogs bark") == "cats.md" and desk.first("cats sleep on sofas") != "cats.md"
    rest(desk)
    assert not desk.lacks and not desk.indexer.follower.waits and desk.first("dogs bark") == "cats.md"


def test_the_graph_learns_when_no_note_came_since_the_last_quiet_moment(desk: Desk) -> None:
    rest(desk)
    for number in range(3):
        desk.save("cats.md", f"Cats sleep {'well ' * number}on sofas.\n")
        desk.indexer.tend()
        assert desk.lacks and desk.indexer.follower.waits
    desk.indexer.tend()
    assert not desk.lacks


def test_the_file_is_brought_up_to_its_log_in_a_quiet_moment_too(desk: Desk) -> None:
    desk.save("cats.md", "Cats sleep on sofas.\n")
    desk.indexer.tend()
    assert b"on sofas" not in desk.ledger.database.file.read_bytes()
    desk.indexer.tend()
    assert b"on sofas" in desk.ledger.database.file.read_bytes()


def test_it_is_behind_by_no_more_than_a_bound(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    rest(desk)
    monkeypatch.setattr(following, "BEHIND", 4)
    for number in range(12):
        desk.save(f"more{number}.md", f"Cat {number} sleeps.\n")
        assert desk.indexer.store.behind <= 4
    assert desk.first("cat 11 sleeps") == "more11.md"


def test_while_the_graph_is_away_notes_are_found_and_it_learns_all_when_it_is_back(desk: Desk) -> None:
    rest(desk)
    desk.graph.away = True
    for name, text in (("cats.md", "Cats sleep on sofas.\n"), ("dogs.md", "Dogs bark at night.\n")):
        desk.save(name, text)
        rest(desk)
        assert desk.first(text) == name and desk.lacks
    desk.graph.away = False
    rest(desk)
    assert not desk.lacks and desk.first("dogs bark at night") == "dogs.md"


def test_what_policy_takes_away_leaves_the_graph_at_once(desk: Desk) -> None:
    rest(desk)
    desk.save("cats.md", "Cats sleep on sofas.\n")
    desk.policies.current = Policy(exclude=("n3.md",))
    desk.indexer.obey()
    assert not desk.lacks
    desk.save("dogs.md", "Dogs bark at night.\n")
    desk.save("cats.md", "---\nprivate: true\n---\n\nCats sleep on sofas.\n")
    assert desk.ledger.note("cats.md") is None and not desk.lacks
