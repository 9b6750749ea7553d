"""Sets of ids as sorted arrays: a filter may let hundreds of thousands through. Pure."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from vault_sync.ports import Ids

NO_IDS: Ids = np.zeros(0, np.int64)


def ids_of(some: Iterable[int]) -> Ids:
    """These ids, sorted and each once; an array is one of such ids already, and sorting it again takes long."""
    return some if isinstance(some, np.ndarray) else np.array(sorted(set(some)), np.int64)


def places(ids: NDArray[np.int64], among: Ids) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Which of `ids` are among those, and where; the place of one that is not means nothing."""
    if not len(among):
        return np.zeros(len(ids), bool), np.zeros(len(ids), np.int64)
    found = np.minimum(np.searchsorted(among, ids), len(among) - 1)
    return among[found] == ids, found


def held(ids: NDArray[np.int64], among: Ids) -> NDArray[np.bool_]:
    """Which of `ids`, in any order, are among those; quick for few ids among many."""
    return places(ids, among)[0]
