"""Which of the notes that have these names a sentence speaks of, and whether it says more than the names do. Pure."""

import re
from collections.abc import Iterable, Sequence

from agents.quotation.phrase import any_of
from agents.quotation.vocabulary import DEFINING
from agents.sentences import content_stems
from vault_sync.text import stems

_DEFINES = re.compile(
    rf"(?P<subject>\S[^.!?;—–]{{0,60}}?)\s+(?:[—–-]\s|(?:is\s+(?:an?|the)|{any_of(DEFINING)})\s)", re.IGNORECASE
)
_ASIDE = re.compile(r"\([^()]*\)")
_LONGEST_SUBJECT = 3
_FEWEST_NEW = 2
"""Telling words that a quotation has at least beside the names of both notes."""


def names_most(shown: str, names: Iterable[str], within: int | None = None) -> bool:
    """Whether it has at least half of the telling words of one of the names, among its first words."""
    found = set(stems(shown)[:within])
    told = (set(content_stems(name)) for name in names)
    return any(2 * len(name & found) >= len(name) for name in told if name)


def defines_another(shown: str, names: Sequence[str]) -> bool:
    """Whether it says what something is that is none of the names: an item of a glossary, or of a list of members."""
    found = _DEFINES.match(_ASIDE.sub("", shown))
    if found is None:
        return False
    subject = set(content_stems(found["subject"]))
    return 0 < len(subject) <= _LONGEST_SUBJECT and not any(subject & set(content_stems(name)) for name in names)


def says_more(shown: str, names: Iterable[str]) -> bool:
    """Whether it has telling words beside those of the names."""
    return len(set(content_stems(shown)) - {one for name in names for one in content_stems(name)}) >= _FEWEST_NEW
