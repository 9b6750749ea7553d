"""Whether a sentence refers to something outside of it: the sentence before, the page, the title of its note. Pure."""

import re

from agents.quotation.phrase import any_of
from agents.quotation.vocabulary import BEINGS, CONDITIONS, CONNECTIVES, DEMONSTRATIVES, PAGES, POINTERS, TITLE_POINTERS

_POINTER = re.compile(rf"{any_of(POINTERS)}\b", re.IGNORECASE)
_TITLE_POINTER = re.compile(rf"{any_of(TITLE_POINTERS)}\b", re.IGNORECASE)
_PAGE = re.compile(rf"\bthis {any_of(PAGES, 'en')}\b|\bэт\w+ {any_of(PAGES, 'ru')}", re.IGNORECASE)
_FIRST_WORDS = r"(?:\S+\s+){0,5}"
_NO_DASH = "(?<![-–—] )"
"""After a dash «это» is the verb of a definition."""
_LEANING = re.compile(
    rf"(?:{any_of(CONNECTIVES)}|{_FIRST_WORDS}{_NO_DASH}(?:{any_of(DEMONSTRATIVES)}|such(?! as)))\b", re.IGNORECASE
)
_THEN = re.compile(rf"(?!.*\b{any_of(CONDITIONS)}\b.*\bthen\b).*\b{any_of(BEINGS)} then\b", re.IGNORECASE)


def points_back(shown: str) -> bool:
    """Whether it begins with a word that points at the sentence before: “It …”, “However …”, «Поэтому …»."""
    return _POINTER.match(shown) is not None


def speaks_of_page(shown: str) -> bool:
    """Whether it speaks of the page that it stands on: “… in this section …”."""
    return _PAGE.search(shown) is not None


def means_title(shown: str) -> bool:
    """Whether its first word means the title, where it opens a note: “It is a …”, «Это …»."""
    return _TITLE_POINTER.match(shown) is not None


def leans_on_before(shown: str) -> bool:
    """Whether it goes on with what was said before it, or means something named there: “Instead, …”, “With such a …”.

    So does what “is then” done, where it does not say itself after what.
    """
    return _LEANING.match(shown) is not None or _THEN.match(shown) is not None
