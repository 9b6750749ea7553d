"""What a note may be called in a text: its title, aliases and headings, and what follows from them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal

from agents.mention.tokens import Token, tokens
from agents.stopwords import STOP_WORDS
from vault_sync.paths import VaultPath

Kind = Literal["title", "alias", "anchor", "short", "initials", "heading"]
"""`anchor` is what links elsewhere show for the note, `short` a title without what stands in brackets at its end or
without its first word, `initials` its first letters."""

_BRACKETS = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*$")
_GAP = re.compile(r"[\s\-‐‑–—]+")
_LEAD = re.compile(r"(?<![^\s(\[{\"'«“*_])[.@#$]+$")
_TRAIL = re.compile(r"\+\+|\+(?!\w)|#(?!\w)")
_MOST_TOKENS = 8
_FEWEST_INITIALS, _MOST_INITIALS = 3, 6


@dataclass(frozen=True, slots=True)
class Entry:
    """A note that may be linked. `anchors` are texts that links elsewhere show for it, once for each such link."""

    path: VaultPath
    title: str
    aliases: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    anchors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Name:
    """One name of one note, in words. `gaps` is the punctuation between them; `uses` counts the links that show it."""

    target: VaultPath
    kind: Kind
    text: str
    tokens: tuple[Token, ...]
    gaps: tuple[str, ...]
    lead: str
    trail: str
    heading: str | None = None
    uses: int = 0
    whole: tuple[str, ...] = field(default=())
    """The folded title of the note, in words: what a short name or initials stand for."""


def gap_of(text: str) -> str:
    """What stands between two words, blanks and hyphens left out: «machine-learning» is «machine learning»."""
    return _GAP.sub("", text)


def edges(text: str, start: int, end: int) -> tuple[str, str]:
    """The signs that belong to a name although they are no letters: those of «.NET», «@Test», «C++» and «C#»."""
    lead = _LEAD.search(text, max(0, start - 3), start)
    trail = _TRAIL.match(text, end)
    return (lead.group() if lead else "", trail.group() if trail else "")


def names_of(entry: Entry) -> Iterator[Name]:
    """All names of a note, the best kind first; the same words come once."""
    seen: set[tuple[str, ...]] = set()
    shown = _counts(entry.anchors)
    for name in _candidates(entry):
        key = (name.lead, *(t.folded for t in name.tokens), name.trail)
        if key not in seen:
            seen.add(key)
            yield replace(name, uses=shown.get(tuple(t.folded for t in name.tokens), 0))


def _candidates(entry: Entry) -> Iterator[Name]:
    yield from named(entry.path, "title", entry.title)
    for alias in entry.aliases:
        yield from named(entry.path, "alias", alias)
    for anchor in dict.fromkeys(entry.anchors):
        yield from named(entry.path, "anchor", anchor)
    yield from _shorter(entry)
    for heading in entry.headings:
        for name in named(entry.path, "heading", heading, heading):
            if len(name.tokens) > 1:
                yield name


def named(path: VaultPath, kind: Kind, text: str, heading: str | None = None) -> Iterator[Name]:
    """The name as words; none where it has no letters or too many words."""
    found = tuple(tokens(text))
    if not found or len(found) > _MOST_TOKENS or not any(t.cyrillic or t.latin for t in found):
        return
    if all(t.folded in STOP_WORDS for t in found) and kind not in ("title", "alias"):
        return
    gaps = tuple(gap_of(text[one.end : other.start]) for one, other in pairwise(found))
    lead, trail = edges(text, found[0].start, found[-1].stop)
    yield Name(path, kind, text, found, gaps, lead, trail, heading)


def _shorter(entry: Entry) -> Iterator[Name]:
    whole = tuple(t.folded for t in tokens(entry.title))
    bare = _BRACKETS.sub("", entry.title)
    if bare != entry.title:
        for name in named(entry.path, "short", bare):
            yield replace(name, whole=whole)
    letters = [t for t in tokens(bare) if t.folded not in STOP_WORDS]
    if _FEWEST_INITIALS <= len(letters) <= _MOST_INITIALS and all(t.latin or t.cyrillic for t in letters):
        for name in named(entry.path, "initials", "".join(t.text[0] for t in letters).upper()):
            yield replace(name, whole=whole)


def _counts(anchors: tuple[str, ...]) -> dict[tuple[str, ...], int]:
    counts: dict[tuple[str, ...], int] = {}
    for anchor in anchors:
        key = tuple(t.folded for t in tokens(anchor))
        counts[key] = counts.get(key, 0) + 1
    return counts
