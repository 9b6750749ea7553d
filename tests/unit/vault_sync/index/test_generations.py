"""A change of the model, garbage and broken stores: what serves goes on serving, and nothing is embedded twice."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.fakes.embedder import WordEmbedder
from vault_sync.errors import EmbedderError
from vault_sync.index import filling, modelchange, outbox
from vault_sync.index import generations as module
from vault_sync.index.generations import Generations
from vault_sync.index.key import identity
from vault_sync.index.ledger import Ledger
from vault_sync.index.serving import ModelLostError
from vault_sync.index.spare import USED_KEYS
from vault_sync.index.sync import Indexer
from vault_sync.policy.policy import Policy, Rule
from vault_sync.ports import Embedder, Vectors
from vault_sync.search.search import Searcher
from vault_sync.stores.chroma import ChromaStore
from vault_sync.stores.folders import StoreFolders
from vault_sync.stores.mapped import MappedStore
from vault_sync.stores.routed import RoutedStore, RoutedStores
from vault_sync.vault import Vault

NOTES = 40


class Shelf:
    """Builds embedders by name; counts, and can lose some."""

    def __init__(self) -> None:
        self.made: dict[str, WordEmbedder] = {}
        self.lost: set[str] = set()
        self.closed: list[str] = []

    def get(self, name: str) -> WordEmbedder:
        sizes = {"a": 512, "b": 384, "c": 512}
        return self.made.setdefault(name, WordEmbedder(name, sizes[name]))

    def build(self, recipe: str) -> Embedder:
        if recipe in self.lost:
            raise EmbedderError("The model's file is gone.")
        return self.get(recipe)

    def close(self, embedder: Embedder) -> None:
        self.closed.append(embedder.spec.model)

    @property
    def seen(self) -> dict[str, int]:
        return {name: len(made.seen) for name, made in self.made.items() if made.seen}


class Opened(RoutedStores):
    """The stores, and the one of them that was opened last."""

    last: RoutedStore

    def open(self, generation: int) -> RoutedStore:
        self.last = super().open(generation)
        return self.last


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Desk:
    """A vault whose index is opened again and again, as by one run of the daemon after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.root, self.shelf, self.clock = folder, folder / "v", Shelf(), Clock()
        self.policy = Policy()
        self.root.mkdir()
        for number in range(NOTES):
            self.write(f"n{number}.md", f"# Note {number}\n\nThe heron {number} eats frogs.\n")
        self.write("cats.md", "# Cats\n\nCats sleep a lot.\n\n## Food\n\nThey eat fish.\n")
        self.open("a")

    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text)

    def open(self, model: str, *, scan: bool = True) -> None:
        self.model = model
        self.ledger = Ledger(self.folder / "index.db")
        self.stores = Opened(
            StoreFolders(self.folder / "chroma", ChromaStore), StoreFolders(self.folder / "exact", MappedStore)
        )
        self.generations = Generations(
            self.ledger, self.stores, self.shelf.get(model), model, self.shelf, clock=self.clock
        )
        store, embedder = self.generations.store, self.generations.embedder
        self.indexer = Indexer(
            Vault(self.root), self.ledger, store, embedder, self.policy, generations=self.generations
        )
        self.searcher = Searcher(self.ledger, store, embedder, self.policy, serving=self.generations.serving)
        self.indexer.prepare()
        if scan:
            self.indexer.scan()

    def close(self) -> None:
        self.generations.close()
        self.ledger.close()

    def kill(self) -> None:
        """As the end of the process would: nothing is told, nothing is written."""
        self.ledger.database.close()

    def again(self, model: str) -> None:
        self.close()
        self.open(model)

    def finish(self) -> int:
        """Tend until nothing waits; returns how many steps that took."""
        steps = 0
        while self.indexer.tend():
            steps += 1
            assert steps < 1000
        return steps

    def finds(self, query: str, path: str) -> bool:
        return self.searcher.search(query, 3, "dense")[0].path == path

    def serves(self, model: str) -> bool:
        """Whether ledger and store hold the vectors of this model, of all chunks and of nothing else."""
        embedder = self.shelf.get(model)
        ids = self.ledger.embedded_ids().tolist()
        stored = self.generations.store.get(ids)
        right = all(
            stored[i].shape == (embedder.spec.dimensions,) and abs(float(stored[i] @ vector) - 1) < 1e-4
            for i, vector in zip(ids, self.ledger.vectors(ids), strict=True)
        )
        rows = self.ledger.read().execute("SELECT id FROM occurrences").fetchall()
        assert self.ledger.meta(module.MODEL) == identity(embedder.spec)
        return right and set(ids) == self.generations.store.ids() == {row[0] for row in rows}

    def unused(self) -> int:
        """Vectors of the ledger that no chunk has."""
        sql = f"SELECT count(*) FROM vectors WHERE key NOT IN ({USED_KEYS})"
        return int(self.ledger.read().execute(sql).fetchone()[0])


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(modelchange, "AT_ONCE", 8)
    monkeypatch.setattr(modelchange, "TOGETHER", 4)
    monkeypatch.setattr(filling, "AT_ONCE", 16)
    made = Desk(tmp_path)
    yield made
    made.close()


