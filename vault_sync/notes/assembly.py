"""Making one text of a document's parts, so that every passage of it has a place."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from vault_sync.notes.frontmatter import distinct
from vault_sync.notes.note import Link, Note, Part, Span
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath, title_of

BETWEEN = "\n\n"


@dataclass(frozen=True, slots=True)
class Piece:
    """Text under a heading path; `markdown` where it is to be read as a note. `places` as in `Part`."""

    heading: tuple[str, ...]
    text: str
    places: tuple[tuple[int, int], ...] = ()
    markdown: bool = False


def assembled(path: VaultPath, pieces: Iterable[Piece], links: Iterable[Link] = (), remark: str = "") -> Note:
    """The document as a note: the text of the pieces, one after the other, with the links and tags in them."""
    parts = list(_parts(path, [piece for piece in pieces if piece.text.strip()]))
    text = BETWEEN.join(part.note.text for part in parts)
    found = [*links, *(link for part in parts for link in _links(part))]
    tags = distinct(tag for part in parts for tag in part.note.tags)
    return replace(plain(path, text), links=tuple(found), tags=tags, parts=tuple(parts), remark=remark)


def plain(path: VaultPath, text: str) -> Note:
    """A note of which nothing is known but its text."""
    return Note(path, title_of(path), text, {}, None, 0, (), (), (), (), (), ())


def _parts(path: VaultPath, pieces: Iterable[Piece]) -> Iterator[Part]:
    start = 0
    for piece in pieces:
        note = parse_note(path, piece.text.encode()) if piece.markdown else plain(path, piece.text)
        if note.text != piece.text or note.body_start:  # neither a byte order mark nor frontmatter is one here
            note = plain(path, piece.text)
        yield Part(piece.heading, note, start, piece.places)
        start += len(piece.text) + len(BETWEEN)


def _links(part: Part) -> Iterator[Link]:
    for link in part.note.links:
        line = part.lines(link.span)[0] if part.places else link.line
        yield replace(link, span=Span(part.start + link.span.start, part.start + link.span.end), line=line)
