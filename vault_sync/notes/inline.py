"""One pass over a note's prose for links, tags, comments, math and inline code, as Obsidian reads them.

Every look ahead is a bisection in offsets that were collected once, so hostile text stays linear.
"""

import re
from dataclasses import dataclass, field

from vault_sync.notes.lines import Lines, Offsets, Spans
from vault_sync.notes.linktext import find_destination, read_destination, read_wikilink
from vault_sync.notes.note import Link, LinkKind, Region, RegionKind, Span

_TOKEN = re.compile(r"\\|`+|%%|<!--|\$\$?|!?\[+|\]\(?|#|https?://")
_URL = re.compile(r"[^\s<>\[\]()`|]*")
_TAG = re.compile(r"#([^\u2000-\u200c\u200e-\u206f\u2e00-\u2e7f'!\"#$%&()*+,.:;<=>?@^`{|}~\[\]\\\s\0«»]+)")
_NO_TAG_AFTER = re.compile(r"[\w/#&\\\]\-]")
_NUMERIC = re.compile(r"[\d/]*")
_LINE_OPENER = re.compile(r"[ \t>]*(?:[-*+]|\d{1,9}[.)])?[ \t]*")
_BACKTICKS = re.compile(r"`+")
_DOLLAR_END = re.compile(r"(?<![\s\\$])\$(?![\d$])")


def is_tag(name: str) -> bool:
    """Whether `#` and `name` are one tag and nothing else; what is only digits is no tag."""
    parts = name.split("/")
    return _TAG.fullmatch(f"#{name}") is not None and all(parts) and not _NUMERIC.fullmatch(name)


@dataclass(slots=True)
class Marks:
    """What the pass found, in the order of the text."""

    links: list[Link] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    regions: list[Region] = field(default_factory=list)


def scan(text: str, lines: Lines, segments: tuple[Span, ...], hidden: Spans, markers: Spans) -> Marks:
    """Scan `segments` of `text`. `hidden` is code and HTML; `markers` are managed markers, comments of their own."""
    scanner = _Scanner(text, lines, hidden, markers)
    for segment in segments:
        scanner.segment(segment)
    return scanner.marks


