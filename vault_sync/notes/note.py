"""What a note is made of. All offsets are code points of `Note.text`, all lines count from 1."""

import sys
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from vault_sync.paths import VaultPath

LinkKind = Literal["wikilink", "mdlink", "embed", "frontmatter"]
RegionKind = Literal["frontmatter", "code", "inline_code", "math", "comment", "html", "managed"]
GroupKind = Literal["list", "item", "quote", "table"]


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of code points."""

    start: int
    end: int

    def __contains__(self, offset: object) -> bool:
        return isinstance(offset, int) and self.start <= offset < self.end

    def overlaps(self, other: "Span") -> bool:
        """Whether the two share at least one code point."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: its plain text without marks, its level (1–6) and the span of its line; `raw` is its text as written."""

    text: str
    level: int
    line: int
    span: Span
    raw: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Link:
    """A link as written. `target` is the part before `#`, percent-decoded for Markdown links.

    Of a link by Obsidian's own URL the target is `obsidian://`, the vault's name, `/` and the file, all decoded.
    """

    kind: LinkKind
    target: str
    heading: str | None
    block: str | None
    alias: str | None
    span: Span
    line: int
    raw: str
    in_comment: bool = False
    in_managed: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A block id (`^id` at the end of a block)."""

    id: str
    line: int
    span: Span


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the text that is not prose; `name` is the language of code or the managed section's name."""

    kind: RegionKind
    span: Span
    name: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Lines that belong together: a list, one of its items, a quote or callout, a table. They lie in one another."""

    kind: GroupKind
    span: Span


@dataclass(frozen=True, slots=True)
class Note:
    """A parsed note. `text` is the decoded file without its byte order mark, line endings kept."""

    path: VaultPath
    title: str
    text: str
    frontmatter: Mapping[str, object]
    frontmatter_error: str | None
    body_start: int
    aliases: tuple[str, ...]
    tags: tuple[str, ...]
    headings: tuple[Heading, ...]
    links: tuple[Link, ...]
    blocks: tuple[Block, ...]
    regions: tuple[Region, ...]
    callouts: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    parts: tuple["Part", ...] = ()
    """What a document (a canvas, a base, a PDF) consists of; a note has none."""
    remark: str = ""
    """What its owner should know of it, although it is indexed."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a document that is cut by itself, under a heading path of its own.

    `note` is its text as if that were a note, which begins at `start` in the document's text. `places` maps offsets
    in its text, in order, to lines of the file; where it is empty, the lines are those of the document's text.
    """

    heading: tuple[str, ...]
    note: Note
    start: int
    places: tuple[tuple[int, int], ...] = ()

    def lines(self, span: Span) -> tuple[int, int]:
        """The first and last line of the file in which something of the span (of the part's text) stands."""
        first = bisect_right(self.places, (span.start, sys.maxsize)) - 1
        last = bisect_left(self.places, (span.end, 0))
        lines = [line for _, line in self.places[max(first, 0) : last]] or [1]
        return min(lines), max(lines)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of one note under one heading path.

    `text` is the note's own text of the span; `embed_text` is what the embedder reads (heading path and
    text, without the note's title, so that renaming a note embeds nothing).
    """

    ordinal: int
    heading: tuple[str, ...]
    start_line: int
    end_line: int
    span: Span
    text: str
    embed_text: str
