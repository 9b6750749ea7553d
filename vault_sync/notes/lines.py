"""Where lines begin, and which of many offsets comes next: what every scanner here asks, in O(log n)."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from vault_sync.notes.note import Span

# The same line ends as CommonMark, and so as markdown-it: CRLF is one end, a lone CR is one too.
_LINE_END = re.compile(r"\r\n?|\n")


class Lines:
    """The lines of a text. Line numbers count from 1 here, as everywhere outside of markdown-it."""

    __slots__ = ("_ends", "_starts", "_text")

    def __init__(self, text: str) -> None:
        ends = [match.span() for match in _LINE_END.finditer(text)]
        self._text = text
        self._starts = [0, *(end for _, end in ends)]
        self._ends = [*(start for start, _ in ends), len(text)]

    def __len__(self) -> int:
        return len(self._starts)

    def number(self, offset: int) -> int:
        """The line that holds the code point at `offset`."""
        return bisect_right(self._starts, offset)

    def start(self, line: int) -> int:
        """The offset of the first code point of `line`; the end of the text for a line after the last."""
        return self._starts[line - 1] if line <= len(self._starts) else len(self._text)

    def end(self, line: int) -> int:
        """The offset just after the last code point of `line`, its line end left out."""
        return self._ends[min(line, len(self._ends)) - 1]

    def span(self, first: int, last: int) -> Span:
        """The lines `first` to `last`, both included, without the last one's line end."""
        return Span(self.start(first), max(self.start(first), self.end(last)))


class Offsets:
    """Sorted offsets that can be asked for the next one at or after a place."""

    __slots__ = ("_sorted",)

    def __init__(self, offsets: Iterable[int]) -> None:
        self._sorted = sorted(offsets)

    def after(self, offset: int, limit: int) -> int | None:
        """The first offset in `[offset, limit)`, or None."""
        index = bisect_left(self._sorted, offset)
        if index < len(self._sorted) and self._sorted[index] < limit:
            return self._sorted[index]
        return None


class Spans:
    """Spans that can be asked whether one of them covers a place. They may touch and overlap."""

    __slots__ = ("_ends", "_starts")

    def __init__(self, spans: Iterable[Span]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for span in sorted(spans, key=lambda span: span.start):
            if self._ends and span.start <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], span.end)
            else:
                self._starts.append(span.start)
                self._ends.append(span.end)

    def __contains__(self, offset: object) -> bool:
        if not isinstance(offset, int):
            return False
        index = bisect_right(self._starts, offset) - 1
        return index >= 0 and offset < self._ends[index]

    def within(self, span: Span) -> list[Span]:
        """The covered parts of `span`, in order."""
        index = max(0, bisect_right(self._starts, span.start) - 1)
        found = []
        while index < len(self._starts) and self._starts[index] < span.end:
            part = Span(max(self._starts[index], span.start), min(self._ends[index], span.end))
            if part.end > part.start:
                found.append(part)
            index += 1
        return found
