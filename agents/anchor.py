"""Where in its note a quotation stands, as a link can say it: a block with an id, a heading, or the note. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from vault_sync.blocks import plain_heading

_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$")
_UNDERLINE = re.compile(r"^ {0,3}([=-])\1*[ \t]*\r?$")
_NO_PARAGRAPH = re.compile(r"[ \t]*(?:[-*+>|]|\d{1,9}[.)])(?:[ \t]|\r?$)|[ \t>]*(?:```|~~~)|(?: {4}|\t)")
_HTML = re.compile(
    r" {0,3}</?(?:address|article|aside|blockquote|body|center|dd|details|dialog|dir|div|dl|dt|fieldset|figcaption|figure|"
    r"footer|form|h[1-6]|head|header|hr|html|iframe|legend|li|link|main|menu|nav|ol|option|p|param|section|source|summary|"
    r"table|tbody|td|tfoot|th|thead|title|tr|track|ul)(?:[\s/>]|$)",
    re.IGNORECASE,
)
_FRONTMATTER = re.compile(r"\A---[ \t]*\r?\n(?:.*\n)*?---[ \t]*\r?(?:\n|\Z)")
_FENCE = re.compile(r"^[ \t>]*(`{3,}|~{3,})(.*)")
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


@dataclass(frozen=True, slots=True)
class _Headline:
    start: int
    level: int
    raw: str


def anchor(text: str, quotation: str, heading: Sequence[str]) -> Anchor | None:
    """Where `quotation` stands in the note's `text`; None where it does not stand there.

    `heading` is the path of headings that it was found under. A heading that a link can not name, or that another
    with the same name comes before, is replaced by the one above it, at last by the whole note.
    """
    places = [match.start() for match in re.finditer(re.escape(quotation), text)] if quotation else []
    if not places:
        return None
    lines = _headlines(text)
    wanted = heading[-1] if heading else ""
    own = {place: _above(lines, place) for place in places}
    place = next((p for p in places if own[p] and plain_heading(own[p][-1].raw) == wanted), places[0])
    if block := _block_id(text, place, place + len(quotation)):
        return Anchor(block=block)
    return Anchor(_linkable(own[place], lines))


def stripped(heading: str) -> str:
    """What two spellings of a heading share when Obsidian looks for it."""
    return " ".join(_STRIPPED.sub(" ", heading).split()).casefold()


def _headlines(text: str) -> list[_Headline]:
    """All headings, those too that a line below them makes."""
    found: list[_Headline] = []
    front = _FRONTMATTER.match(text)
    start, fence = front.end() if front else 0, ""
    html = False
    paragraph: list[tuple[int, str]] = []
    for line in text[start:].split("\n"):
        fenced, fence = bool(fence), _fence_after(fence, line)
        html = not fence and bool(line.strip()) and (html or bool(_HTML.match(line)))  # up to an empty line
        heading = None if fence or html else _HEADING.match(line.rstrip("\r"))
        below = _UNDERLINE.match(line) if paragraph else None
        if heading:
            found.append(_Headline(start, len(heading[1]), heading[2]))
        elif below:
            raw = " ".join(one.strip() for _, one in paragraph)
            found.append(_Headline(paragraph[0][0], 1 if below[1] == "=" else 2, raw))
        goes_on = not (fenced or fence or html or heading or below or not line.strip() or _NO_PARAGRAPH.match(line))
        if goes_on:
            paragraph.append((start, line))
        else:
            paragraph.clear()
        start += len(line) + 1
    return found


def _fence_after(fence: str, line: str) -> str:
    """What opened the code that goes on after this line; empty where there is none."""
    found = _FENCE.match(line)
    if not found or (fence and (not found[1].startswith(fence) or found[2].strip())):
        return fence
    if fence:
        return ""
    return "" if found[1][0] == "`" and "`" in found[2] else found[1]


def _above(lines: Sequence[_Headline], place: int) -> list[_Headline]:
    """The headings that a place stands under, from the top."""
    path: list[_Headline] = []
    for line in lines:
        if line.start > place:
            break
        path = [one for one in path if one.level < line.level]
        path.append(line)
    return path


def _linkable(path: Sequence[_Headline], lines: Sequence[_Headline]) -> str:
    for one in reversed(path):
        name = stripped(one.raw)
        first = next(line for line in lines if stripped(line.raw) == name)
        if first is one and re.search(r"\w", name):
            plain = plain_heading(one.raw)
            return plain if stripped(plain) == name else _bare(one.raw)
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
