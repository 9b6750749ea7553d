"""Where in a note's lines a mention stands: after a beginning, before a colon, among links of a list. Pure."""

import re
from itertools import takewhile

from vault_sync.notes.note import Note, Span
from vault_sync.text import words

_LINE_END = re.compile(r"[\r\n]")
_COLON = re.compile(r"[*_]*:[*_]*(?:\s|\Z)")
_STARTS = re.compile(r"(?:^|[.!?…:|]|[\r\n])[\s>*_\"'«“(\[\-+]*(?:\d+[.)]\s+)?[*_\"'«“(]*$")
_ITEM = re.compile(r"[ \t>]*(?:[-*+]|\d+[.)])[ \t]+")
_LINKED_ITEM = re.compile(r"[ \t>]*(?:[-*+]|\d+[.)])[ \t]+[*_]*\[\[")
_LINK_BEFORE = re.compile(r"\]\][*_]*(?P<by>,|(?:,? (?:and|or|и|или|&)|/)) ?(?:an? |the )?[*_]*$")
_LINK_BEHIND = re.compile(r"[*_]*(?P<by>,|(?:,? (?:and|or|и|или|&)|/)) ?(?:an? |the )?[*_]*\[\[")
_KINDS = r"(?:types?|kinds?|forms?|sets?|pieces?|family|class|version|part|parts|collection|вид|тип|разновидность|форма|часть|способ)"
_OF_A_KIND = rf"(?:{_KINDS}(?: of)? (?:an? |the )?)?"
_GENUS = re.compile(
    rf"(?:\b(?:is|are|was|were) (?:an? |the |any |one of the )?{_OF_A_KIND}|(?<= )[—–-] (?:это )?{_OF_A_KIND})"
    r"(?:(?:\[\[[^\[\]]*\]\]|(?!(?:where|when|how|what|that|which|used|for|by|to|of|in|on|with|at|from|as|not)\b)[\w-]+),? )"
    r"{0,2}[*_]*$"
)
"""The beginning of a definition, up to what its subject is: “is a”, “is a type of”, “is a proprietary”, «— это вид»."""
_ARTICLE = re.compile(r"^[\s>*_\-]*(?:(?:an?|the)\s)?", re.IGNORECASE)
_ROW, _RULE = re.compile(r"[ \t>]*\|?[^|\r\n]*\|"), re.compile(r"[ \t>]*\|?[ \t]*:?-{2,}:?[ \t]*\|[ \t:|-]*")
_LIST, _ITEMS = 600, 4
"""Code points and items on each side that are looked at."""
_ITEM_ENDS = re.compile(r"[*_]*[ \t]*(?:[-–—:][*_]*[ \t]|:[*_]*[ \t]*$|$)")


def begins(note: Note, start: int) -> bool:
    """Whether a sentence, a line or a cell begins there, so that a capital says nothing."""
    return _STARTS.search(note.text[max(0, start - 40) : start] if start > 40 else "\n" + note.text[:start]) is not None


def line(note: Note, span: Span) -> str:
    """The line or lines around a span."""
    return note.text[_line_start(note, span.start) : _line_end(note, span.end)]


def label(note: Note, span: Span) -> bool:
    """Whether the words are all that stands before a colon at the beginning of a line."""
    start = _line_start(note, span.start)
    return not note.text[start : span.start].strip(" \t>*_-+") and _COLON.match(note.text, span.end) is not None


def listed(note: Note, span: Span) -> bool:
    """Whether the words are an item of a list, or what it begins with, and the item above or below begins with a link."""
    start, end = _line_start(note, span.start), _line_end(note, span.end)
    mark = _ITEM.match(note.text, start, span.start)
    if (
        mark is None
        or note.text[mark.end() : span.start].strip("*_")
        or not _ITEM_ENDS.match(note.text[span.end : end])
    ):
        return False
    above = note.text[_line_start(note, max(0, start - 1)) : start]
    below = note.text[end:].lstrip("\r\n")[:80] if end < len(note.text) else ""
    return bool(_LINKED_ITEM.match(above) or _LINKED_ITEM.match(below)) or _mostly_linked(note, start, end)


def _mostly_linked(note: Note, start: int, end: int) -> bool:
    """Whether most of the items right above and below the line begin with links."""
    above = note.text[max(0, start - _LIST) : start].splitlines()[::-1][:_ITEMS]
    below = note.text[end : end + _LIST].lstrip("\r\n").splitlines()[:_ITEMS]
    items = [line for part in (above, below) for line in takewhile(_ITEM.match, part)]
    return len(items) > 2 and 2 * sum(_LINKED_ITEM.match(line) is not None for line in items) >= len(items)


def enumerated(note: Note, span: Span) -> bool:
    """Whether links stand beside the words in one enumeration: “[[A]], b and [[C]]”, “b and [[C]]”.

    A comma on one side alone may divide clauses: then it tells nothing.
    """
    before = _LINK_BEFORE.search(note.text, max(0, span.start - 20), span.start)
    behind = _LINK_BEHIND.match(note.text, span.end, span.end + 20)
    if before and behind:
        return True
    one = before or behind
    return one is not None and one["by"] != ","


def defines(note: Note, span: Span) -> bool:
    """Whether the words say what their note is, in its own definition: “**Firmware** is the *software* that”."""
    start = _line_start(note, span.start)
    head = note.text[start : span.start]
    if ". " in head or _GENUS.search(head) is None:
        return False
    said = words(_ARTICLE.sub("", head))
    own = [words(name) for name in (note.title, *note.aliases)]
    return any(name and said[: len(name)] == name for name in own)


def header(note: Note, span: Span) -> bool:
    """Whether the words stand in the first row of a table, above its rule."""
    start, end = _line_start(note, span.start), _line_end(note, span.end)
    below = note.text[end:].removeprefix("\r").removeprefix("\n")
    return bool(_ROW.match(note.text, start, end) and _RULE.match(below[:200]))


def _line_start(note: Note, offset: int) -> int:
    return max(note.text.rfind("\n", 0, offset), note.text.rfind("\r", 0, offset)) + 1


def _line_end(note: Note, offset: int) -> int:
    end = _LINE_END.search(note.text, offset)
    return end.start() if end else len(note.text)
