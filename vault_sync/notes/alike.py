"""Names that look like a name that somebody typed. Pure."""

from collections.abc import Iterable

from vault_sync.paths import NOTE_SUFFIX
from vault_sync.text import fold

LEAST = 0.3
"""The share of three-letter pieces that two names must have in common."""


def alike(name: str, names: Iterable[tuple[str, str]], most: int = 3) -> list[str]:
    """Of pairs (a name, what it leads to) what the names most like `name` lead to, most alike first, each once."""
    wanted = _pieces(name)
    likeness: dict[str, float] = {}
    for other, leads_to in names:
        pieces = _pieces(other)
        share = len(wanted & pieces) / (len(wanted | pieces) or 1)
        if share >= LEAST:
            likeness[leads_to] = max(share, likeness.get(leads_to, 0.0))
    return sorted(likeness, key=lambda each: (-likeness[each], each))[:most]


def _pieces(name: str) -> set[str]:
    folded = f" {fold(name).removesuffix(NOTE_SUFFIX)} "
    return {folded[start : start + 3] for start in range(len(folded) - 2)}
