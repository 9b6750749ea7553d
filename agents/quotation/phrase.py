"""Patterns made of lists of phrases. Pure."""

import re
from collections.abc import Iterable
from itertools import groupby

from agents.quotation.vocabulary import Words


def any_of(phrases: Words, *languages: str) -> str:
    """A pattern for any of the phrases, in the languages named or in whichever."""
    listed = (phrase for language in languages or phrases for phrase in phrases[language].split(","))
    return _pattern({" ".join(phrase.split()) for phrase in listed})


def _pattern(endings: Iterable[str]) -> str:
    """What begins alike is tried once: a list of many forms of a few words is looked for in half the time."""
    groups = [list(found) for _, found in groupby(sorted(endings), key=lambda one: one[:1])]
    branches = [_word(one[0]) if len(one) == 1 else _word(one[0][0]) + _pattern(x[1:] for x in one) for one in groups]
    return f"(?:{'|'.join(branches)})"


def _word(spelled: str) -> str:
    return re.escape(spelled).replace(r"\*", r"\w*")
