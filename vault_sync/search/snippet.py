"""The part of a note's text that shows best why it was found. Pure."""

from collections.abc import Set

from vault_sync.notes.note import Span
from vault_sync.search.terms import tokens
from vault_sync.text import sentences, stem

LONGEST = 240
"""Code points of a snippet."""


def snippet(text: str, query: str, longest: int = LONGEST) -> str:
    """A verbatim part of `text` around the sentence that holds most of the query's words.

    The first sentence wins a tie, so a text that shares no word with the query is shown from its beginning.
    """
    asked = frozenset(map(stem, tokens(query)))
    stems = [(span, set(map(stem, tokens(text[span.start : span.end])))) for span in sentences(text)]
    spoken = [(span, held) for span, held in stems if held]
    if not spoken:
        return _clipped(text, Span(0, len(text)), asked, longest)
    best = max(range(len(spoken)), key=lambda i: (_weight(spoken[i][1] & asked), -i))
    return _clipped(text, _widened([span for span, _ in spoken], best, longest), asked, longest)


def _weight(held: Set[str]) -> int:
    """By squares, since long words say more than many short ones."""
    return sum(len(root) ** 2 for root in held)


def _widened(spans: list[Span], best: int, longest: int) -> Span:
    """The sentence with the ones after it that still fit."""
    start, end = spans[best].start, spans[best].end
    for span in spans[best + 1 :]:
        if span.end - start > longest:
            break
        end = span.end
    return Span(start, end)


def _clipped(text: str, span: Span, asked: Set[str], longest: int) -> str:
    """At most `longest` code points of the span, cut between words, with the first word that was asked for."""
    part = text[span.start : span.end].strip()
    if len(part) <= longest:
        return part
    start = _first_match(part, asked)
    start = max(0, min(start - longest // 4, len(part) - longest))
    if start:
        start = _word_start(part, start)
    end = min(len(part), start + longest)
    if end < len(part) and not part[end].isspace():
        end = next((i for i in range(end, start + longest // 2, -1) if part[i].isspace()), end)
    return part[start:end].strip()


def _first_match(part: str, asked: Set[str]) -> int:
    offset = 0
    for piece in part.split(" "):
        if any(stem(token) in asked for token in tokens(piece)):
            return offset
        offset += len(piece) + 1
    return 0


def _word_start(part: str, start: int) -> int:
    """The start of the next word within reach, or `start` itself in a text without spaces."""
    return next((i + 1 for i in range(start - 1, min(start + 40, len(part))) if part[i].isspace()), start)
