"""The notes that are most like a note. Pure."""

from collections.abc import Sequence

import numpy as np

from agents.related.sides import Side, in_common
from vault_sync.paths import VaultPath

MOST = 15
"""Notes like this one whose links say what it may link to."""


def kin(one: Side, others: Sequence[Side], most: int = MOST) -> dict[VaultPath, float]:
    """The `most` notes that are most like this one by vectors and words, and the share of each (together 1).

    Of equals the first by path.
    """
    if not others:
        return {}
    like = (np.array([other.vector for other in others]) @ one.vector + in_common(one, others)).tolist()
    likeness = sorted(zip(like, (other.record.path for other in others), strict=True), key=lambda p: (-p[0], p[1]))
    found = {path: value for value, path in likeness[:most] if value > 0}
    total = sum(found.values())
    return {path: value / total for path, value in found.items()} if total else {}
