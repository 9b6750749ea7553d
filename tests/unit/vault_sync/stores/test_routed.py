"""Which store answers, and what happens where the two do not hold the same."""

from collections.abc import Callable, Sequence
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
        self.meanwhile: Callable[[], None] = lambda: None

    def query(self, vector: Vectors, k: int, among: Ids | None = None) -> list[Neighbour]:
        assert among is None
        self.asked.append(k)
        if self.broken:
            raise StoreBrokenError("It can not be used.")
        self.meanwhile()
        return super().query(vector, k)

    def add(self, occurrences: Sequence[int], vectors: Vectors) -> None:
        if self.broken:
            raise StoreBrokenError("It can not be used.")
        super().add(occurrences, vectors)

    def delete(self, occurrences: Sequence[int]) -> None:
        if self.broken:
            raise StoreBrokenError("It can not be used.")
        super().delete(occurrences)

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
    caught_up(store)
    return store, graph, exact


def caught_up(store: RoutedStore) -> None:
    while store.behind:
        store.catch_up()


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
    assert not len(again.fit(np.arange(200))) and again.behind == 100, "one of them has them"
    caught_up(again)
    graph.asked.clear()
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
    assert not len(again.fit(np.arange(200))) and again.behind == 1
    assert graph.ids() == set(range(200)) - {7}
    again.close()
    assert graph.ids() == set(range(200))


def test_a_graph_that_was_away_is_asked_for_its_ids_although_it_has_as_many(tmp_path: Path) -> None:
    made(tmp_path, 199)[0].close()
    graph = Graph()
    graph.add(range(199), ROWS[:199])
    store = RoutedStore(graph, MappedStore(tmp_path))
    assert not len(store.fit(np.arange(199))) and not graph.all_ids
    store.add([199], ROWS[199:])
    graph.broken = True
    with pytest.raises(StoreBrokenError):
        store.catch_up()
    graph.broken = False
    graph.delete([7])
    graph.add([999], ROWS[:1])  # it comes back as it was some days ago
    caught_up(store)
    assert graph.count() == store.count(), "as many, and others"
    assert not len(store.fit(np.arange(200)))
    caught_up(store)
    assert graph.ids() == set(range(200)) and found(store, 5) == best(range(200), 5)


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


def test_what_the_graph_has_yet_to_learn_is_found_and_what_it_has_to_forget_is_not(tmp_path: Path) -> None:
    store, graph, _ = made(tmp_path, 150)
    gone = best(range(150), 20)
    store.delete(gone)
    store.add(range(150, 200), ROWS[150:])
    left = sorted(set(range(200)) - set(gone))
    assert graph.ids() == set(range(150)), "it learnt nothing yet"
    before = found(store, 20), found(store, 20, left[::2])
    assert before == (best(left, 20), best(left[::2], 20)) and graph.asked
    assert (store.count(), store.ids(), store.behind) == (180, set(left), 70)
    assert all(np.array_equal(store.get([i])[i], ROWS[i]) for i in left) and not store.get(gone)
    caught_up(store)
    assert graph.ids() == set(left)
    assert (found(store, 20), found(store, 20, left[::2])) == before


def test_what_the_graph_learns_while_it_is_asked_is_found_once(tmp_path: Path) -> None:
    store, graph, _ = made(tmp_path, 150)
    store.delete(best(range(150), 1))
    store.add(range(150, 200), ROWS[150:])
    expected = found(store, 40)
    graph.meanwhile = lambda: caught_up(store)
    assert found(store, 40) == expected
    assert not store.behind and found(store, 40) == expected


def test_what_is_forgotten_and_comes_again_with_another_vector_is_learnt_anew(tmp_path: Path) -> None:
    store, graph, _ = made(tmp_path, 100)
    store.delete([3])
    store.add([3], ROWS[150:151])
    assert np.array_equal(store.get([3])[3], ROWS[150])
    caught_up(store)
    assert np.array_equal(graph.get([3])[3], ROWS[150])


def test_a_graph_that_is_far_behind_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routed, "MUCH", 10)
    store, graph, _ = made(tmp_path, 100)
    store.add(range(100, 111), ROWS[100:111])
    assert found(store, 5) == best(range(111), 5) and not graph.asked


def test_a_graph_that_could_not_learn_at_the_end_is_not_trusted_at_the_next_start(tmp_path: Path) -> None:
    store, graph, _ = made(tmp_path, 150)
    store.delete([7])
    store.add([150], ROWS[150:151])
    graph.broken = True
    store.close()
    graph.broken = False
    again = RoutedStore(graph, MappedStore(tmp_path))
    assert graph.count() == again.count(), "as many, and others"
    wanted = [i for i in range(151) if i != 7]
    assert not len(again.fit(np.array(wanted)))
    caught_up(again)
    assert graph.ids() == set(wanted)
    again.close()
