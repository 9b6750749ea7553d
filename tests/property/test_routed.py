"""However far the graph is behind, whatever is added, deleted, closed or killed: a search finds what it would find after."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.property.test_mapped import vectors
from vault_sync.errors import StoreBrokenError
from vault_sync.ports import Ids, Neighbour, Vectors
from vault_sync.stores import routed
from vault_sync.stores.mapped import MappedStore
from vault_sync.stores.memory import MemoryStore
from vault_sync.stores.routed import RoutedStore

NUMBERS = st.integers(0, 200)


class Graph(MemoryStore):
    """Can be away; what it learns then is lost in the middle."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        self.answered = 0

    def _there(self) -> None:
        if self.away:
            raise StoreBrokenError("It does not answer.")

    def query(self, vector: Vectors, k: int, among: Ids | None = None) -> list[Neighbour]:
        self._there()
        self.answered += 1
        return super().query(vector, k, among)

    def add(self, occurrences: Sequence[int], vectors: Vectors) -> None:
        self._there()
        super().add(occurrences, vectors)

    def delete(self, occurrences: Sequence[int]) -> None:
        self._there()
        super().delete(occurrences)

    def count(self) -> int:
        self._there()
        return super().count()

    def fit(self, wanted: Ids) -> Ids:
        self._there()
        return super().fit(wanted)


class Behind(RuleBasedStateMachine):
    """`model` holds what was added and not deleted. As in the ledger, an id that was deleted is not used again."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.folder = tempfile.TemporaryDirectory()
        self.model, self.graph = MemoryStore(), Graph()
        self.used = 0

    @initialize(at_once=st.integers(1, 6), much=st.sampled_from([4, 1000]))
    def begin(self, at_once: int, much: int) -> None:
        for name, value in (("FEW", 0), ("AT_ONCE", at_once), ("MUCH", much)):
            self.patch.setattr(routed, name, value)
        self._open()

    def _open(self) -> None:
        self.store = RoutedStore(self.graph, MappedStore(Path(self.folder.name)))

    @rule(count=st.integers(0, 12), again=st.sets(NUMBERS, max_size=3), seed=st.integers(0, 50))
    def add(self, count: int, again: set[int], seed: int) -> None:
        """New ones, and some that are there already, which keep the vectors that they have."""
        fresh = [*range(self.used, self.used + count), *sorted(self._some(again) & self.model.ids())]
        self.used += count
        for store in (self.model, self.store):
            store.add(fresh, vectors(fresh, seed))

    @rule(numbers=st.sets(NUMBERS, max_size=10))
    def delete(self, numbers: set[int]) -> None:
        for store in (self.model, self.store):
            store.delete(sorted(self._some(numbers)))

    def _some(self, numbers: set[int]) -> set[int]:
        return {number % (self.used + 2) for number in numbers}

    @rule()
    def catch_up(self) -> None:
        self.store.catch_up()

    @rule()
    def catch_up_wholly(self) -> None:
        while self.store.behind:
            self.store.catch_up()
        assert self.graph.ids() == self.model.ids()

    @rule(seed=st.integers(0, 50), k=st.integers(1, 40))
    def go_away_for_a_while(self, seed: int, k: int) -> None:
        self.graph.away = True
        if self.store.behind:
            with pytest.raises(StoreBrokenError):
                self.store.catch_up()
        self.query(seed, k, None)
        self.graph.away = False

    @rule(how=st.sampled_from(["well", "killed", "away"]))
    def end_and_begin(self, how: str) -> None:
        """Closed or killed; then the store is fitted, as at each start."""
        self.graph.away = how == "away"
        if how != "killed":
            self.store.close()
        self.graph.away = False
        self._open()
        self._fit()

    @rule()
    def fit(self) -> None:
        self._fit()

    def _fit(self) -> None:
        lacking = self.store.fit(self._wanted()).tolist()
        held = self.model.get(lacking)
        if lacking:
            self.store.add(lacking, np.stack([held[i] for i in lacking]))

    def _wanted(self) -> Ids:
        return np.array(sorted(self.model.ids()), np.int64)

    @rule(seed=st.integers(0, 50), k=st.integers(0, 40), among=st.none() | st.sets(NUMBERS, max_size=30))
    def query(self, seed: int, k: int, among: set[int] | None) -> None:
        narrow = None if among is None else np.array(sorted(self._some(among)), np.int64)
        query = vectors([0], seed)[0]
        expected, found = self.model.query(query, k, narrow), self.store.query(query, k, narrow)
        assert len({hit.occurrence for hit in found}) == len(found), "each is found once"
        assert [hit.similarity for hit in found] == pytest.approx([hit.similarity for hit in expected], abs=1e-6)
        held = self.model.get([hit.occurrence for hit in found])
        for hit in found:
            assert float(held[hit.occurrence] @ query) == pytest.approx(hit.similarity, abs=1e-6), "by its own vector"

    @invariant()
    def they_hold_the_same(self) -> None:
        if hasattr(self, "store"):
            ids = self.model.ids()
            assert self.store.ids() == ids and self.store.count() == len(ids)
            held, expected = self.store.get(sorted(ids)), self.model.get(sorted(ids))
            assert all(np.allclose(held[i], expected[i], atol=1e-6) for i in ids)

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            # What was closed well is known to be whole: the next start does not look at each id.
            assert self.store.behind or self.graph.ids() == self.model.ids()
        self.folder.cleanup()
        self.patch.undo()


Behind.TestCase.settings = settings(max_examples=40, stateful_step_count=30)
TestBehind = Behind.TestCase
