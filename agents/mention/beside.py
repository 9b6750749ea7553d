"""What stands right beside a mention, and what its note is called: words, links, capitals. Pure."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from agents.mention.name import Name
from agents.mention.place import begins
from agents.mention.tokens import Token, tokens
from agents.stopwords import STOP_WORDS
from vault_sync.notes.note import Note, Span

_INSIDE_NAMES = frozenset({"of", "for"})
_BLANKS = " \t*_=~"
_POSSESSIVE = re.compile(r"['’]s(?!\w)")


def beside(
    note: Note, words: Sequence[Token | None], first: int, last: int, span: Span
) -> tuple[Token | None, Token | None]:
    """The words before and after, where nothing but blanks stands between; those of a link count as any others."""
    before = words[first - 1] if first else None
    after = words[last] if last < len(words) else None
    if before is not None and note.text[before.end : span.start].strip(_BLANKS):
        before = None
    owner = _owner(note, before, span.start) if before is not None else None
    if after is not None and note.text[span.end : after.start].strip(_BLANKS):
        after = None
    return owner or before or _of_link(note, span.start, -1), after or _of_link(note, span.end, 1)


def _owner(note: Note, before: Token, start: int) -> Token | None:
    """The last word of a link that is in the possessive right before: «[[Compose]]'s Docker»."""
    found = _POSSESSIVE.match(note.text, before.start - 1, start)
    link = next((each for each in note.links if found and each.span.end == found.start()), None)
    shown = list(tokens(link.alias or link.target.rpartition("/")[2])) if link is not None else []
    return replace(shown[-1], start=link.span.start) if link is not None and shown else None


def _of_link(note: Note, offset: int, step: int) -> Token | None:
    """The nearest word that a link right before or after the offset shows."""
    for link in note.links:
        gap = (link.span.end, offset) if step < 0 else (offset, link.span.start)
        if 0 <= gap[1] - gap[0] <= 3 and not note.text[gap[0] : gap[1]].strip(_BLANKS):
            shown = list(tokens(link.alias or link.heading or link.target.rpartition("/")[2]))
            return (shown[-1] if step < 0 else shown[0]) if shown else None
    return None


def longer(note: Note, inside: Sequence[Token], before: Token | None, after: Token | None) -> bool:
    """Whether a capital word stands right beside, as in a longer name that is no note."""
    if not inside[0].capital:
        return False
    named = before is not None and before.capital and before.folded not in STOP_WORDS
    left = before is not None and named and not begins(note, before.start)
    return left or (after is not None and (after.capital or _of_a_name(note, after)))


def _of_a_name(note: Note, after: Token) -> bool:
    """Whether a name goes on behind a small word: “Internet of Things”."""
    return after.folded in _INSIDE_NAMES and next(tokens(note.text, Span(after.end, after.end + 30)), after).capital


def spelled_out(words: Sequence[Token | None], name: Name) -> bool:
    """Whether the words that initials stand for are in the text."""
    folded = [w.folded if w is not None else "" for w in words]
    size = len(name.whole)
    return any(tuple(folded[i : i + size]) == name.whole for i in range(len(folded) - size + 1))


def modifies(note: Note, span: Span, mentioned: Callable[[int], bool]) -> bool:
    """Whether the words are a common noun right before a link, or before where another one is `mentioned`.

    Two links side by side read as one: of “computer architecture” the architecture is linked.
    """
    said, behind = note.text[span.start : span.end], span.end + 1
    if not (said.isascii() and said.isalpha() and said.islower()) or note.text[span.end : behind] != " ":
        return False
    return mentioned(behind) or any(link.span.start == behind for link in note.links)
