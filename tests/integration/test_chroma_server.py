"""A Chroma server that goes away and comes back: searches go on, and what it missed is brought to it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.chroma_process import ChromaProcess
from tests.fakes.embedder import WordEmbedder
from vault_sync.errors import StoreAwayError, StoreBrokenError
from vault_sync.index.generations import Generations
from vault_sync.index.ledger import Ledger
from vault_sync.index.sync import Indexer
from vault_sync.policy.policy import Policy
from vault_sync.ports import Embedder
from vault_sync.search.search import Searcher
from vault_sync.stores.chroma_server import PAUSE, Address, AsyncLine, ChromaServer, Line, SyncLine
from vault_sync.vault import Vault

pytestmark = pytest.mark.slow
ONE = np.array([[1, 0]], dtype=np.float32)
Make = Callable[[str], Line]


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def process(tmp_path: Path) -> Iterator[ChromaProcess]:
    made = ChromaProcess(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=[SyncLine, AsyncLine])
def line(request: pytest.FixtureRequest, process: ChromaProcess, clock: Clock) -> Iterator[Line]:
    made: Line = request.param(Address(process.url), clock)
    yield made
    made.close()


def test_a_server_that_is_away_says_so_and_what_it_holds_is_there_when_it_is_back(
    line: Line, process: ChromaProcess, clock: Clock
) -> None:
    store = ChromaServer(line, "a").open(1)
    store.add([1], ONE)
    process.stop()
    with pytest.raises(StoreAwayError, match=process.url) as caught:
        store.add([2], ONE)
    assert (caught.value.code, bool(caught.value.cause and caught.value.fix)) == ("store_away", True)
    with pytest.raises(StoreAwayError):
        store.check()
    process.start()
    with pytest.raises(StoreAwayError):
        store.count()  # nobody waits for it again so soon
    clock.now += PAUSE
    assert store.ids() == {1}
    store.check()


def test_a_server_that_is_away_at_start_is_used_once_it_is_there(
    line: Line, process: ChromaProcess, clock: Clock
) -> None:
    process.stop()
    store = ChromaServer(line, "a").open(1)
    store.check()
    with pytest.raises(StoreAwayError):
        store.count()
    process.start()
    clock.now += PAUSE
    assert store.count() == 0


def test_a_collection_that_somebody_deleted_is_made_anew(line: Line) -> None:
    server = ChromaServer(line, "a")
    store = server.open(1)
    store.add([1], ONE)
    server.drop(1)
    with pytest.raises(StoreBrokenError, match="does not exist") as caught:
        store.add([2], ONE)
    assert not isinstance(caught.value, StoreAwayError)
    store.reset()
    store.add([2], ONE)
    assert store.ids() == {2}


def test_vaults_that_share_a_server_do_not_see_each_other(line: Line) -> None:
    first, second = ChromaServer(line, "a"), ChromaServer(line, "a-1")
    first.open(1).add([1], ONE)
    second.open(2).add([2], ONE)
    assert (first.kept(), second.kept()) == ({1}, {2})
    first.drop(1)
    assert (first.kept(), second.kept(), second.open(2).ids()) == (set(), {2}, {2})


@pytest.mark.parametrize("kind", [SyncLine, AsyncLine])
@pytest.mark.parametrize("wrong", [{"tenant": "nobody"}, {"database": "nowhere"}])
def test_a_tenant_or_database_that_is_not_there_is_told(
    process: ChromaProcess, kind: type[Line], wrong: dict[str, str]
) -> None:
    line = kind(Address(process.url, **wrong))
    with pytest.raises(StoreAwayError, match="not found"):
        ChromaServer(line, "a").open(1).count()
    line.close()


class Builder:
    """Builds the embedder of a model by its name."""

    def build(self, recipe: str) -> Embedder:
        return WordEmbedder(recipe, 256)

    def close(self, embedder: Embedder) -> None:
        """Nothing to release."""


class Desk:
    """A vault that is indexed with its vectors at the server."""

    def __init__(self, folder: Path, line: Line, model: str = "a") -> None:
        self.root = folder / "vault"
        self.root.mkdir(exist_ok=True)
        self.ledger = Ledger(folder / "index.db")
        self.server = ChromaServer(line, "a")
        embedder = WordEmbedder(model, 256)
        self.generations = Generations(self.ledger, self.server, embedder, model, Builder())
        store, serving = self.generations.store, self.generations.embedder
        self.indexer = Indexer(Vault(self.root), self.ledger, store, serving, Policy(), generations=self.generations)
        self.searcher = Searcher(self.ledger, store, serving, serving=self.generations.serving)
        self.indexer.prepare()

    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text)
        self.indexer.scan()

    def found(self, query: str) -> str:
        return self.searcher.search(query, 1, "dense")[0].path

    def in_step(self) -> bool:
        return self.generations.store.ids() == set(self.ledger.embedded_ids().tolist())

    def end(self) -> None:
        """All but the line."""
        self.ledger.close()


def test_indexing_and_search_go_on_without_the_server_which_learns_everything_when_it_is_back(
    line: Line, process: ChromaProcess, clock: Clock, tmp_path: Path
) -> None:
    desk = Desk(tmp_path, line)
    desk.write("cats.md", "Cats sleep a lot.")
    process.stop()
    desk.write("owls.md", "Owls hunt at night.")
    (desk.root / "cats.md").unlink()
    desk.write("frogs.md", "Frogs eat flies.")
    assert desk.found("owls hunt night") == "owls.md" and desk.ledger.counts() == (2, 0, 2)
    trouble = desk.generations.trouble()
    assert trouble is not None and process.url in trouble.effect
    desk.indexer.tend()
    process.start()
    clock.now += PAUSE
    embedded = desk.indexer.embedded
    desk.indexer.tend()
    assert desk.in_step() and desk.generations.trouble() is None and desk.indexer.embedded == embedded
    assert desk.found("frogs eat flies") == "frogs.md"
    desk.end()


def test_a_server_that_comes_back_empty_is_filled_again(line: Line, clock: Clock, tmp_path: Path) -> None:
    desk = Desk(tmp_path, line)
    desk.write("cats.md", "Cats sleep a lot.")
    for generation in desk.server.kept():
        desk.server.drop(generation)
    assert desk.found("cats sleep") == "cats.md"
    desk.write("owls.md", "Owls hunt at night.")
    assert desk.in_step() and desk.found("owls hunt night") == "owls.md"
    desk.end()


def test_a_change_of_the_model_fills_another_collection_and_drops_the_old_one(line: Line, tmp_path: Path) -> None:
    desk = Desk(tmp_path, line)
    desk.write("cats.md", "Cats sleep a lot.")
    before = desk.server.kept()
    desk.end()
    desk = Desk(tmp_path, line, "b")
    assert desk.found("cats sleep") == "cats.md" and desk.server.kept() == before
    while desk.indexer.tend():
        assert desk.found("cats sleep") == "cats.md"
    assert desk.generations.status() is None and desk.in_step() and desk.found("cats sleep") == "cats.md"
    assert len(desk.server.kept()) == 1 and desk.server.kept() != before
    desk.end()
