"""Where in its note a quotation stands, as a link can say it: a block with an id, a heading, or the note. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vault_sync.notes.note import Heading
from vault_sync.notes.parse import headings_of

_STRIPPED = re.compile(r'[!"#$%&()*+,.:;<=>?@^`{|}~/\[\]\\\r\n]')
_NEXT_BLOCK = re.compile(r"\n(?=[ \t]*\r?(?:\n|$)|[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]|#{1,6}[ \t])")
_ID = re.compile(r"[ \t]\^([A-Za-z0-9-]+)[ \t]*\r?$")
_ID_BELOW = re.compile(r"\s*\n\^([A-Za-z0-9-]+)[ \t]*\r?(?:\n|$)")
_ITEM_OR_QUOTE = re.compile(r"[ \t]*(?:[-*+>|]|\d{1,9}[.)][ \t])")


@dataclass(frozen=True, slots=True)
class Anchor:
    """The part of a link after `#`: a heading as Obsidian looks it up, or the id of a block; both may be empty."""

    heading: str = ""
    block: str = ""


def anchor(text: str, quotation: str, heading: Sequence[str]) -> Anchor | None:
    """Where `quotation` stands in the note's `text`; None where it does not stand there.

    `heading` is the path of headings that it was found under. A heading that a link can not name, or that another
    with the same name comes before, is replaced by the one above it, at last by the whole note.
    """
    places = list(_places(text, quotation)) if quotation else []
    if not places:
        return None
    lines = headings_of(text)
    wanted = heading[-1] if heading else ""
    own = {place: _above(lines, place) for place in places}
    place = next((p for p in places if own[p] and own[p][-1].text == wanted), places[0])
    if block := _block_id(text, place, place + len(quotation)):
        return Anchor(block=block)
    return Anchor(_linkable(own[place], lines))


def _places(text: str, quotation: str) -> Iterator[int]:
    """Where it begins in the text, each time behind the last: a pattern made of it would take longer to compile."""
    place = text.find(quotation)
    while place >= 0:
        yield place
        place = text.find(quotation, place + len(quotation))


def stripped(heading: str) -> str:
    """What two spellings of a heading share when Obsidian looks for it."""
    return " ".join(_STRIPPED.sub(" ", heading).split()).casefold()


def _above(lines: Sequence[Heading], place: int) -> list[Heading]:
    """The headings that a place stands under, from the top."""
    path: list[Heading] = []
    for line in lines:
        if line.span.start > place:
            break
        path = [one for one in path if one.level < line.level]
        path.append(line)
    return path


def _linkable(path: Sequence[Heading], lines: Sequence[Heading]) -> str:
    for one in reversed(path):
        name = stripped(one.raw)
        first = next(line for line in lines if stripped(line.raw) == name)
        if first is one and re.search(r"\w", name):
            return one.text if stripped(one.text) == name else _bare(one.raw)
    return ""


def _bare(raw: str) -> str:
    return " ".join(_STRIPPED.sub(" ", raw).split())


def _block_id(text: str, start: int, end: int) -> str:
    """The id of the paragraph, item, quote or table that the place is in."""
    after = _NEXT_BLOCK.search(text, end)
    close = after.start() if after else len(text)
    if inside := _ID.search(text[end:close].rstrip("\n")):
        return inside[1]
    first = text[text.rfind("\n", 0, start) + 1 : start]
    below = _ID_BELOW.match(text, close) if _ITEM_OR_QUOTE.match(first) else None
    return below[1] if below else ""