class _Scanner:
    def __init__(self, text: str, lines: Lines, hidden: Spans, markers: Spans) -> None:
        self.text, self.lines, self.markers = text, lines, markers
        self.marks = Marks()
        self.position = 0
        self.comment_end = 0
        self.end = 0
        self.brackets: list[int] = []
        self.openers = _positions(r"\[\[", text, hidden)
        self.closers = _positions(r"\]\]", text, hidden)
        self.percents = _positions("%%", text, hidden, markers)
        self.dollars = _positions(r"\$\$", text, hidden)
        self.dollar_ends = Offsets(m.start() for m in _DOLLAR_END.finditer(text) if m.start() not in hidden)
        self.html_ends = _positions("-->", text)
        self.backticks = _runs(text, hidden)

    def segment(self, span: Span) -> None:
        self.position = max(span.start, self.position)
        self.end = span.end
        self.brackets.clear()
        while self.position < span.end and (match := _TOKEN.search(self.text, self.position, span.end)):
            self._token(match)
        self.position = max(self.position, span.end)

    def _token(self, match: re.Match[str]) -> None:
        self.position = match.end()
        token = match.group()
        if token == "\\":
            self.position += 1
        elif token[0] == "`":
            self._code(match)
        elif token == "%%":
            self._comment(match.start())
        elif token == "<!--":
            self._html_comment(match)
        elif token[0] == "$":
            self._math(match)
        elif token[-1] == "[":
            self._open(match)
        elif token[0] == "]":
            self._close(match)
        elif token == "#":
            self._tag(match.start())
        else:
            self._url(match)

    def _limit(self) -> int:
        """How far a mark that begins here may reach: its block, and the comment that it stands in."""
        inside = self.position <= self.comment_end
        return min(self.end, self.comment_end) if inside else self.end

    def _region(self, kind: RegionKind, start: int, end: int) -> None:
        self.marks.regions.append(Region(kind, Span(start, end)))

    def _code(self, match: re.Match[str]) -> None:
        runs = self.backticks.get(len(match.group()))
        closer = runs.after(match.end(), self._limit()) if runs else None
        if closer is not None:
            self.position = closer + len(match.group())
            self._region("inline_code", match.start(), self.position)

    def _comment(self, start: int) -> None:
        if start in self.markers:
            marker_end = self.lines.end(self.lines.number(start))
            self._region("comment", start, marker_end)
            self.position = marker_end
        elif start >= self.comment_end:
            closer = self.percents.after(start + 2, self._reach(start))
            if closer is not None:
                self.comment_end = closer + 2
                self._region("comment", start, self.comment_end)

    def _html_comment(self, match: re.Match[str]) -> None:
        if match.start() < self.comment_end:
            return
        closer = self.html_ends.after(match.end(), self.end)
        if closer is not None:
            self.comment_end = closer + 3
            self._region("comment", match.start(), self.comment_end)

    def _math(self, match: re.Match[str]) -> None:
        start = match.start()
        if len(match.group()) > 1:
            limit = self._limit() if start < self.comment_end else self._reach(start)
            closer = self.dollars.after(start + 2, limit)
            width = 2
        else:
            spaced = self.text[match.end() : match.end() + 1].isspace()
            closer = None if spaced else self.dollar_ends.after(match.end(), self._limit())
            width = 1
        if closer is not None:
            self.position = closer + width
            self._region("math", start, self.position)

    def _reach(self, start: int) -> int:
        """A mark that opens a line may close in another block, one in mid-line only in its own."""
        first = self.lines.start(self.lines.number(start))
        opens_line = _LINE_OPENER.fullmatch(self.text, first, start) if start - first < 200 else None
        return len(self.text) if opens_line else self.end

    def _open(self, match: re.Match[str]) -> None:
        if len(match.group().lstrip("!")) > 1 and self._wikilink(match):
            return
        self.brackets.append(match.start())
        self.brackets.extend(range(match.start() + 1 + match.group().startswith("!"), match.end()))

    def _wikilink(self, match: re.Match[str]) -> bool:
        inner = match.end()
        closer = self.closers.after(inner, self.end)
        if closer is None or self.openers.after(inner, closer) is not None:
            return False
        written = self.text[inner:closer]
        parts = None if "\n" in written or "\r" in written else read_wikilink(written)
        if parts is None:
            return False
        start = match.start() if len(match.group()) == 3 and match.group()[0] == "!" else inner - 2
        kind: LinkKind = "embed" if start == inner - 3 else "wikilink"
        self.position = closer + 2
        self._link(kind, start, parts.target, parts.heading, parts.block, parts.alias)
        return True

    def _close(self, match: re.Match[str]) -> None:
        opener = self.brackets.pop() if self.brackets else None
        if opener is None or not match.group().endswith("("):
            return
        found = find_destination(self.text, match.end(), self.end)
        if found is None:
            return
        destination, self.position = found
        embedded = self.text[opener] == "!"
        label = self.text[opener + 1 + embedded : match.start()]
        parts = read_destination(destination, label)
        if parts is not None:
            kind: LinkKind = "embed" if embedded else "mdlink"
            self._link(kind, opener, parts.target, parts.heading, parts.block, parts.alias)

    def _link(
        self, kind: LinkKind, start: int, target: str, heading: str | None, block: str | None, alias: str | None
    ) -> None:
        span = Span(start, self.position)
        raw = self.text[start : self.position]
        line = self.lines.number(start)
        self.marks.links.append(Link(kind, target, heading, block, alias, span, line, raw))

    def _tag(self, start: int) -> None:
        if start and _NO_TAG_AFTER.match(self.text, start - 1):
            return
        match = _TAG.match(self.text, start, self.end)
        if match:
            self.position = match.end()
            name = match.group(1).strip("/")
            if not _NUMERIC.fullmatch(name):
                self.marks.tags.append(name)

    def _url(self, match: re.Match[str]) -> None:
        rest = _URL.match(self.text, match.end(), self.end)
        if rest:
            self.position = rest.end()


def _positions(pattern: str, text: str, *hidden: Spans) -> Offsets:
    found = (match.start() for match in re.finditer(pattern, text))
    return Offsets(start for start in found if not any(start in spans for spans in hidden))


def _runs(text: str, hidden: Spans) -> dict[int, Offsets]:
    lengths: dict[int, list[int]] = {}
    for match in _BACKTICKS.finditer(text):
        if match.start() not in hidden:
            lengths.setdefault(len(match.group()), []).append(match.start())
    return {length: Offsets(starts) for length, starts in lengths.items()}
