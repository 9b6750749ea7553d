"""Where in a note a link may be put: what is left when everything that is not plain prose is taken away."""

import re
from collections.abc import Iterator

from agents.codelike import code_like
from vault_sync.notes.note import Note, Span

_LINE = r"[^\r\n]"
_BLOCKED = re.compile(
    r"!?\[[^\[\]\r\n]*\]\([^()\r\n]*(?:\([^()\r\n]*\)[^()\r\n]*)*\)"  # a link out of the vault
    r"|^[ \t>]*\[[^\]\r\n]+\]:(?!\S)[ \t]*(?:<|[a-z]+://|/|\.)" + _LINE + r"*"  # a definition of a link
    r"|^[ \t>]*\[[^\]^\r\n][^\]\r\n]*\]:[ \t]*\S+[ \t]*(?:[\"'(][^\r\n]*)?(?=[\r\n]|\Z)"  # one of a file of the vault
    r"|\[[^\[\]\r\n]*\]"  # brackets: callouts, boxes of tasks, footnotes, references
    r"|<%.{0,2000}?%>|\{\{[^{}]*\}\}"  # templates
    r"|<(?P<tag>a|code|kbd|pre|samp|script|style|svg|button|h[1-6])\b[^>]{0,2000}>.*?(?:</(?P=tag)>|\Z)"
    r"|</?[A-Za-z!?][^<>]*>"
    r"|<[^\s<>]+>"
    r"|(?<![^\W_])[A-Za-z][A-Za-z0-9+.\-]*://[^\s<>]+|\bwww\.[^\s<>]+"
    r"|[\w.+\-]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63})+"
    r"|(?<![\w/&])#[^\s#.,;:!?()\[\]{}'\"«»]+"  # a tag
    r"|\\[A-Za-z]+"  # a command of TeX that stands in no formula
    r"|(?<![\w:]):[A-Za-z0-9_+\-]{1,40}:(?![\w:])|&#?\w{1,31};"  # an emoji by its name, a sign by its
    r"|(?<!\S)--[A-Za-z][\w\-]*"  # an option of a command
    r"|^[ \t>]*(?:[-*+][ \t]+)?[^\s:\[\]()][^:\r\n\[\]()]{0,60}::(?=\s|$)"  # the key of an inline property
    r"|\([^\s:()\[\]][^:\r\n()\[\]]{0,60}::(?=\s)"  # or of one within a line
    r"|^[ \t]*(?:>[ \t]*)+\[![^\]\r\n]*\][+-]?" + _LINE + r"*"  # the title of a callout
    r"|^[ \t]*(?:>[ \t]*)*#{1,6}[ \t]" + _LINE + r"*",  # a heading in a quote; those of the note are told apart
    re.MULTILINE | re.DOTALL,
)
_LINES = re.compile(r"[^\r\n]+")
_HEADING_MARK = re.compile(r"[ \t]*#{1,6}[ \t]")


def prose(note: Note, *, headings: bool = False) -> list[Span]:
    """The spans of the note's text in which a mention may become a link, in order.

    Frontmatter, code, math, comments, HTML, links, embeds, tags, URLs, addresses, block ids, brackets, templates,
    keys of inline properties, managed sections, and lines of commands and statements are left out, and headings unless
    they are asked for.
    """
    blocked = [Span(0, note.body_start)]
    blocked += [region.span for region in note.regions]
    blocked += [link.span for link in note.links]
    blocked += [block.span for block in note.blocks]
    blocked += [Span(*line.span()) for line in _LINES.finditer(note.text, note.body_start) if code_like(line.group())]
    titles = {heading.span.start: heading.span for heading in note.headings}
    blocked += list(titles.values()) if not headings else []
    for match in _BLOCKED.finditer(note.text, note.body_start):
        if not (headings and match.start() in titles and _HEADING_MARK.match(match.group())):
            blocked.append(Span(*match.span()))
    return list(_free(blocked, len(note.text)))


def _free(blocked: list[Span], end: int) -> Iterator[Span]:
    position = 0
    for span in sorted(blocked, key=lambda span: span.start):
        if span.start > position:
            yield Span(position, span.start)
        position = max(position, span.end)
    if position < end:
        yield Span(position, end)
