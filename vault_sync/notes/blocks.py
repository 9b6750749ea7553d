"""The block structure of a note's body, by markdown-it: which lines are prose, code, HTML or headings."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from vault_sync.notes.lines import Lines, Spans
from vault_sync.notes.note import Group, GroupKind, Heading, Region, Span

# Only lines are asked of markdown-it. Inline marks are scanned by our own code, since Obsidian's are not
# CommonMark's and need exact offsets; `reference` would swallow definitions, which are text in a note.
_MARKDOWN = MarkdownIt("commonmark", {"maxNesting": 100}).enable("table").disable(["inline", "text_join", "reference"])
_GROUPS: Mapping[str, GroupKind] = {
    "bullet_list_open": "list",
    "ordered_list_open": "list",
    "list_item_open": "item",
    "blockquote_open": "quote",
    "table_open": "table",
}
_CALLOUT = re.compile(r"\[!([^\]\n|]+)")
_HEADING_ID = re.compile(r"\s+\^[A-Za-z0-9-]+\s*$")
_MARKUP = re.compile(r"!?\[\[(?:[^\[\]|]*\|)?([^\[\]|]*)\]\]|(\*\*|__|==|~~|`)")


@dataclass(frozen=True, slots=True)
class Layout:
    """What the lines of a body are. `segments` are the places where inline marks count, in order."""

    segments: tuple[Span, ...]
    headings: tuple[Heading, ...]
    code: tuple[Region, ...]
    html: tuple[Region, ...]
    callouts: tuple[str, ...]
    groups: tuple[Group, ...]


def layout_of(text: str, lines: Lines, body_start: int) -> Layout:
    """Read the block structure of `text` from `body_start`, which must be the start of a line."""
    offset = lines.number(body_start) - 1 if body_start < len(text) else len(lines)
    tokens = [token for token in _MARKDOWN.parse(text[body_start:]) if token.map is not None or token.content]
    code = tuple(_regions(tokens, ("fence", "code_block"), "code", lines, offset))
    html = tuple(_regions(tokens, ("html_block",), "html", lines, offset))
    prose = {_first_last(token, offset) for token in tokens if token.type == "inline" and token.map}
    segments = [lines.span(first, last) for first, last in sorted(prose)]
    segments += _uncovered(lines, offset, [*(region.span for region in (*code, *html)), *segments])
    headings = tuple(_headings(tokens, lines, offset))
    segments.sort(key=lambda span: span.start)
    groups = tuple(_groups(tokens, lines, offset))
    return Layout(tuple(segments), headings, code, html, _callouts(tokens), groups)


def _first_last(token: Token, offset: int) -> tuple[int, int]:
    begin, end = token.map or [0, 0]
    return offset + begin + 1, offset + max(end, begin + 1)


def _regions(tokens: Iterable[Token], types: tuple[str, ...], kind: str, lines: Lines, offset: int) -> Iterable[Region]:
    for token in tokens:
        if token.type in types and token.map:
            name = token.info.strip().split(maxsplit=1)[:1] if token.info else []
            span = lines.span(*_first_last(token, offset))
            yield Region("code" if kind == "code" else "html", span, name[0] if name else "")


def _groups(tokens: Iterable[Token], lines: Lines, offset: int) -> Iterable[Group]:
    for token in tokens:
        if token.type in _GROUPS and token.map:
            yield Group(_GROUPS[token.type], lines.span(*_first_last(token, offset)))


def _uncovered(lines: Lines, offset: int, covered: list[Span]) -> list[Span]:
    """Lines that no token names, such as rules and what nests too deep: they are scanned one by one."""
    known = Spans(covered)
    rest = ((lines.start(line), lines.end(line)) for line in range(offset + 1, len(lines) + 1))
    return [Span(start, end) for start, end in rest if end > start and start not in known]


def _headings(tokens: list[Token], lines: Lines, offset: int) -> Iterable[Heading]:
    for opened, inline in pairwise(tokens):
        if opened.type == "heading_open" and opened.level == 0:
            first, last = _first_last(opened, offset)
            text, level = plain_heading(inline.content), int(opened.tag[1:])
            yield Heading(text, level, first, lines.span(first, last), inline.content)


def plain_heading(markdown: str) -> str:
    """A heading's text as it is read: wikilinks by their visible part, no emphasis marks, no block id."""
    visible = _MARKUP.sub(lambda match: match.group(1) or "", _HEADING_ID.sub("", markdown))
    return " ".join(visible.replace("\ufffd", " ").split())  # markdown-it makes that of a NUL


def _callouts(tokens: list[Token]) -> tuple[str, ...]:
    found = []
    for index, token in enumerate(tokens):
        if token.type == "blockquote_open":
            inside = next((t for t in tokens[index + 1 : index + 3] if t.type == "inline"), None)
            if inside is not None and (match := _CALLOUT.match(inside.content)):
                found.append(match.group(1).strip().lower())
    return tuple(found)
