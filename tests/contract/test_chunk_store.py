"""What every ChunkStore must do; the same tests on the exact store and on Chroma."""

import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.chroma_process import ChromaProcess
from vault_sync.errors import StoreBrokenError, VaultError
from vault_sync.ports import ChunkStore, Stores, Vectors
from vault_sync.stores import routed
from vault_sync.stores.chroma import SEAL, ChromaStore
from vault_sync.stores.chroma_server import Address, AsyncLine, ChromaServer, Line, SyncLine
from vault_sync.stores.folders import StoreFolders
from vault_sync.stores.mapped import MappedStore
from vault_sync.stores.memory import MemoryStores
from vault_sync.stores.routed import RoutedStore, RoutedStores


def _embedded(folder: Path) -> StoreFolders[ChromaStore]:
    return StoreFolders(folder / "chroma", ChromaStore)


def _mapped(folder: Path) -> StoreFolders[MappedStore]:
    return StoreFolders(folder / "mapped", MappedStore)


def _served(request: pytest.FixtureRequest, line: type[Line]) -> ChromaServer:
    process: ChromaProcess = request.getfixturevalue("chroma_process")
    return ChromaServer(line(Address(process.url)), uuid.uuid4().hex[:12])


class _CaughtUp(RoutedStore):
    """Whose graph has learnt all before it is asked."""

    def add(self, occurrences: Sequence[int], vectors: Vectors) -> None:
        super().add(occurrences, vectors)
        self._learn()

    def delete(self, occurrences: Sequence[int]) -> None:
        super().delete(occurrences)
        self._learn()

    def _learn(self) -> None:
        while self.behind:
            self.catch_up()


class _CaughtUpStores(RoutedStores):
    def open(self, generation: int) -> RoutedStore:
        return _CaughtUp(self.graphs.open(generation), self.exacts.open(generation))


MAKERS: dict[str, Callable[[pytest.FixtureRequest, Path], Stores]] = {
    "memory": lambda request, folder: MemoryStores(),
    "mapped": lambda request, folder: _mapped(folder),
    "chroma": lambda request, folder: _embedded(folder),
    "routed": lambda request, folder: RoutedStores(_embedded(folder), _mapped(folder)),
    "routed to the graph": lambda request, folder: RoutedStores(_embedded(folder), _mapped(folder)),
    "routed to the graph that has all": lambda request, folder: _CaughtUpStores(_embedded(folder), _mapped(folder)),
    "server": lambda request, folder: _served(request, SyncLine),
    "async server": lambda request, folder: _served(request, AsyncLine),
    "routed to the server": lambda request, folder: RoutedStores(_served(request, AsyncLine), _mapped(folder)),
    "routed to the server that has all": lambda request, folder: _CaughtUpStores(
        _served(request, AsyncLine), _mapped(folder)
    ),
}


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.slow if "server" in name else ()) for name in MAKERS])
def stores(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stores]:
    if request.param.startswith("routed to"):
        monkeypatch.setattr(routed, "FEW", 0)
    made = MAKERS[request.param](request, tmp_path)
    yield made
    for generation in made.kept():
        made.drop(generation)
    made.close()


@pytest.fixture
def store(stores: Stores) -> Iterator[ChunkStore]:
    made = stores.open(1)
    yield made
    made.close()


def _unit(*rows: tuple[float, ...]) -> Vectors:
    matrix = np.array(rows, dtype=np.float32)
    return np.asarray(matrix / np.linalg.norm(matrix, axis=1, keepdims=True), dtype=np.float32)


def _random(count: int, dimensions: int = 16, seed: int = 0) -> Vectors:
    return _unit(*np.random.default_rng(seed).normal(size=(count, dimensions)).tolist())


def _ids(store: ChunkStore, vector: Vectors, k: int, among: Sequence[int] | None = None) -> list[int]:
    narrow = None if among is None else np.array(among, dtype=np.int64)
    return [hit.occurrence for hit in store.query(vector, k, narrow)]


