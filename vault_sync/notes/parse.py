"""From a note's bytes to a Note. Nothing but the encoding can make a note unreadable."""

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from vault_sync.errors import UnreadableNoteError
from vault_sync.notes.blocks import Layout, layout_of
from vault_sync.notes.frontmatter import Frontmatter, aliases_of, distinct, read_frontmatter, tags_of
from vault_sync.notes.inline import Marks, scan
from vault_sync.notes.lines import Lines, Spans
from vault_sync.notes.linktext import read_wikilink
from vault_sync.notes.note import Block, Heading, Link, Note, Region, Span
from vault_sync.notes.sections import find_markers, managed_sections
from vault_sync.paths import VaultPath, title_of
from vault_sync.writing.edit import BOM

_BLOCK_ID = re.compile(r"(?:(?<=\s)|^)\^([A-Za-z0-9-]+)[ \t]*(?=\r|\n|\Z)")
_PROPERTY_LINK = re.compile(r"\[\[([^\[\]\r\n]+)\]\]")
_OPAQUE = ("code", "inline_code", "math", "comment", "html")
_HIDING = ("$", "%%", "<!--", "\ufeff")
"""Without these there is no formula and no comment, nor a mark that is no text."""
_ANY = VaultPath("Note.md")
"""For who asks nothing that depends on the path."""
_KEPT, _LARGEST = 16, 100_000
"""Notes that are remembered as they were parsed, and the bytes of the largest of them."""


def parse_note(path: VaultPath, data: bytes) -> Note:
    """Parse the bytes of the note at `path`. Raises UnreadableNoteError for what is not UTF-8.

    The last ones are remembered: the index and all that proposes something for a saved note begin with its bytes.
    """
    return _remembered(path, data) if len(data) <= _LARGEST else _parsed(path, data)


def forget_parsed() -> None:
    """Keep nothing of any note: one of them may not be read any more."""
    _remembered.cache_clear()


def _parsed(path: VaultPath, data: bytes) -> Note:
    text = decode(data, path)
    lines = Lines(text)
    front = read_frontmatter(text)
    layout = layout_of(text, lines, front.body_start)
    comments = [region for region in layout.html if _is_comment(text, region)]
    html = [region for region in layout.html if not _is_comment(text, region)]
    blocks = Spans(region.span for region in (*layout.code, *html))
    markers = find_markers(text, front.body_start, blocks)
    segments = tuple(sorted((*layout.segments, *(c.span for c in comments)), key=lambda span: span.start))
    marks = scan(text, lines, segments, blocks, Spans(marker.span for marker in markers))
    opaque = Spans(region.span for region in (*marks.regions, *comments) if _hides_markers(text, region))
    managed = managed_sections(marker for marker in markers if marker.span.start not in opaque)
    regions = _all_regions(text, front, layout, marks, managed)
    return _assemble(path, text, lines, front, layout, marks, regions)


def headings_of(text: str) -> tuple[Heading, ...]:
    """The headings of a note with this text. What else is in it is asked only where it may hide one."""
    if any(mark in text for mark in _HIDING):
        return _parsed(_ANY, text.encode()).headings
    return layout_of(text, Lines(text), read_frontmatter(text).body_start).headings


_remembered = lru_cache(maxsize=_KEPT)(_parsed)


def decode(data: bytes, path: str = "") -> str:
    """The text of a note without its byte order mark. Raises UnreadableNoteError for what is not UTF-8."""
    body = data[len(BOM) :] if data.startswith(BOM) else data
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        offset = error.start + len(data) - len(body)
        raise UnreadableNoteError(
            f"The note {path!r} is left out of the index.",
            f"It is not UTF-8: byte {offset} is 0x{data[offset]:02x}. It could be {_guess(data)}.",
            "Save it as UTF-8, in an editor or with `iconv -t UTF-8`.",
        ) from error


def _guess(data: bytes) -> str:
    sample = data[:4096]
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")) or sample[1::2].count(0) > len(sample) // 4:
        return "UTF-16"
    if sample.count(0):
        return "no text at all, but an image or another binary file"
    cyrillic = sum(byte >= 0xC0 for byte in sample)
    high = sum(byte >= 0x80 for byte in sample)
    return "Windows-1251" if high > 8 and cyrillic > 0.8 * high else "Windows-1252 or another 8-bit encoding"


def _is_comment(text: str, region: Region) -> bool:
    """Whether an HTML block is a comment; it is scanned like text, for a link in a comment is still a link."""
    return text[region.span.start : region.span.end].lstrip(" \t>").startswith("<!--")


def _hides_markers(text: str, region: Region) -> bool:
    return region.kind in ("inline_code", "math") or _is_comment(text, region)


def _all_regions(
    text: str, front: Frontmatter, layout: Layout, marks: Marks, managed: list[Region]
) -> tuple[Region, ...]:
    found = [*layout.code, *marks.regions, *managed]
    found += [replace(r, kind="comment") if _is_comment(text, r) else r for r in layout.html]
    if front.body_start:
        found.append(Region("frontmatter", front.span))
    return tuple(sorted(dict.fromkeys(found), key=lambda region: (region.span.start, -region.span.end)))


def _assemble(
    path: VaultPath,
    text: str,
    lines: Lines,
    front: Frontmatter,
    layout: Layout,
    marks: Marks,
    regions: tuple[Region, ...],
) -> Note:
    comments = _spans(regions, "comment")
    managed = _spans(regions, "managed")
    not_prose = _spans(regions, "comment", "math")
    return Note(
        path=path,
        title=title_of(path),
        text=text,
        frontmatter=front.values,
        frontmatter_error=front.error,
        body_start=front.body_start,
        aliases=aliases_of(front.values),
        tags=distinct((*tags_of(front.values), *marks.tags)),
        headings=tuple(h for h in layout.headings if h.span.start not in not_prose),
        links=tuple(
            replace(link, in_comment=link.span.start in comments, in_managed=link.span.start in managed)
            for link in (*_property_links(text, lines, front), *marks.links)
        ),
        blocks=tuple(_block_ids(text, lines, front.body_start, _spans(regions, *_OPAQUE))),
        regions=regions,
        callouts=layout.callouts,
        groups=layout.groups,
    )


def _spans(regions: Iterable[Region], *kinds: str) -> Spans:
    return Spans(region.span for region in regions if region.kind in kinds)


def _property_links(text: str, lines: Lines, front: Frontmatter) -> Iterable[Link]:
    for match in _PROPERTY_LINK.finditer(text, 0, front.span.end):
        parts = read_wikilink(match.group(1))
        line = lines.number(match.start())
        if parts and not text[lines.start(line) : match.start()].lstrip().startswith("#"):
            target, heading, block, alias = parts.target, parts.heading, parts.block, parts.alias
            span = Span(*match.span())
            yield Link("frontmatter", target, heading, block, alias, span, line, match.group())


def _block_ids(text: str, lines: Lines, start: int, hidden: Spans) -> Iterable[Block]:
    for match in _BLOCK_ID.finditer(text, start):
        if match.start() not in hidden:
            span = Span(match.start(), match.start() + 1 + len(match.group(1)))
            yield Block(match.group(1), lines.number(match.start()), span)