CHUNKS = NOTES + 2


def test_the_old_model_serves_until_the_new_one_has_all_and_then_it_is_gone(desk: Desk) -> None:
    folders = set((desk.folder / "chroma").iterdir())
    desk.again("b")
    assert desk.shelf.seen == {"a": CHUNKS}, "nothing is embedded before the first quiet moment"
    steps = 0
    while desk.indexer.tend():
        steps += 1
        told = desk.generations.status()
        if told is not None:
            assert (told.old, told.new, told.total, told.dense) == ("a", "b", CHUNKS, True)
            assert desk.serves("a") or desk.shelf.seen.get("b"), "the vectors of both are in the ledger"
            assert desk.generations.embedder.spec.model == "a"
        assert desk.finds("Note 7 The heron 7 eats frogs", "n7.md")
    assert steps > CHUNKS // 8 and desk.generations.status() is None
    assert desk.shelf.seen == {"a": CHUNKS, "b": CHUNKS} and desk.shelf.closed == ["a"]
    assert desk.serves("b") and desk.finds("Note 7 The heron 7 eats frogs", "n7.md")
    assert not folders & set((desk.folder / "chroma").iterdir()) and desk.unused() == 0
    desk.again("b")
    assert desk.finish() == 0 and desk.shelf.seen == {"a": CHUNKS, "b": CHUNKS}


@pytest.mark.parametrize(
    ("kill", "first"),
    [(False, 0), *(pytest.param(True, at, marks=pytest.mark.slow) for at in range(3))],
)
def test_a_change_that_is_interrupted_goes_on_where_it_was(desk: Desk, kill: bool, first: int) -> None:
    desk.again("b")
    for step in range(200):
        if not desk.indexer.tend():
            break
        if not kill:
            desk.again("b")
        elif step % 3 == first:  # a death costs a new start of everything, and a process that tries Chroma out
            desk.kill()
            desk.open("b")
        assert desk.finds("Note 7 The heron 7 eats frogs", "n7.md")
    assert desk.generations.status() is None and desk.serves("b")
    assert desk.shelf.seen == {"a": CHUNKS, "b": CHUNKS}, "each text was embedded once"


@pytest.mark.parametrize("at", range(0, 14, 2))
def test_notes_that_are_edited_meanwhile_are_right_on_both_sides(desk: Desk, at: int) -> None:
    desk.again("b")
    for _ in range(at):
        desk.indexer.tend()
    desk.write("n3.md", "# Note 3\n\nThe badger digs holes.\n")
    desk.write("new.md", "# New\n\nOwls hunt at night.\n")
    (desk.root / "n5.md").unlink()
    (desk.root / "n6.md").rename(desk.root / "moved.md")
    desk.indexer.scan()
    for query, path in (
        ("badger digs holes", "n3.md"),
        ("owls hunt night", "new.md"),
        ("Note 6 The heron 6 eats frogs", "moved.md"),
    ):
        assert desk.finds(query, path)
    desk.finish()
    assert desk.serves("b") and desk.generations.status() is None
    for query, path in (
        ("badger digs holes", "n3.md"),
        ("owls hunt night", "new.md"),
        ("Note 6 The heron 6 eats frogs", "moved.md"),
    ):
        assert desk.finds(query, path)
    assert "n5.md" not in {hit.path for hit in desk.searcher.search("heron 5 eats frogs", 50)}
    assert desk.shelf.seen["b"] <= CHUNKS + 2 and len(set(desk.shelf.get("b").seen)) == desk.shelf.seen["b"]


