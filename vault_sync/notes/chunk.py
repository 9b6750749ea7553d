"""A note cut into chunks under its heading paths. Cuts depend only on the text of one heading section.

What is left out: frontmatter (but for its `description`, a chunk of its own, so that editing it touches no
other), managed sections, and comments that are blocks of their own. A note of headings alone is one chunk.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from vault_sync.notes.cut import Cutter, weight
from vault_sync.notes.lines import Lines, Spans
from vault_sync.notes.note import Chunk, Heading, Note, Span
from vault_sync.notes.visible import visible
from vault_sync.text import sentences

MAX_CHARS = 1000
MIN_CHARS = 150
MAX_HEADING = 200
"""Longer heading paths lose their outer parts in `embed_text`, so that the text keeps its room."""
MAX_LEAD = 200
"""No longer sentence, and no longer header of a table, is read before a chunk that needs it."""

# Read before every piece of a long section, the last sentence of the piece before it draws the questions that it
# answers to the wrong piece: docs/decisions/0005-chunks.md.
_REFERS_BACK = re.compile(
    r"[\"'«“(]*(?:it|its|they|them|their|this|that|these|those|he|she|his|her|such|however|but|therefore|thus|"
    r"он|она|оно|они|его|её|ее|их|это|этот|эта|эти|такой|такая|такое|такие|однако|но|поэтому)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w")
_DESCRIPTION = re.compile(
    r"^description[ \t]*:[ \t]*(?:[>|][-+0-9]*(?=[ \t]*[\r\n]))?"
    r"(.*(?:(?:\r\n?|\n)(?:[ \t]+.*)?(?=[\r\n]))*)",
    re.MULTILINE | re.IGNORECASE,
)

_Piece = tuple[tuple[str, ...], Span, str]
"""Heading path, span and what the embedder reads of it."""


@dataclass(frozen=True, slots=True)
class _Limits:
    """The heaviest chunk, and the lightest at the end of a section."""

    most: int
    least: int


def chunk_note(note: Note, *, max_chars: int = MAX_CHARS, min_chars: int = MIN_CHARS) -> tuple[Chunk, ...]:
    """Cut `note` into chunks of at most `max_chars` (plus the heading path), in the order of the text.

    What is lighter than `min_chars` at the end of a section joins the chunk before it.
    """
    limits = _Limits(max_chars, min_chars)
    found = _of_parts(note, limits) if note.parts else _chunks(note, limits)
    return tuple(replace(chunk, ordinal=ordinal) for ordinal, chunk in enumerate(found))


def _of_parts(note: Note, limits: _Limits) -> Iterator[Chunk]:
    lines = Lines(note.text)
    for part in note.parts:
        for chunk in _chunks(part.note, limits, part.heading):
            span = Span(part.start + chunk.span.start, part.start + chunk.span.end)
            own = lines.number(span.start), lines.number(span.end - 1)
            first, last = part.lines(chunk.span) if part.places else own
            yield replace(chunk, span=span, start_line=first, end_line=last)


def _chunks(note: Note, limits: _Limits, above: tuple[str, ...] = ()) -> Iterator[Chunk]:
    cutter = Cutter(note, limits.most)
    excluded = Spans(_excluded(note))
    headings = [heading for heading in note.headings if heading.span.start not in excluded]
    found = [*_description(note, cutter), *_text(note, cutter, headings, excluded, limits)]
    for path, span, body in found or _headings_only(headings, excluded, cutter):
        yield _chunk(cutter, (*above, *path), span, body)


def _text(note: Note, cutter: Cutter, headings: list[Heading], excluded: Spans, limits: _Limits) -> Iterator[_Piece]:
    comments = Spans(region.span for region in note.regions if region.kind == "comment")
    for path, section in _sections(note, headings):
        for free in _without(section, excluded):
            before = ""
            for span in _packed(cutter, free, limits.least):
                if body := _embeddable(note.text, span, comments):
                    lead = _table_header(cutter, span) or (_last_sentence(before) if _REFERS_BACK.match(body) else "")
                    yield path, span, f"{lead}\n{body}" if lead else body
                before = "" if cutter.is_code(span.end - 1) else body


def _chunk(cutter: Cutter, path: tuple[str, ...], span: Span, body: str) -> Chunk:
    heading = joined_path(path)
    first, last = cutter.lines.number(span.start), cutter.lines.number(span.end - 1)
    embed_text = f"{heading}\n{body}" if heading else body
    return Chunk(0, path, first, last, span, cutter.text[span.start : span.end], embed_text)


def joined_path(path: tuple[str, ...]) -> str:
    """A heading path as the embedder reads it."""
    parts = [part[:MAX_HEADING] for part in path if part]
    while len(parts) > 1 and len(" > ".join(parts)) > MAX_HEADING:
        parts = parts[1:]
    return " > ".join(parts)


def _excluded(note: Note) -> Iterator[Span]:
    yield Span(0, note.body_start)
    for region in note.regions:
        if region.kind == "managed" or (region.kind == "comment" and _is_block(note.text, region.span)):
            yield region.span


def _is_block(text: str, span: Span) -> bool:
    before, after = text[: span.start][-1:], text[span.end : span.end + 1]
    return before in ("", "\n", "\r") and after in ("", "\n", "\r")


def _sections(note: Note, headings: list[Heading]) -> Iterator[tuple[tuple[str, ...], Span]]:
    start = note.body_start
    path: list[Heading] = []
    for heading in headings:
        yield tuple(h.text for h in path), Span(start, max(start, heading.span.start))
        path = [h for h in path if h.level < heading.level] + [heading]
        start = heading.span.end
    yield tuple(h.text for h in path), Span(start, len(note.text))


def _without(span: Span, excluded: Spans) -> Iterator[Span]:
    start = span.start
    for gap in excluded.within(span):
        yield Span(start, gap.start)
        start = gap.end
    yield Span(start, span.end)


def _packed(cutter: Cutter, free: Span, min_chars: int) -> list[Span]:
    """Pieces joined greedily; room is left for a small last piece, so that it needs no chunk of its own."""
    packed: list[tuple[Span, int]] = []
    room = max(cutter.limit - min_chars, 1)
    for piece in cutter.pieces(free):
        heavy = weight(cutter.text[piece.start : piece.end])
        joined = _joined(cutter, packed[-1], piece, heavy) if packed else None
        if joined and joined[1] <= room:
            packed[-1] = joined
        else:
            packed.append((piece, heavy))
    if len(packed) > 1 and packed[-1][1] < min_chars:
        joined = _joined(cutter, packed[-2], *packed[-1])
        packed = [*packed[:-2], joined] if joined and joined[1] <= cutter.limit else packed
    return [span for span, _ in packed]


def _joined(cutter: Cutter, before: tuple[Span, int], piece: Span, heavy: int) -> tuple[Span, int] | None:
    """Both and the white space between them with their weight; None where one long word was cut there."""
    span, weight_before = before
    if span.end == piece.start:
        return None
    return Span(span.start, piece.end), weight_before + weight(cutter.text[span.end : piece.start]) + heavy


def _embeddable(source: str, span: Span, comments: Spans) -> str:
    shown = "".join(source[part.start : part.end] for part in _without(span, comments))
    return visible(shown) if _WORD.search(shown) else ""


def _table_header(cutter: Cutter, span: Span) -> str:
    """What the columns are called, where the span begins further down in a table."""
    header = cutter.table_header(span.start)
    shown = visible(cutter.text[header.start : header.end]) if header else ""
    return shown if len(shown) <= MAX_LEAD else ""


def _last_sentence(body: str) -> str:
    """What a chunk that refers back may refer to; nothing where that is too long to be read twice."""
    last = sentences(body)[-1:]
    said = body[last[0].start : last[0].end] if last else ""
    return said if len(said) <= MAX_LEAD else ""


def _description(note: Note, cutter: Cutter) -> Iterator[_Piece]:
    """The frontmatter's `description`: what its author says the note is about, wherever it stands."""
    value = next((value for key, value in note.frontmatter.items() if key.lower() == "description"), None)
    match = _DESCRIPTION.search(note.text, 0, note.body_start)
    if match and isinstance(value, str) and (text := " ".join(visible(value).split())):
        start = note.text.find(value.strip(), match.start(1), match.end(1))
        span = Span(start, start + len(value.strip())) if start >= 0 else Span(*match.span(1))
        parts = list(cutter.pieces(span))
        for part in parts:
            shown = text if len(parts) == 1 else visible(note.text[part.start : part.end])
            if shown:
                yield (), part, shown


def _headings_only(headings: list[Heading], excluded: Spans, cutter: Cutter) -> Iterator[_Piece]:
    """One chunk for a note of nothing but headings, so that it can be found by them."""
    named = [heading for heading in headings if heading.text]
    shown: list[Heading] = []
    for heading in named:
        span = Span(named[0].span.start, heading.span.end)
        if shown and (span.end - span.start > cutter.limit or excluded.within(span)):
            break
        shown.append(heading)
    if shown:
        span = Span(shown[0].span.start, shown[-1].span.end)
        fits = weight(cutter.text[span.start : span.end]) <= cutter.limit
        yield (), span if fits else next(cutter.pieces(span)), "\n".join(h.text for h in shown)[: cutter.limit]
