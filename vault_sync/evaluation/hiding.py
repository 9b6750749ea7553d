"""A link is hidden: what its author wrote around it, as if the link had never been there. Pure."""

import re
from collections.abc import Iterable, Sequence

from vault_sync.notes.lines import Lines, Spans
from vault_sync.notes.note import Link, Note, Span
from vault_sync.notes.visible import visible
from vault_sync.text import sentences, words

LEAST_WORDS = 4
"""Words that must be left of an item for it to be a query; with fewer, the whole block around it is taken."""
LONGEST = 1000
"""Code points of a query: what the sentences around the link may have together."""

_ITEM = re.compile(r"[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]|[ \t]*\|")
_BLANK = re.compile(r"[ \t>]*")
_WHITE = re.compile(r"\s+")


def query_without(note: Note, links: Sequence[Link]) -> str:
    """What stands around the first of `links` when the text of all of them is taken out: its list item or table row,
    or the block between blank lines. Empty where too few words are left."""
    first = links[0]
    taken = [link.span for link in links]
    block = _block(note, Lines(note.text), first)
    for span in (_item(note.text, Lines(note.text), block, first), block):
        left = _left(note, _nearby(note.text, span, first.span), taken)
        if len(words(left)) >= LEAST_WORDS:
            return left
    return ""


def text_without(note: Note, links: Iterable[Link]) -> str:
    """The note's whole text without the text of `links`."""
    return _cut(note.text, Span(0, len(note.text)), [link.span for link in links])


def _block(note: Note, lines: Lines, link: Link) -> Span:
    """The lines around the link up to blank lines, headings and the frontmatter."""
    edges = {heading.line for heading in note.headings}
    if link.line in edges:
        return lines.span(link.line, link.line)
    first = last = link.line
    while first > 1 and lines.start(first - 1) >= note.body_start and _continues(note.text, lines, first - 1, edges):
        first -= 1
    while last < len(lines) and _continues(note.text, lines, last + 1, edges):
        last += 1
    return Span(lines.start(first), max(lines.end(last), link.span.end))


def _continues(text: str, lines: Lines, line: int, edges: set[int]) -> bool:
    return line not in edges and not _BLANK.fullmatch(text, lines.start(line), lines.end(line))


def _item(text: str, lines: Lines, block: Span, link: Link) -> Span:
    """The list item or table row of the block that holds the link; the block itself where it has none."""
    numbers = range(lines.number(block.start), lines.number(max(block.start, block.end - 1)) + 1)
    starts = [lines.start(n) for n in numbers if _ITEM.match(text, lines.start(n), lines.end(n))]
    before = [start for start in starts if start <= link.span.start]
    after = [start for start in starts if start >= link.span.end]
    return Span(before[-1] if before else block.start, after[0] if after else block.end)


def _nearby(text: str, span: Span, place: Span) -> Span:
    """As many whole sentences around the place as fit."""
    if span.end - span.start <= LONGEST:
        return span
    start, end = place.start, place.end
    parts = [Span(span.start + s.start, span.start + s.end) for s in sentences(text[span.start : span.end])]
    for part in sorted(parts, key=lambda part: max(part.start - place.start, place.start - part.end, 0)):
        wider = Span(min(start, part.start), max(end, part.end))
        if wider.end - wider.start <= LONGEST:
            start, end = wider.start, wider.end
    return Span(start, end)


def _left(note: Note, span: Span, taken: Sequence[Span]) -> str:
    hidden = [region.span for region in note.regions if region.kind in ("comment", "managed")]
    return _WHITE.sub(" ", visible(_cut(note.text, span, [*taken, *hidden]))).strip()


def _cut(text: str, span: Span, taken: Iterable[Span]) -> str:
    """The span without what is taken. A space stays where it stood, so that no two words become one."""
    start, parts = span.start, []
    for gap in Spans(taken).within(span):
        parts.append(text[start : gap.start])
        start = gap.end
    return " ".join([*parts, text[start : span.end]])
