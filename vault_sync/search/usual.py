"""How similar nearly any two texts of a vault are: embedders differ in it widely, and a similarity says nothing without."""

from collections.abc import Sequence

import numpy as np

from vault_sync.index.ledger import Ledger, Version
from vault_sync.ports import Vectors
from vault_sync.search.fusion import Hit

SAMPLE = 256
ENOUGH = 30
"""Vectors below which nothing is known of a vault."""


class Usual:
    """Remembers it for as long as the ledger is the same."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._known: tuple[tuple[Version, str | None], float | None] | None = None

    def similarity(self, hits: Sequence[Hit]) -> float:
        """The similarity (-1..1) that nearly any two texts have; in a very small vault, that of the last of these hits."""
        now = self._ledger.version(), self._ledger.meta("embedder")
        known = self._known
        if known is None or known[0] != now:
            known = self._known = now, common_similarity(self._sample())
        return known[1] if known[1] is not None else min((similarity for _, similarity in hits), default=0.0)

    def _sample(self) -> Vectors:
        # Keys are hashes, so the first of them are drawn at random, and are the same ones each time.
        keys = "SELECT DISTINCT vector_key FROM occurrences WHERE vector_key != '' ORDER BY vector_key LIMIT ?"
        rows = self._ledger.read().execute(f"SELECT vector FROM vectors WHERE key IN ({keys})", (SAMPLE,)).fetchall()
        vectors = [np.frombuffer(row[0], np.float32) for row in rows]
        same = [vector for vector in vectors if len(vector) == len(vectors[0])]
        return np.array(same, np.float32)


def common_similarity(vectors: Vectors) -> float | None:
    """What nearly any two of these vectors (n, d) exceed: two deviations below the mean; None for too few of them."""
    if len(vectors) < ENOUGH:
        return None
    pairs = (vectors @ vectors.T)[np.triu_indices(len(vectors), 1)]
    return float(pairs.mean() - 2 * pairs.std())