def test_an_empty_store_finds_nothing(store: ChunkStore) -> None:
    assert store.query(_unit((1, 0))[0], 5) == []
    assert store.count() == 0
    assert store.ids() == set()


def test_the_most_similar_come_first(store: ChunkStore) -> None:
    store.add([10, 20, 30], _unit((1, 0), (0, 1), (1, 1)))
    hits = store.query(_unit((1, 0.2))[0], 3)
    assert [hit.occurrence for hit in hits] == [10, 30, 20]
    expected = _unit((1, 0), (1, 1), (0, 1)) @ _unit((1, 0.2))[0]
    assert [hit.similarity for hit in hits] == pytest.approx(expected.tolist(), abs=1e-5)


def test_similarity_is_the_cosine_also_where_it_is_negative(store: ChunkStore) -> None:
    store.add([1], _unit((1, 0)))
    assert store.query(_unit((-1, 0))[0], 1)[0].similarity == pytest.approx(-1, abs=1e-5)


def test_ties_go_by_id_as_a_number(store: ChunkStore) -> None:
    store.add([100, 9, 25], _unit((1, 0), (1, 0), (1, 0)))
    assert _ids(store, _unit((1, 0))[0], 3) == [9, 25, 100]


@pytest.mark.parametrize(("k", "found"), [(0, 0), (-1, 0), (1, 1), (3, 3), (50, 3)])
def test_k_may_be_anything(store: ChunkStore, k: int, found: int) -> None:
    store.add([1, 2, 3], _random(3))
    assert len(store.query(_random(1)[0], k)) == found


def test_the_exact_neighbours_are_found(store: ChunkStore) -> None:
    vectors = _random(600)
    store.add(range(600), vectors)
    query = _random(1, seed=7)[0]
    assert _ids(store, query, 20) == np.argsort(-(vectors @ query))[:20].tolist()


def test_three_among_many_that_are_nearer_are_all_found(store: ChunkStore) -> None:
    vectors, query = _random(600), _random(1, seed=7)[0]
    store.add(range(600), vectors)
    last = np.sort(np.argsort(vectors @ query)[:3])
    assert _ids(store, query, 100, last.tolist()) == last[np.argsort(-(vectors[last] @ query))].tolist()
    assert _ids(store, query, 1, last.tolist()) == [int(last[np.argmax(vectors[last] @ query)])]


@pytest.mark.parametrize("share", [2, 5, 50])
def test_a_narrowed_search_is_the_search_narrowed(store: ChunkStore, share: int) -> None:
    vectors, query = _random(600), _random(1, seed=7)[0]
    store.add(range(600), vectors)
    nearest = np.argsort(-(vectors @ query))
    wanted = [int(i) for i in nearest if i % share == 0]
    assert _ids(store, query, 10, range(0, 600, share)) == wanted[:10]


def test_among_none_and_among_unknown_ones_nothing_is_found(store: ChunkStore) -> None:
    assert _ids(store, _unit((1, 0))[0], 5, [1]) == []
    store.add([1, 2, 3], _unit((1, 0), (0, 1), (1, 1)))
    store.delete([3])
    assert _ids(store, _unit((1, 0))[0], 5, []) == []
    assert _ids(store, _unit((1, 0))[0], 5, [-4, 0, 7, 8]) == []
    assert _ids(store, _unit((1, 0))[0], 5, [-4, 2, 3, 8]) == [2]
    assert _ids(store, _unit((1, 0))[0], 0, [1, 2]) == []


@pytest.mark.parametrize(("wanted", "lacking"), [([2, 3, 7, 9], [7, 9]), ([1, 2, 3], []), ([], []), ([8], [8])])
def test_a_store_is_fitted_to_the_ids_that_it_should_have(
    store: ChunkStore, wanted: list[int], lacking: list[int]
) -> None:
    store.add([3, 1, 2], _unit((1, 0), (0, 1), (1, 1)))
    assert store.fit(np.array(wanted, np.int64)).tolist() == lacking
    assert store.ids() == set(wanted) - set(lacking)


