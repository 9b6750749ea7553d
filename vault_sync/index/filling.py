"""The store of the next generation, filled from the ledger's vectors, a few at a time. Nothing is embedded for it."""

from collections.abc import Sequence

import numpy as np

from vault_sync.index.ledger import Ledger, parts
from vault_sync.ports import ChunkStore, Ids, Vectors

AT_ONCE = 512
"""Vectors a step: a note that is saved meanwhile waits for no more than these."""
SERVING_KEYS = "SELECT id, vector_key AS key FROM occurrences"
UPCOMING_KEYS = "SELECT o.id, u.key FROM upcoming u JOIN occurrences o ON o.id = u.occurrence"
"""Which vector each occurrence has: now, and with the model that is to serve next."""


def due(ledger: Ledger, keys: str) -> Ids:
    """The occurrences, sorted, that a store has to hold whose vectors are those of `keys`."""
    rows = ledger.read().execute(f"SELECT k.id FROM ({keys}) k JOIN vectors v ON v.key = k.key")
    return np.sort(np.fromiter((row[0] for row in rows), np.int64))


class Filling:
    """A store on its way to holding all that is due. Used from one thread."""

    def __init__(self, ledger: Ledger, store: ChunkStore, keys: str) -> None:
        """`store` may hold what an earlier run brought it; what is not due any more leaves it."""
        self.store = store
        self._ledger = ledger
        self._keys = keys
        wanted = due(ledger, keys)
        self._held = set(wanted.tolist()) - set(store.fit(wanted).tolist())

    def step(self) -> Ids | None:
        """Bring it a few vectors; what it holds, sorted, once that is all that was due, and None before."""
        wanted = due(self._ledger, self._keys)
        self._drop_all_but(wanted)
        if lacking := sorted(set(wanted.tolist()) - self._held)[:AT_ONCE]:
            self.store.add(lacking, self._vectors(lacking))
            self._held |= set(lacking)
        if self.store.behind:
            self.store.catch_up()
        return None if lacking or self.store.behind else wanted

    def drop_gone(self) -> None:
        """Take out what is not due any more, also while nothing can be added: it may be what policy erased."""
        self._drop_all_but(due(self._ledger, self._keys))

    def _drop_all_but(self, wanted: Ids) -> None:
        if extra := self._held - set(wanted.tolist()):
            self.store.delete(sorted(extra))
            self._held -= extra

    def is_all(self, held: Ids) -> bool:
        """Whether what it held at a step is still all that is due."""
        return np.array_equal(due(self._ledger, self._keys), held)

    def _vectors(self, ids: Sequence[int]) -> Vectors:
        """Their vectors, one a row, in this order."""
        found: dict[int, bytes] = {}
        for part in parts(ids):
            marks = ",".join("?" * len(part))
            sql = f"SELECT k.id, v.vector FROM ({self._keys}) k JOIN vectors v ON v.key = k.key WHERE k.id IN ({marks})"
            found |= {row[0]: row[1] for row in self._ledger.read().execute(sql, part)}
        return np.stack([np.frombuffer(found[i], np.float32) for i in ids])
