"""Where long text may be cut: at blocks, then lines or sentences, then words."""

import re
from collections.abc import Iterator

from vault_sync.lines import Lines, Spans
from vault_sync.note import Note, Span
from vault_sync.text import sentences

_SPACE = re.compile(r"\s+")
# An e5 tokenizer spends a token on about five small letters of a common alphabet, but on two ideographs, on
# one or two digits, capitals or marks, and on each rare character; long runs without a space are keys and URLs.
_SMALL = r"a-zß-ÿа-џ\u0561-\u0587\u05d0-\u06ff\u0900-\u0eff\u10a0-\u10ff"
_TWICE = re.compile(rf"(?<![{_SMALL}])[^\s{_SMALL}]")  # a comma after a word is cheap
_THRICE = re.compile(r"[^\x00-\u0eff\u10a0-\u10ff\u2010-\u2026\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7af\uff00-\uffef]")
_RUN = re.compile(r"[!-~]{25,}")
_UNREAD = re.compile(r"\]\([^\s()]*(?:[ \t]+\"[^\"\r\n]*\")?\)|-{4,}")


class Cutter:
    """Cuts spans of one note into pieces of at most `limit`, as `weight` counts."""

    def __init__(self, note: Note, limit: int) -> None:
        self.text, self.limit = note.text, limit
        self.lines = Lines(note.text)
        solid = [region.span for region in note.regions if region.kind in ("code", "html", "math")]
        self._code = Spans(region.span for region in note.regions if region.kind == "code")
        self._glued = {
            line for span in solid for line in range(self.lines.number(span.start) + 1, self.lines.number(span.end) + 1)
        }
        code = [region.span for region in note.regions if region.kind == "code"]
        self._edges = {self.lines.number(span.start) for span in code}
        self._edges |= {self.lines.number(max(span.start, span.end - 1)) + 1 for span in code}
        whole = [link.span for link in note.links if link.span.end - link.span.start <= limit]
        whole += [r.span for r in note.regions if r.kind == "inline_code" and r.span.end - r.span.start <= limit]
        self._whole = Spans(whole)

    def pieces(self, span: Span) -> Iterator[Span]:
        """The blocks of `span` in order, those that are too heavy cut further."""
        for block in self._blocks(span):
            if weight(self.text[block.start : block.end]) <= self.limit:
                yield block
            else:
                for part in self._parts(block):
                    yield from self._words(part)

    def _blocks(self, span: Span) -> Iterator[Span]:
        start = end = span.start
        for line in range(self.lines.number(span.start), self.lines.number(max(span.start, span.end - 1)) + 1):
            row = _trimmed(self.text, max(self.lines.start(line), span.start), min(self.lines.end(line), span.end))
            if line not in self._glued and end > start and (row is None or line in self._edges):
                yield Span(start, end)
                start = end
            if row is not None:
                start, end = (start if end > start else row.start), row.end
        if end > start:
            yield Span(start, end)

    def _parts(self, block: Span) -> Iterator[Span]:
        source = self.text[block.start : block.end]
        if block.start in self._code:
            first, last = self.lines.number(block.start), self.lines.number(block.end - 1)
            rows = (self.lines.span(line, line) for line in range(first, last + 1))
            found = (_trimmed(self.text, max(r.start, block.start), min(r.end, block.end)) for r in rows)
            yield from (row for row in found if row is not None)
            return
        start = block.start
        for sentence in sentences(source):
            end = block.start + sentence.end
            if self._inside(end):
                continue
            yield from filter(None, [_trimmed(self.text, start, end)])
            start = end
        yield from filter(None, [_trimmed(self.text, start, block.end)])

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
    read = _UNREAD.sub(" ", text)
    extra = len(_TWICE.findall(read)) + len(_THRICE.findall(read)) + sum(map(len, _RUN.findall(read)))
    return max(len(text), len(read) + extra)


def _trimmed(text: str, start: int, end: int) -> Span | None:
    piece = text[start:end]
    left = start + len(piece) - len(piece.lstrip())
    right = start + len(piece.rstrip())
    return Span(left, right) if right > left else None