def test_what_is_deleted_is_not_found(store: ChunkStore) -> None:
    store.add([1, 2, 3], _unit((1, 0), (1, 0.1), (0, 1)))
    store.delete([1])
    assert _ids(store, _unit((1, 0))[0], 3) == [2, 3]
    assert (store.count(), store.ids()) == (2, {2, 3})


def test_deleting_what_is_unknown_or_nothing_is_no_error(store: ChunkStore) -> None:
    store.delete([5])
    store.add([1], _unit((1, 0)))
    store.delete([77, 78])
    store.delete([])
    assert store.ids() == {1}


def test_an_id_can_be_stored_again_after_it_was_deleted(store: ChunkStore) -> None:
    store.add([1, 2], _unit((1, 0), (0, 1)))
    store.delete([1])
    store.add([1], _unit((0, 1)))
    assert _ids(store, _unit((1, 0))[0], 2) == [1, 2]
    assert store.query(_unit((0, 1))[0], 1)[0].similarity == pytest.approx(1, abs=1e-5)


def test_adding_what_is_stored_already_changes_nothing(store: ChunkStore) -> None:
    store.add([1, 2], _unit((1, 0, 0), (0, 1, 0)))
    store.add([2, 3], _unit((0, 1, 0), (0, 0, 1)))
    store.add([1, 2, 3], _unit((1, 0, 0), (0, 1, 0), (0, 0, 1)))
    assert store.count() == 3 and store.ids() == {1, 2, 3}
    assert _ids(store, _unit((0, 1, 0))[0], 3)[0] == 2
    store.delete([2])
    assert store.ids() == {1, 3} and 2 not in _ids(store, _unit((0, 1, 0))[0], 3)


def test_everything_can_be_deleted(store: ChunkStore) -> None:
    store.add([1, 2], _unit((1, 0), (0, 1)))
    store.delete([1, 2])
    assert store.query(_unit((1, 0))[0], 2) == []


def test_adding_nothing_is_no_error(store: ChunkStore) -> None:
    store.add([], np.zeros((0, 4), dtype=np.float32))
    assert store.count() == 0


@pytest.mark.slow
def test_more_than_one_batch_is_stored(store: ChunkStore) -> None:
    store.add(range(12_000), _random(12_000, 4))
    assert store.count() == 12_000
    assert store.ids() == set(range(12_000))
    store.delete(range(11_990))
    assert store.ids() == set(range(11_990, 12_000))


def test_a_reset_store_is_empty_and_takes_other_dimensions(store: ChunkStore) -> None:
    store.add([1], _unit((1, 0)))
    store.reset()
    assert (store.count(), store.ids()) == (0, set())
    store.add([1], _unit((1, 0, 0)))
    assert _ids(store, _unit((1, 0, 0))[0], 1) == [1]


def test_other_dimensions_are_a_clear_error(store: ChunkStore) -> None:
    store.add([1], _unit((1, 0)))
    for work in (lambda: store.add([2], _unit((1, 0, 0))), lambda: store.query(_unit((1, 0, 0))[0], 1)):
        with pytest.raises(StoreBrokenError, match="vectors of 2 numbers, and one of 3") as caught:
            work()
        assert caught.value.code == "store_broken"
        assert caught.value.fix
    assert store.ids() == {1}


def test_generations_lie_beside_each_other(stores: Stores) -> None:
    first, second = stores.open(1), stores.open(2)
    first.add([1], _unit((1, 0)))
    second.add([1, 7], _unit((0, 1, 0), (1, 0, 0)))
    assert (first.ids(), second.ids(), stores.kept()) == ({1}, {1, 7}, {1, 2})
    first.close()
    stores.drop(1)
    assert stores.kept() == {2} and _ids(second, _unit((1, 0, 0))[0], 2) == [7, 1]
    stores.drop(5)
    again = stores.open(1)
    assert again.ids() == set(), "what was dropped does not come back"
    again.close()
    second.close()


