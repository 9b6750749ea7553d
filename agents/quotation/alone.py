"""Whether a sentence, as it is read aloud, can be read without what stands around it. Pure."""

from collections.abc import Callable
from typing import Final

from agents.quotation.reference import leans_on_before, points_back, speaks_of_page
from agents.quotation.shape import begins_whole, is_broken, is_closed
from agents.quotation.tone import speaks_to_reader
from agents.quotation.verb import is_mere_noun, lacks_verb
from vault_sync.text import language_of

Fault = Callable[[str], bool]


def leans(shown: str) -> bool:
    """Whether it can not be read alone: it begins with what points at another sentence, or speaks of its page."""
    return points_back(shown) or speaks_of_page(shown)


def reads_alone(shown: str) -> bool:
    """Whether it is no piece of a sentence: it begins as one does, and each bracket in it has its other half."""
    return begins_whole(shown) and is_closed(shown)


def reads_whole(shown: str) -> bool:
    """Whether it points at nothing before it, has a verb, and lost nothing that was code."""
    return not any(fault(shown) for fault in _NOT_WHOLE)


def has_dollar(shown: str) -> bool:
    """Whether a dollar stands in it: that of a formula can not be told from that of a price."""
    return "$" in shown


def states_nothing(shown: str) -> bool:
    """Whether an English sentence has no verb, or begins with it, and so does not say what of whom."""
    return language_of(shown) == "en" and lacks_verb(shown)


_NOT_WHOLE: Final[tuple[Fault, ...]] = (
    speaks_to_reader,
    leans_on_before,
    is_broken,
    has_dollar,
    is_mere_noun,
    states_nothing,
)
