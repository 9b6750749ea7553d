"""Which store answers, and what happens where the two do not hold the same."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.unit.vault_sync.stores.test_rowfile import vectors
from vault_sync.errors import StoreBrokenError
from vault_sync.ports import Ids, Neighbour, Vectors
from vault_sync.stores import routed
from vault_sync.stores.mapped import MappedStore
from vault_sync.stores.memory import MemoryStore
from vault_sync.stores.routed import RoutedStore


class Graph(MemoryStore):
    """Counts what it is asked, and fails where it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []
        self.all_ids = 0
        self.broken = False

    def query(self, vector: Vectors, k: int, among: Ids | None = None) -> list[Neighbour]:
        assert among is None
        self.asked.append(k)
        if self.broken:
            raise StoreBrokenError("It can not be used.")
        return super().query(vector, k)

    def add(self, occurrences: Sequence[int], vectors: Vectors) -> None:
        if self.broken:
            raise StoreBrokenError("It can not be used.")
        super().add(occurrences, vectors)

    def ids(self) -> set[int]:
        self.all_ids += 1
        return super().ids()


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routed, "FEW", 50)


ROWS = vectors(200)
QUERY = vectors(1, seed=5)[0]


def made(folder: Path, count: int) -> tuple[RoutedStore, Graph, MappedStore]:
    graph, exact = Graph(), MappedStore(folder)
    store = RoutedStore(graph, exact)
    store.add(range(count), ROWS[:count])
    return store, graph, exact


def best(ids: Sequence[int], k: int) -> list[int]:
    return sorted(ids, key=lambda i: -float(ROWS[i] @ QUERY))[:k]


def found(store: RoutedStore, k: int, among: Sequence[int] | None = None) -> list[int]:
    narrow = None if among is None else np.array(among, np.int64)
    return [hit.occurrence for hit in store.query(QUERY, k, narrow)]


def test_a_small_vault_is_compared_exactly(tmp_path: Path) -> None:
    store, graph, _ = made(tmp_path, 50)
    assert found(store, 5) == best(range(50), 5)
    assert found(store, 5, range(40)) == best(range(40), 5)
    assert not graph.asked


def test_a_large_one_is_left_to_the_graph(tmp_path: Path) -> None:
    store, graph, _ = made(tmp_path, 200)
    assert found(store, 5) == best(range(200), 5)
    assert graph.asked == [5]


def test_a_narrow_filter_is_compared_exactly(tmp_path: Path) -> None:
    store, graph, _ = made(tmp_path, 200)
    assert found(store, 5, range(0, 200, 10)) == best(range(0, 200, 10), 5)
    assert not graph.asked


def test_for_a_wide_filter_the_graph_is_asked_for_more(tmp_path: Path) -> None:
    store, graph, _ = made(tmp_path, 200)
    even = [i for i in range(200) if i % 2 == 0]
    assert found(store, 10, even) == best(even, 10)
    assert graph.asked == [30]


def test_a_wide_filter_that_lets_only_what_is_far_through_misses_nothing(tmp_path: Path) -> None:
    store, graph, _ = made(tmp_path, 200)
    far = sorted(best(range(200), 200)[120:])
    assert found(store, 10, far) == best(far, 10)
    assert graph.asked, "the graph was asked and found too few"


def test_whoever_asks_for_very_many_compares_exactly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routed, "DEEP", 40)
    store, graph, _ = made(tmp_path, 200)
    assert found(store, 41) == best(range(200), 41)
    assert found(store, 20, range(100)) == best(range(100), 20)
    assert not graph.asked


def test_a_broken_graph_is_searched_around(tmp_path: Path) -> None:
    store, graph, _ = made(tmp_path, 200)
    graph.broken = True
    assert found(store, 5) == best(range(200), 5)
    assert found(store, 5, range(150)) == best(range(150), 5)


def test_a_graph_that_has_less_does_not_answer(tmp_path: Path) -> None:
    _, graph, exact = made(tmp_path, 200)
    graph.delete(range(100))
    again = RoutedStore(graph, exact)
    assert found(again, 5) == best(range(200), 5) and not graph.asked
    assert again.fit(np.arange(200)).tolist() == list(range(100))
    again.delete(range(100))
    again.add(range(100), ROWS[:100])
    assert found(again, 5) == best(range(200), 5) and graph.asked


def test_after_a_clean_end_the_graph_is_not_asked_for_its_ids(tmp_path: Path) -> None:
    _, graph, exact = made(tmp_path, 200)
    exact.close()
    again = RoutedStore(graph, MappedStore(tmp_path))
    assert not len(again.fit(np.arange(200))) and not graph.all_ids
    again.close()


def test_after_a_crash_it_is(tmp_path: Path) -> None:
    _, graph, _ = made(tmp_path, 200)
    graph.delete([7])
    graph.add([999], ROWS[:1])
    again = RoutedStore(graph, MappedStore(tmp_path))
    assert again.fit(np.arange(200)).tolist() == [7]
    assert graph.ids() == set(range(200)) - {7}
    again.close()


def test_an_exact_store_that_was_lost_is_filled_from_the_graph(tmp_path: Path) -> None:
    _, graph, exact = made(tmp_path, 200)
    exact.reset()
    again = RoutedStore(graph, exact)
    assert not len(again.fit(np.arange(200)))
    assert exact.ids() == set(range(200))
    assert found(again, 5, range(20)) == best(range(20), 5)


def test_where_both_do_not_agree_nothing_is_taken_for_right(tmp_path: Path) -> None:
    store, graph, _ = made(tmp_path, 60)
    graph.delete([3, 4])
    graph.add([3], ROWS[8:9])
    held = store.get([2, 3, 4])
    assert np.array_equal(held[2], ROWS[2])
    assert not held[3].any() and not held[4].any()
    graph.add([999], ROWS[:1])
    assert 999 in store.ids() and not store.get([999])[999].any() and store.get([5000]) == {}


def test_reset_forgets_in_both(tmp_path: Path) -> None:
    store, graph, exact = made(tmp_path, 60)
    store.reset()
    assert (graph.count(), exact.count(), store.count(), found(store, 5)) == (0, 0, 0, [])


def test_damage_of_either_is_told(tmp_path: Path) -> None:
    store, _, exact = made(tmp_path, 60)
    assert store.damage == ""
    exact.damage = "it was cut"
    assert store.damage == "it was cut"
