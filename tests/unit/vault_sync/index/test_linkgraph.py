"""The graph in memory is the one that SQLite and the resolver give, whatever happens to the notes."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.embedder import WordEmbedder
from vault_sync.index.erasure import erase
from vault_sync.index.ledger import Ledger
from vault_sync.index.linkgraph import LinkGraph, LinkGraphs
from vault_sync.index.sync import Indexer
from vault_sync.paths import VaultPath, folder_of
from vault_sync.policy.policy import Policy
from vault_sync.stores.memory import MemoryStore
from vault_sync.vault import Vault

A, B, C = VaultPath("a.md"), VaultPath("x/b.md"), VaultPath("x/c.md")


class Desk:
    """A vault, its ledger, and a graph that follows it."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "vault"
        self.root.mkdir()
        self.ledger = Ledger(folder / "index.db")
        self.indexer = Indexer(Vault(self.root), self.ledger, MemoryStore(), WordEmbedder(), Policy())
        self.indexer.prepare()
        self.graphs = LinkGraphs(self.ledger)

    def put(self, path: str, text: str | bytes) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        self.indexer.look([VaultPath(path)])

    def move(self, old: str, new: str) -> None:
        (self.root / new).parent.mkdir(parents=True, exist_ok=True)
        (self.root / old).rename(self.root / new)
        self.indexer.scan()

    def delete(self, path: str) -> None:
        (self.root / path).unlink()
        self.indexer.scan()

    def check(self) -> None:
        """What the graph says is what the ledger says of each note."""
        graph, count = self.graphs.current(), 0
        between: dict[tuple[str, str], int] = {}
        for path in self.ledger.paths():
            targets = {link.target for link in self.ledger.links_from(path)} - {path}
            assert graph.targets(path) == targets, path
            assert graph.sources(path) == {link.source for link in self.ledger.links_to(path)}, path
            count += len(targets)
            for target in targets:
                key = folder_of(path), folder_of(target)
                between[key] = between.get(key, 0) + 1
        assert graph.count == count
        assert all(graph.between(*key) == links for key, links in between.items())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    made.put("a.md", "To [[b]], [[c]] and [[a]].")
    made.put("x/b.md", "To [[c]] and [[c|again]].")
    made.put("x/c.md", "To nobody.")
    yield made
    made.ledger.close()


def test_targets_sources_and_folders(desk: Desk) -> None:
    graph = desk.graphs.current()
    assert graph.targets(A) == {B, C} and graph.sources(C) == {A, B} and graph.sources(A) == frozenset()
    assert (graph.between("", "x"), graph.between("x", "x"), graph.between("x", "")) == (2, 1, 0)
    assert graph.count == 3
    desk.check()


def test_an_edit_is_followed_without_reading_all(desk: Desk) -> None:
    graph = desk.graphs.current()
    desk.put("x/b.md", "To [[a]] now.")
    assert desk.graphs.current() is graph
    assert graph.targets(B) == {A} and graph.sources(C) == {A} and graph.between("x", "x") == 0
    desk.check()


def test_links_to_a_note_that_comes_goes_or_moves_lead_elsewhere(desk: Desk) -> None:
    desk.put("a.md", "To [[d]] and [[c]].")
    desk.check()
    desk.put("y/d.md", "It came late.")
    desk.check()
    assert desk.graphs.current().targets(A) == {C, "y/d.md"}
    desk.move("y/d.md", "y/e.md")
    desk.check()
    desk.put("c.md", "A nearer one.")
    desk.check()
    assert desk.graphs.current().targets(A) == {"c.md"}
    desk.delete("c.md")
    desk.check()


def test_a_note_that_could_not_be_read_at_first(desk: Desk) -> None:
    desk.put("a.md", "To [[d]].")
    desk.put("d.md", b"\xff\xfe\xff broken")
    desk.graphs.current()
    desk.put("d.md", "It is whole now.")
    desk.check()
    assert desk.graphs.current().targets(A) == {"d.md"}


def test_what_policy_takes_away_is_gone(desk: Desk) -> None:
    desk.graphs.current()
    erase(desk.ledger, [C])
    desk.check()
    assert desk.graphs.current().targets(A) == {B}


def test_many_changes_at_once(desk: Desk) -> None:
    desk.graphs.current()
    for number in range(320):
        (desk.root / f"n{number}.md").write_text(f"To [[n{number + 1}]] and [[b]].")
    desk.indexer.scan()
    desk.check()
    assert len(desk.graphs.current().sources(B)) == 321


def test_whatever_happens_to_the_notes(desk: Desk) -> None:
    draw = random.Random(3)
    names = [f"{folder}{name}.md" for folder in ("", "x/", "y/") for name in "abcd"]
    for _ in range(60):
        there = [path for path in names if (desk.root / path).exists()]
        path = draw.choice(names)
        what = draw.choice(("put", "put", "move", "delete"))
        if what == "put":
            desk.put(path, " ".join(f"[[{draw.choice('abcd')}]]" for _ in range(3)) + f" {draw.random()}")
        elif what == "move" and there and path not in there:
            desk.move(draw.choice(there), path)
        elif what == "delete" and len(there) > 1:
            desk.delete(draw.choice(there))
        desk.check()


def test_put_takes_back_what_it_replaces() -> None:
    graph = LinkGraph({A: frozenset({B})})
    graph.put(A, frozenset({C}))
    assert graph.targets(A) == {C} and graph.sources(B) == frozenset() and graph.sources(C) == {A}
    assert (graph.count, graph.between("", "x")) == (1, 1)


def test_a_graph_without_some_links_is_a_copy() -> None:
    graph = LinkGraph({A: frozenset({B, C}), B: frozenset({C})})
    bare = graph.without(A, frozenset({C}))
    assert (bare.targets(A), bare.sources(C), bare.count) == (frozenset({B}), frozenset({B}), 2)
    assert (bare.between("", "x"), graph.between("", "x")) == (1, 2)
    assert (graph.targets(A), graph.sources(C), graph.count) == (frozenset({B, C}), frozenset({A, B}), 3)
