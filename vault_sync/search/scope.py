"""Where a search looks: what filter, policy and the question leave. Pure."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from vault_sync.ports import Ids, Neighbour
from vault_sync.search.fusion import Hit
from vault_sync.search.ids import NO_IDS, held, ids_of


@dataclass(frozen=True, slots=True)
class Scope:
    """Where to look: the occurrences in `only` (None: all), but for those in `without`."""

    only: Ids | None = None
    without: Ids = field(default_factory=lambda: NO_IDS)

    def but(self, ids: Collection[int]) -> "Scope":
        """The same place without these occurrences."""
        return replace(self, without=np.union1d(self.without, ids_of(ids))) if ids else self

    def within(self, ids: Iterable[int]) -> set[int]:
        """Those of these occurrences that are in the place."""
        some = ids_of(ids)
        inside = some if self.only is None else some[held(some, self.only)]
        return set(np.setdiff1d(inside, self.without, assume_unique=True).tolist())

    def lets(self, hits: Sequence[Neighbour]) -> list[Hit]:
        """Those of the hits that are not in `without`."""
        out = set(self.without.tolist())
        return [(hit.occurrence, hit.similarity) for hit in hits if hit.occurrence not in out]