def test_another_model_during_a_change(desk: Desk) -> None:
    desk.again("b")
    for _ in range(3):
        desk.indexer.tend()
    desk.again("c")
    desk.finish()
    assert desk.serves("c") and desk.shelf.seen["c"] == CHUNKS and desk.shelf.seen["b"] < CHUNKS


def test_the_old_model_again_during_a_change_and_then_the_new_one_embeds_nothing_twice(desk: Desk) -> None:
    desk.again("b")
    for _ in range(3):
        desk.indexer.tend()
    half = desk.shelf.seen["b"]
    desk.again("a")
    assert (
        desk.generations.status() is None
        and desk.finish() == 0
        and desk.finds("Note 7 The heron 7 eats frogs", "n7.md")
    )
    desk.again("b")
    desk.finish()
    assert 0 < half < CHUNKS and desk.shelf.seen == {"a": CHUNKS, "b": CHUNKS} and desk.serves("b")


def test_back_after_a_change(desk: Desk) -> None:
    for model in ("b", "a"):
        desk.again(model)
        desk.finish()
        assert desk.serves(model)
    assert desk.shelf.seen == {"a": 2 * CHUNKS, "b": CHUNKS}


def test_without_the_old_model_the_words_are_searched_and_nothing_fails(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.shelf.lost.add("a")
    desk.again("b")
    told = desk.generations.status()
    assert told is not None and not told.dense and "file is gone" in caplog.text
    with pytest.raises(ModelLostError) as caught:
        desk.searcher.search("heron 7", mode="dense")
    assert caught.value.cause and caught.value.fix
    desk.write("n3.md", "# Note 3\n\nThe badger digs holes.\n")
    desk.write("new.md", "# New\n\nOwls hunt at night.\n")
    assert desk.indexer.scan() == 2 and desk.indexer.scan() == 0
    for query, path in (("heron 7", "n7.md"), ("badger", "n3.md"), ("owls", "new.md")):
        assert desk.searcher.search(query)[0].path == path
    assert desk.ledger.counts()[1] == 0 and desk.searcher.related("n7.md")
    desk.finish()
    assert desk.serves("b") and desk.finds("badger digs holes", "n3.md") and desk.indexer.scan() == 0
    assert desk.shelf.seen["b"] == CHUNKS + 1


def test_a_model_that_was_replaced_under_its_name_is_lost(desk: Desk) -> None:
    desk.shelf.made["a"] = WordEmbedder("another", 512)
    desk.again("b")
    told = desk.generations.status()
    assert told is not None and not told.dense


def test_a_new_model_that_does_not_work_is_tried_again_later_and_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.again("b")
    desk.shelf.get("b").fails_on = " "

    def fails(text: str) -> Vectors:
        raise EmbedderError("The server is away.")

    monkeypatch.setattr(desk.shelf.get("b"), "embed_query", fails)
    assert desk.indexer.tend() is False
    told = desk.generations.status()
    assert (
        told is not None and "server is away" in told.problem and desk.finds("Note 7 The heron 7 eats frogs", "n7.md")
    )
    desk.shelf.get("b").fails_on = ""
    assert desk.indexer.tend() is False, "not so soon"
    desk.clock.now += module.PAUSE
    desk.finish()
    assert desk.serves("b")


def test_a_text_that_the_new_model_can_not_embed_keeps_no_other_waiting_and_is_told(desk: Desk) -> None:
    desk.again("b")
    desk.shelf.get("b").fails_on = "heron 9 "
    desk.finish()
    assert desk.generations.status() is None
    desk.indexer.scan()
    failed = desk.ledger.note("n9.md")
    assert failed is not None and failed.state == "failed" and desk.ledger.counts()[:2] == (NOTES, 1)
    desk.shelf.get("b").fails_on = ""
    desk.indexer.scan()
    assert desk.serves("b") and desk.shelf.seen["b"] == CHUNKS


def test_what_is_erased_leaves_the_next_store_also_while_the_new_model_is_away(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(text: str) -> Vectors:
        raise EmbedderError("The server is away.")

    desk.again("b")
    serving = desk.stores.last
    while desk.stores.last is serving:
        assert desk.indexer.tend()
    held = desk.stores.last.ids()
    gone = min(held)
    (path,) = [n.path for n in desk.ledger.notes() if gone in {each.id for each in desk.ledger.occurrences_of(n.path)}]
    (desk.root / path).unlink()
    desk.write("late.md", "# Late\n\nA late owl.\n")
    desk.indexer.scan()
    desk.shelf.get("b").fails_on = " "
    monkeypatch.setattr(desk.shelf.get("b"), "embed_query", fails)
    assert desk.indexer.tend() is False
    assert desk.stores.last.ids() and gone not in desk.stores.last.ids()


def test_what_policy_keeps_from_embedders_is_not_shown_to_the_new_one(desk: Desk) -> None:
    desk.again("b")
    desk.indexer.policy = Policy(rules=(Rule(("cats.md",), ("embed",)),))
    desk.finish()
    assert not any("Cats" in text for text in desk.shelf.get("b").seen)
    desk.indexer.scan()
    assert {chunk.vector_key for chunk in desk.ledger.occurrences_of("cats.md")} == {""}


def test_notes_that_are_cut_in_another_way_by_now_are_read_by_the_scan(desk: Desk) -> None:
    with desk.ledger.database.write() as connection:
        connection.execute("UPDATE occurrences SET text = text || '!' WHERE text LIKE '%heron 1%'")
    desk.again("b")
    desk.finish()
    assert desk.serves("b") and not any("!" in text for text in desk.shelf.get("b").seen)


def _churn(desk: Desk, rounds: Sequence[int]) -> None:
    for number in rounds:
        for note in range(10):
            desk.write(f"n{note}.md", f"# Note {note}\n\nRound {number % 2} of the heron {note}.\n")
        desk.indexer.scan()


def test_garbage_is_left_behind_without_embedding(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GARBAGE_LEAST", 50)
    _churn(desk, range(5))
    assert outbox.garbage(desk.ledger) == 50 and desk.finish() == 0
    _churn(desk, [5])
    seen, folders = dict(desk.shelf.seen), set((desk.folder / "chroma").iterdir())
    assert outbox.garbage(desk.ledger) == 60 and desk.indexer.tend()
    desk.write("late.md", "Written while the store was filled.")
    desk.indexer.scan()
    assert desk.finds("written while store was filled", "late.md")
    assert desk.finish() > 1
    assert outbox.garbage(desk.ledger) == 0 and desk.shelf.seen == {"a": seen["a"] + 1}
    assert desk.serves("a") and not folders & set((desk.folder / "chroma").iterdir())


def test_a_store_whose_folder_vanishes_is_filled_anew_in_the_next_quiet_moment(desk: Desk) -> None:
    shutil.rmtree(desk.folder / "chroma")
    seen = dict(desk.shelf.seen)
    assert desk.finds("Note 7 The heron 7 eats frogs", "n7.md")
    assert desk.generations.trouble() is not None
    desk.finish()
    assert desk.shelf.seen == seen and desk.serves("a") and desk.generations.trouble() is None


def _delete(folder: Path) -> None:
    shutil.rmtree(folder)


def _garble(folder: Path) -> None:
    for file in folder.rglob("*"):
        if file.is_file():
            file.write_bytes(b"garbage" * 100)


@pytest.mark.parametrize("spoil", [_delete, _garble])
@pytest.mark.parametrize("names", [("chroma",), ("exact",), ("chroma", "exact")])
def test_a_store_that_was_spoilt_between_two_runs_is_there_again(
    desk: Desk, spoil: Callable[[Path], None], names: Sequence[str]
) -> None:
    desk.close()
    for name in names:
        spoil(desk.folder / name)
    seen = dict(desk.shelf.seen)
    desk.open("a")
    assert desk.shelf.seen == seen and desk.serves("a") and desk.finds("Note 7 The heron 7 eats frogs", "n7.md")


def test_a_new_ledger_never_meets_the_store_of_an_old_one(desk: Desk) -> None:
    desk.close()
    for file in desk.folder.glob("index.db*"):
        file.unlink()
    desk.write("cats.md", "# Dogs\n\nDogs bark.\n")
    desk.open("a")
    assert desk.serves("a") and len(list((desk.folder / "chroma").iterdir())) == 1