def test_a_store_that_can_be_used_has_nothing_to_say(store: ChunkStore) -> None:
    store.add([1], _unit((1, 0)))
    store.check()
    store.reset()
    store.check()


def test_chroma_keeps_what_it_has(tmp_path: Path) -> None:
    first = ChromaStore(tmp_path / "chroma")
    first.add([1, 2], _unit((1, 0), (0, 1)))
    first.delete([1])
    first.close()
    second = ChromaStore(tmp_path / "chroma")
    assert second.ids() == {2}
    assert _ids(second, _unit((0, 1))[0], 5) == [2]
    second.close()


def test_a_damaged_chroma_is_opened_empty(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "chroma"
    first = ChromaStore(folder)
    first.add([1], _unit((1, 0)))
    first.close()
    next(folder.rglob("chroma.sqlite3")).write_bytes(b"not a database" * 500)
    second = ChromaStore(folder)
    assert second.ids() == set()
    assert "rebuilt" in caplog.text
    second.add([2], _unit((1, 0)))
    assert _ids(second, _unit((1, 0))[0], 1) == [2]
    second.close()


def _filled(folder: Path) -> Vectors:
    vectors, store = _random(2500, 8), ChromaStore(folder)
    store.add(range(2500), vectors)
    store.close()
    return vectors


INDEX_FILES = ["header.bin", "length.bin", "data_level0.bin", "link_lists.bin", "index_metadata.pickle"]


@pytest.mark.slow
@pytest.mark.parametrize("name", INDEX_FILES)
@pytest.mark.parametrize("spoil", [lambda data: data[: len(data) // 2], lambda data: data[:-1] + b"?"])
def test_a_chroma_whose_index_was_changed_is_opened_empty(
    tmp_path: Path, name: str, spoil: Callable[[bytes], bytes]
) -> None:
    folder = tmp_path / "chroma"
    vectors = _filled(folder)
    file = next(folder.rglob(name))
    file.write_bytes(spoil(file.read_bytes()))
    store = ChromaStore(folder)
    assert store.ids() == set() and "not those that were closed" in store.damage
    store.add([1], vectors[:1])
    store.close()
    again = ChromaStore(folder)
    assert again.ids() == {1} and not again.damage
    again.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", INDEX_FILES)
def test_a_chroma_that_was_cut_short_by_a_crash_does_not_take_the_process_along(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "chroma"
    vectors = _filled(folder)
    (folder / SEAL).unlink()
    file = next(folder.rglob(name))
    file.write_bytes(file.read_bytes()[:50])
    store = ChromaStore(folder)
    assert store.ids() == set() or _ids(store, vectors[7], 1) == [7]
    store.close()


@pytest.mark.slow
def test_a_whole_chroma_is_kept_after_a_crash(tmp_path: Path) -> None:
    folder = tmp_path / "chroma"
    vectors = _filled(folder)
    (folder / SEAL).unlink()
    store = ChromaStore(folder)
    assert store.count() == 2500 and not store.damage and _ids(store, vectors[7], 1) == [7]
    store.close()


def test_a_file_in_the_folder_s_place_is_an_error_and_stays(tmp_path: Path) -> None:
    (tmp_path / "chroma").write_text("not a folder")
    with pytest.raises(StoreBrokenError, match="Not a directory"):
        ChromaStore(tmp_path / "chroma")
    assert (tmp_path / "chroma").read_text() == "not a folder"


def test_a_chroma_that_vanishes_while_open_says_so_and_can_be_reset(tmp_path: Path) -> None:
    folder = tmp_path / "chroma"
    store = ChromaStore(folder)
    store.add([1], _unit((1, 0)))
    shutil.rmtree(folder)
    for work in (store.check, lambda: store.add([2], _unit((0, 1)))):
        with pytest.raises(VaultError) as caught:
            work()
        assert caught.value.code == "store_broken"
    store.reset()
    store.check()
    store.add([2], _unit((0, 1)))
    assert store.ids() == {2}
    store.close()
