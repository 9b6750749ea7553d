"""The words of a text where they stand, as names are compared by them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from vault_sync.notes.note import Span
from vault_sync.text import fold, stem

_WORD = re.compile(
    r"(?P<word>[^\W_][^\W_\u0300-\u036f]*(?:[\u0300-\u036f]+[^\W_\u0300-\u036f]*)*(?:['’](?!s\b)[^\W_]+)*)"
    r"(?P<possessive>['’]s?(?![^\W_]))?"
)
_ENDING = re.compile(r"([A-Za-z0-9]+)['’]([а-яё]{1,4})")
_HYPHEN = re.compile(r"[-‐‑][^\W_]")
_CYRILLIC = re.compile(r"[Ѐ-ӿ]")
_LATIN = re.compile(r"[A-Za-z]")


@dataclass(frozen=True, slots=True)
class Token:
    """A word: `text` as written at `start`, and `folded`.

    `stop` is where it ends as a name, `shown` where it ends in a link, `end` where it ends in the text: «Docker'ом» is
    the word «Docker» with an ending that a link takes in, and "Moore's" the word "Moore" with one that it leaves out.
    """

    start: int
    stop: int
    shown: int
    end: int
    text: str
    folded: str
    hyphened: bool = False
    """A hyphen follows, and then a further word."""

    @property
    def cyrillic(self) -> bool:
        """Whether it has a Cyrillic letter."""
        return _CYRILLIC.search(self.text) is not None

    @property
    def latin(self) -> bool:
        """Whether it has a Latin letter."""
        return _LATIN.search(self.text) is not None

    @property
    def capital(self) -> bool:
        """Whether it begins with a capital letter."""
        return self.text[:1].isupper()

    @property
    def acronym(self) -> bool:
        """Whether it has capitals only, two or more."""
        return len(self.text) > 1 and self.text.isupper() and self.text[0].isalpha()

    @property
    def stem(self) -> str:
        """Its stem."""
        return stem(self.folded)


def tokens(text: str, span: Span | None = None) -> Iterator[Token]:
    """The words of `text` within `span`, in order."""
    start, end = (span.start, span.end) if span else (0, len(text))
    for match in _WORD.finditer(text, start, end):
        word, stop = match["word"], match.end("word")
        ending = _ENDING.fullmatch(word) if "'" in word or "’" in word else None
        shown = stop
        if ending:
            word, stop = ending.group(1), match.start() + ending.end(1)
        hyphened = _HYPHEN.match(text, match.end(), end) is not None
        yield Token(match.start(), stop, shown, match.end(), word, fold(word), hyphened)
