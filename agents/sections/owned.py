"""Any managed section of a note: found by its name, framed by its markers, put in and taken out.

Everything outside the markers is the user's: only the text from marker to marker changes, and a new section goes in
front of the newlines at the end of the note, so that taking it out again gives the same bytes.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from agents.errors import AgentError
from vault_sync.index.records import Occurrence
from vault_sync.notes.note import Note, Span
from vault_sync.notes.parse import parse_note
from vault_sync.notes.sections import find_section
from vault_sync.writing.edit import Edit, apply, content_hash


class ManagedSectionError(AgentError):
    """The section's markers can not be trusted, so Famulus leaves the note alone."""

    code = "managed_section"


@dataclass(frozen=True, slots=True)
class Section:
    """A found section: `span` from the first character of a marker to the last of the other."""

    span: Span
    inner: str


@dataclass(frozen=True, slots=True)
class Swap:
    """The text at `span` and what it is replaced by."""

    span: Span
    before: str
    after: str


def opening(name: str) -> str:
    """The marker above the section."""
    return f"%% famulus:{name} %%"


def closing(name: str) -> str:
    """The marker below it."""
    return f"%% /famulus:{name} %%"


def find(note: Note, name: str) -> Section | None:
    """The note's section, None where it has none.

    Raises ManagedSectionError where markers are damaged, nested, doubled or stand in code.
    """
    try:
        span = find_section(note.text, note.regions, name)
    except ValueError as error:
        raise _untouchable(note, name, str(error)) from error
    if span is None:
        return None
    return Section(span, note.text[span.start : span.end].removeprefix(opening(name)).removesuffix(closing(name)))


def _untouchable(note: Note, name: str, cause: str) -> ManagedSectionError:
    return ManagedSectionError(
        f"The section {name!r} was not written into {note.path!r}.",
        cause,
        f"Delete the lines with `famulus:{name}`, or put one `{opening(name)}` and one `{closing(name)}` on lines of"
        " their own.",
    )


def outside(note: Note, section: Section | None) -> str:
    """The text without this section; other managed sections count."""
    if section is None:
        return note.text
    return note.text[: section.span.start] + note.text[section.span.end :]


def own_text(note: Note) -> str:
    """What the user wrote: the text without managed sections and without the newlines around them."""
    pieces, start = [], 0
    for region in note.regions:
        if region.kind == "managed" and region.span.start >= start:
            pieces.append(note.text[start : region.span.start])
            start = region.span.end
    parts = (piece.strip("\r\n") for piece in (*pieces, note.text[start:]))
    return "\n".join(part for part in parts if part)


def own_body(note: Note) -> str:
    """The same without frontmatter."""
    return own_text(note)[note.body_start :].strip("\r\n")


def holds(note: Note, chunks: Iterable[Occurrence]) -> bool:
    """Whether the note's chunks in the index are what it says now: just after a write they are not yet."""
    return all(chunk.text in note.text for chunk in chunks if not chunk.is_description)


def put(note: Note, section: Section | None, name: str, inner: str) -> Swap:
    """Put `inner` (with `\\n` at line ends) between the markers; without `inner` the section is taken out."""
    newline = _newline(note.text)
    framed = f"{opening(name)}\n{inner}\n{closing(name)}".replace("\n", newline)
    if section is None:
        return _inserted(note.text, framed, newline)
    if not inner:
        return _removed(note.text, section.span)
    return Swap(section.span, note.text[section.span.start : section.span.end], framed)


def _newline(text: str) -> str:
    crlf = text.count("\r\n")
    return "\r\n" if crlf > text.count("\n") - crlf else "\n"


def _inserted(text: str, framed: str, newline: str) -> Swap:
    end = len(text.rstrip("\r\n"))
    gap = newline * 2 if end else ""
    return Swap(Span(end, end), "", gap + framed)


def _removed(text: str, span: Span) -> Swap:
    head = text[: span.start]
    gap = re.search(r"(?:\r?\n){0,2}\Z", head)
    start = gap.start() if gap else span.start
    return Swap(Span(start, span.end), text[start : span.end], "")


def edit_of(note: Note, data: bytes, name: str, swap: Swap) -> Edit:
    """The swap as an Edit of the note whose bytes are `data`.

    Raises ManagedSectionError where the note's end is inside an open code block or comment, so that the section
    would not be one.
    """
    edit = Edit(note.path, content_hash(data), swap.span, swap.before, swap.after)
    if opening(name) not in swap.after:
        return edit
    result = parse_note(note.path, apply(edit, data))
    try:
        found = find(result, name)
    except ManagedSectionError as error:
        raise _swallowed(note, name) from error
    if found is not None and _enclosed(result, found.span):
        raise _swallowed(note, name)
    return edit


def _swallowed(note: Note, name: str) -> ManagedSectionError:
    return ManagedSectionError(
        f"The section {name!r} was not written into {note.path!r}.",
        "An open code block, comment or formula would swallow the section.",
        "Close what is open at the end of the note.",
    )


def _enclosed(note: Note, section: Span) -> bool:
    """Whether something that opens in front of the section is not closed there."""
    others = [region.span for region in note.regions if region.kind != "managed"]
    reaching = (span for span in others if span.start < section.start < span.end)
    marks = (m.start() for m in re.finditer("%%", note.text[: section.start]))
    return any(reaching) or any(not any(mark in span for span in others) for mark in marks)
