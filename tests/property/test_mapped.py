"""Whatever is added, deleted, compacted, closed or killed: the mapped store answers as the one in memory."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.effort import effort
from vault_sync.ports import Vectors
from vault_sync.stores import mapped
from vault_sync.stores.mapped import MappedStore
from vault_sync.stores.memory import MemoryStore

D = 3
IDS = st.integers(0, 30)


def vectors(ids: list[int], seed: int) -> Vectors:
    """Few directions, so that there are ties."""
    grid = np.random.default_rng(seed).integers(-1, 2, size=(len(ids), D)) + 0.25
    return np.asarray(grid / np.linalg.norm(grid, axis=1, keepdims=True), np.float32)


@contextmanager
def small_garbage() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mapped, "GARBAGE", 3)
        patch.setattr(mapped, "BLOCK", 4 * D)
        yield


class Stores(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.patched = small_garbage()
        self.patched.__enter__()
        self.folder = tempfile.TemporaryDirectory()
        self.model = MemoryStore()
        self.store = MappedStore(Path(self.folder.name))

    @rule(ids=st.sets(IDS, max_size=12), seed=st.integers(0, 50))
    def add(self, ids: set[int], seed: int) -> None:
        fresh = sorted(ids - self.model.ids(), reverse=bool(seed % 2))
        for store in (self.model, self.store):
            store.add(fresh, vectors(fresh, seed))

    @rule(ids=st.lists(IDS, max_size=15))
    def delete(self, ids: list[int]) -> None:
        for store in (self.model, self.store):
            store.delete(ids)

    @rule()
    def close_and_open(self) -> None:
        self.store.close()
        self.store = MappedStore(Path(self.folder.name))
        assert self.store.sound

    @rule()
    def crash_and_open(self) -> None:
        self.store = MappedStore(Path(self.folder.name))
        assert not self.store.damage

    @rule()
    def reset(self) -> None:
        for store in (self.model, self.store):
            store.reset()

    @rule(seed=st.integers(0, 50), k=st.integers(0, 40), among=st.none() | st.sets(IDS))
    def query(self, seed: int, k: int, among: set[int] | None) -> None:
        narrow = None if among is None else np.array(sorted(among), np.int64)
        query = vectors([0], seed)[0]
        expected, found = self.model.query(query, k, narrow), self.store.query(query, k, narrow)
        assert [hit.similarity for hit in found] == pytest.approx([hit.similarity for hit in expected], abs=1e-6)
        self._same_up_to_rounding([hit.occurrence for hit in found], [hit.occurrence for hit in expected], query)

    def _same_up_to_rounding(self, found: list[int], expected: list[int], query: Vectors) -> None:
        """The same ids, but for those whose similarities differ by less than products are rounded."""
        for mine, other in zip(found, expected, strict=True):
            if mine != other:
                held = self.model.get([mine, other])
                assert float(held[mine] @ query) == pytest.approx(float(held[other] @ query), abs=1e-6)

    @invariant()
    def they_hold_the_same(self) -> None:
        ids = self.model.ids()
        assert self.store.ids() == ids and self.store.count() == len(ids)
        held, expected = self.store.get(sorted(ids)), self.model.get(sorted(ids))
        assert all(np.array_equal(held[i], expected[i]) for i in ids)

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()
        self.patched.__exit__(None, None, None)


Stores.TestCase.settings = settings(max_examples=effort(40), stateful_step_count=30)
TestStores = Stores.TestCase
