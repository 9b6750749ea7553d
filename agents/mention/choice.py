"""Which of several notes of one name is meant, by the words beside it that only one of their paths has."""

from collections.abc import Sequence
from functools import lru_cache

from agents.stopwords import STOP_WORDS
from vault_sync.paths import NOTE_SUFFIX, VaultPath
from vault_sync.text import stem, stems, words


def said_beside(name: Sequence[str], text: str, targets: Sequence[VaultPath]) -> VaultPath | None:
    """The one note of whose path `text` says more than the folded `name`: «планета» of «Меркурий (планета)».

    None where it says so of none, or of more than one.
    """
    around = set(stems(text))
    own = {stem(word) for word in name}
    told = [target for target in targets if around & _telling(target) - own]
    return told[0] if len(told) == 1 else None


@lru_cache(maxsize=10_000)
def _telling(path: VaultPath) -> frozenset[str]:
    return frozenset(
        stem(word) for word in words(path[: -len(NOTE_SUFFIX)]) if word not in STOP_WORDS and len(word) > 2
    )
