"""Which other notes a suggestion quotes, beside the one it is about: what it says goes when one of them may not be told of."""

import json
from collections.abc import Iterable, Mapping

from vault_sync.paths import VaultPath

KEY = "quotes"
"""Where a suggestion's detail holds them."""


def quoting(paths: Iterable[VaultPath]) -> dict[str, str]:
    """What a detail holds of them."""
    return {KEY: json.dumps(sorted(set(paths)), ensure_ascii=False)}


def quoted(detail: Mapping[str, str]) -> tuple[VaultPath, ...]:
    """The notes that are quoted."""
    return tuple(map(VaultPath, json.loads(detail.get(KEY, "[]"))))


def renamed(detail: Mapping[str, str], old: VaultPath, new: VaultPath) -> dict[str, str]:
    """The detail after a note got another path."""
    paths = quoted(detail)
    return {**detail, **(quoting(new if path == old else path for path in paths) if old in paths else {})}
