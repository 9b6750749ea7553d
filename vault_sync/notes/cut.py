"""Where long text may be cut: between lists, quotes and tables, inside of them, at sentences or lines, then words."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import pairwise

from vault_sync.notes.lines import Lines, Spans
from vault_sync.notes.note import Note, Span
from vault_sync.text import sentences

_SPACE = re.compile(r"\s+")
# An e5 tokenizer spends a token on about five small letters of a common alphabet, but on two ideographs, on
# one or two digits, capitals or marks, and on each rare character; long runs without a space are keys and URLs.
_SMALL = r"a-zß-ÿа-џ\u0561-\u0587\u05d0-\u06ff\u0900-\u0eff\u10a0-\u10ff"
_TWICE = re.compile(rf"(?<![{_SMALL}])[^\s{_SMALL}]")  # a comma after a word is cheap
_THRICE = re.compile(r"[^\x00-\u0eff\u10a0-\u10ff\u2010-\u2026\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7af\uff00-\uffef]")
_RUN = re.compile(r"[!-~]{25,}")
_TOP_LEVEL = re.compile(r"(?:\r?\n[ \t]*)+\r?\n(?=[^\s)\]}])")
_AFTER_BLANK = re.compile(r"(?:\r?\n[ \t]*)+\r?\n")
_INTRODUCTION = re.compile(r"[:：][*_ \t]*$|^[ \t>]*\*\*[^*]+\*\*$")
_CAPTION = 150
"""A line before a table that is no longer than this is its caption."""
_UNREAD = re.compile(r"\]\([^\s()]*(?:[ \t]+\"[^\"\r\n]*\")?\)|-{4,}")


HEAVIEST = 4
"""What a code point weighs at most."""


class Cutter:
    """Cuts spans of one note into pieces of at most `limit`, as `weight` counts.

    What belongs together is one piece where it fits: a list, a quote, a table, code, with the line that introduces it.
    """

    def __init__(self, note: Note, limit: int) -> None:
        self.text, self.limit = note.text, limit
        self.lines = Lines(note.text)
        solid = [region.span for region in note.regions if region.kind in ("code", "html", "math")]
        code = [region.span for region in note.regions if region.kind == "code"]
        self._code = Spans(code)
        self._glued = {
            line for span in solid for line in range(self.lines.number(span.start) + 1, self.lines.number(span.end) + 1)
        }
        self._edges = {self.lines.number(span.start) for span in code}
        self._edges |= {self.lines.number(max(span.start, span.end - 1)) + 1 for span in code}
        whole = [link.span for link in note.links if link.span.end - link.span.start <= limit]
        whole += [r.span for r in note.regions if r.kind == "inline_code" and r.span.end - r.span.start <= limit]
        self._whole = Spans(whole)
        self._groups = sorted({group.span for group in note.groups}, key=lambda span: (span.start, -span.end))
        self._starts = [span.start for span in self._groups]
        self._tables = sorted((g.span for g in note.groups if g.kind == "table"), key=lambda span: span.start)
        self._table_starts = [span.start for span in self._tables]
        shown = [group.span for group in note.groups if group.kind != "item"]
        self._shown = {self.lines.number(span.start) for span in (*shown, *solid)}

    def pieces(self, span: Span) -> Iterator[Span]:
        """The blocks of `span` in order, those that are too heavy cut further."""
        last: Span | None = None
        for piece in self._divided(span):
            if last is not None and self._introduces(last, piece) and self.fits(last.start, piece.end):
                last = Span(last.start, piece.end)
                continue
            if last is not None:
                yield last
            last = piece
        if last is not None:
            yield last

    def fits(self, start: int, end: int) -> bool:
        """Whether this much text may be one piece."""
        length = end - start
        return length <= self.limit and (HEAVIEST * length <= self.limit or weight(self.text[start:end]) <= self.limit)

    def table_header(self, offset: int) -> Span | None:
        """The header row of the table in whose rows below it `offset` lies."""
        table = self._table(offset)
        header = self.lines.number(table.start) if table else 0
        return self.lines.span(header, header) if header and self.lines.end(header) < offset else None

    def is_code(self, offset: int) -> bool:
        """Whether code stands there."""
        return offset in self._code

    def _table(self, offset: int) -> Span | None:
        index = bisect_right(self._table_starts, offset) - 1
        return self._tables[index] if index >= 0 and offset < self._tables[index].end else None

    def _divided(self, span: Span) -> Iterator[Span]:
        for part, is_group in self._partition(span):
            for block in [part] if is_group else self._blocks(part):
                if self.fits(block.start, block.end):
                    yield block
                elif is_group:
                    yield from self._divided(block)
                else:
                    yield from (piece for row in self._parts(block) for piece in self._words(row))

    def _partition(self, span: Span) -> Iterator[tuple[Span, bool]]:
        """The largest groups inside of `span`, and what stands between them."""
        start, index = span.start, bisect_left(self._starts, span.start)
        while index < len(self._groups) and self._groups[index].start < span.end:
            group = self._groups[index]
            clipped = _trimmed(self.text, group.start, min(group.end, span.end))
            if clipped is None or (clipped.start <= span.start and clipped.end >= span.end):
                index += 1
                continue
            yield Span(start, group.start), False
            yield clipped, True
            start = clipped.end
            index = bisect_left(self._starts, start, index + 1)
        yield Span(start, span.end), False

    def _introduces(self, first: Span, second: Span) -> bool:
        """Whether `first` is the line before a list, table, quote or code that says what it is."""
        if self.lines.number(second.start) not in self._shown or self.is_code(first.end - 1):
            return False
        line = self.text[self.lines.start(self.lines.number(first.end)) : first.end]
        if self.lines.number(second.start) == self.lines.number(first.end) + 1:
            return True
        is_caption = "\n" not in self.text[first.start : first.end] and len(line) <= _CAPTION
        return _INTRODUCTION.search(line) is not None or (is_caption and self._table(second.start) is not None)

    def _blocks(self, span: Span) -> Iterator[Span]:
        start = end = span.start
        for line in range(self.lines.number(span.start), self.lines.number(max(span.start, span.end - 1)) + 1):
            row = _trimmed(self.text, max(self.lines.start(line), span.start), min(self.lines.end(line), span.end))
            blank = row is None or not self.text[row.start : row.end].strip("> \t")
            if line not in self._glued and end > start and (blank or line in self._edges):
                yield Span(start, end)
                start = end
            if row is not None and (not blank or line in self._glued):
                start, end = (start if end > start else row.start), row.end
        if end > start:
            yield Span(start, end)

    def _parts(self, block: Span) -> Iterator[Span]:
        if block.start in self._code:
            yield from self._code_parts(block)
        elif self._table(block.start):
            yield from self._rows(block)
        else:
            yield from self._sentences(block)

    def _sentences(self, block: Span) -> Iterator[Span]:
        start = block.start
        for sentence in sentences(self.text[block.start : block.end]):
            end = block.start + sentence.end
            if self._inside(end):
                continue
            yield from filter(None, [_trimmed(self.text, start, end)])
            start = end
        yield from filter(None, [_trimmed(self.text, start, block.end)])

    def _rows(self, block: Span) -> Iterator[Span]:
        first, last = self.lines.number(block.start), self.lines.number(block.end - 1)
        rows = (self.lines.span(line, line) for line in range(first, last + 1))
        found = (_trimmed(self.text, max(r.start, block.start), min(r.end, block.end)) for r in rows)
        yield from (row for row in found if row is not None)

    def _code_parts(self, block: Span) -> Iterator[Span]:
        """Code between unindented lines that follow a blank one, then between blank lines, then line by line."""
        for part in self._split(block, _TOP_LEVEL):
            if self.fits(part.start, part.end):
                yield part
                continue
            for run in self._split(part, _AFTER_BLANK):
                yield from [run] if self.fits(run.start, run.end) else self._rows(run)

    def _split(self, block: Span, before: re.Pattern[str]) -> Iterator[Span]:
        cuts = [match.end() for match in before.finditer(self.text, block.start, block.end)]
        for start, end in pairwise([block.start, *cuts, block.end]):
            yield from filter(None, [_trimmed(self.text, start, end)])

    def _words(self, part: Span) -> Iterator[Span]:
        start = part.start
        while weight(self.text[start : min(part.end, start + self.limit + 1)]) > self.limit:
            cut = self._cut(start, part.end)
            yield from filter(None, [_trimmed(self.text, start, cut)])
            start = cut
        yield from filter(None, [_trimmed(self.text, start, part.end)])

    def _cut(self, start: int, end: int) -> int:
        """The last place where a word ends before the limit; inside of a word only where it is too long."""
        limit = min(end, start + self.limit)
        while limit > start + 1 and (heavy := weight(self.text[start:limit])) > self.limit:
            limit = max(start + 1, min(limit - 1, start + int((limit - start) * self.limit / heavy)))
        spaces = [start + match.start() for match in _SPACE.finditer(self.text[start : limit + 1])]
        spaces = [space for space in spaces if start < space <= limit]
        outside = [space for space in spaces if not self._inside(space)]
        return (outside or spaces or [limit])[-1]

    def _inside(self, offset: int) -> bool:
        return offset in self._whole and offset - 1 in self._whole


def weight(text: str) -> int:
    """How much of the embedder's window `text` takes, in small letters; never less than its length.

    A thousand of them stay below 460 tokens of multilingual-e5-small in every script that was measured.
    """
    if text.isspace() and text.isascii():
        return len(text)
    read = _UNREAD.sub(" ", text)
    extra = len(_TWICE.findall(read)) + len(_THRICE.findall(read)) + sum(map(len, _RUN.findall(read)))
    return max(len(text), len(read) + extra)


def _trimmed(text: str, start: int, end: int) -> Span | None:
    piece = text[start:end]
    left = start + len(piece) - len(piece.lstrip())
    right = start + len(piece.rstrip())
    return Span(left, right) if right > left else None
