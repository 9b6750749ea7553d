"""The managed section `related` in a note: found, merged with what the user did in it, and written back.

Everything outside the markers is the user's: only the text from marker to marker changes, and a new section
goes in front of the newlines at the end of the note, so that taking it out again gives the same bytes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agents.errors import AgentError
from agents.merge import Item, Written, merged_blocks, target_key
from agents.section import Resolve, entry, parse, render
from vault_sync.edit import Edit, apply, content_hash
from vault_sync.note import Note, Span
from vault_sync.parse import parse_note
from vault_sync.sections import find_section
from vault_sync.text import language_of

SECTION = "related"
OPEN = f"%% famulus:{SECTION} %%"
CLOSE = f"%% /famulus:{SECTION} %%"
_FOOTNOTE = re.compile(r"\[\^(famulus-\d+)\]")


class ManagedSectionError(AgentError):
    """The section's markers can not be trusted, so Famulus leaves the note alone."""

    code = "managed_section"


@dataclass(frozen=True, slots=True)
class Section:
    """A found section: `span` from the first character of a marker to the last of the other."""

    span: Span
    inner: str


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of the section: the text at `span` and what it is replaced by, and what was then written."""

    span: Span
    before: str
    after: str
    written: tuple[Written, ...]


def find(note: Note) -> Section | None:
    """The note's section, None where it has none.

    Raises ManagedSectionError where markers are damaged, nested, doubled or stand in code.
    """
    try:
        span = find_section(note.text, note.regions, SECTION)
    except ValueError as error:
        raise _untouchable(note, str(error)) from error
    if span is None:
        return None
    return Section(span, note.text[span.start : span.end].removeprefix(OPEN).removesuffix(CLOSE))


def _untouchable(note: Note, cause: str) -> ManagedSectionError:
    return ManagedSectionError(
        f"Related notes were not written into {note.path!r}.",
        cause,
        f"Delete the lines with `famulus:{SECTION}`, or put one `{OPEN}` and one `{CLOSE}` on lines of their own.",
    )


def own_text(note: Note) -> str:
    """What the user wrote: the text without the section and without the newlines around it.

    Raises ManagedSectionError as `find` does.
    """
    section = find(note)
    if section is None:
        return note.text.strip("\r\n")
    pieces = (note.text[: section.span.start], note.text[section.span.end :])
    return "\n".join(piece.strip("\r\n") for piece in pieces).strip("\r\n")


def change(note: Note, items: Sequence[Item], written: Sequence[Written], resolve: Resolve) -> Change | None:
    """Bring the section up to `items`; None where it already is.

    `written` is what Famulus last wrote. A line that differs from it is the user's and stays; a line that is
    still as written is replaced by the item for the same note, or dropped where there is none.
    Raises ManagedSectionError as `find` does.
    """
    section = find(note)
    old = parse(section.inner) if section else []
    outside = frozenset(_FOOTNOTE.findall(_outside(note, section)))
    blocks, now = merged_blocks(old, items, written, resolve, outside)
    language = language_of(own_text(note))
    inner = render(blocks, language)
    if section is not None and not inner:
        return _removed(note.text, section.span, now)
    if render(old, language) == inner:
        return None
    newline = _newline(note.text)
    if section is None:
        return _inserted(note.text, _framed(inner, newline), newline, now)
    before = note.text[section.span.start : section.span.end]
    return Change(section.span, before, _framed(inner, newline), now)


def _outside(note: Note, section: Section | None) -> str:
    if section is None:
        return note.text
    return note.text[: section.span.start] + note.text[section.span.end :]


def _newline(text: str) -> str:
    crlf = text.count("\r\n")
    return "\r\n" if crlf > text.count("\n") - crlf else "\n"


def _framed(inner: str, newline: str) -> str:
    return f"{OPEN}\n{inner}\n{CLOSE}".replace("\n", newline)


def _inserted(text: str, framed: str, newline: str, now: tuple[Written, ...]) -> Change:
    end = len(text.rstrip("\r\n"))
    gap = newline * 2 if end else ""
    return Change(Span(end, end), "", gap + framed, now)


def _removed(text: str, span: Span, now: tuple[Written, ...]) -> Change:
    head = text[: span.start]
    gap = re.search(r"(?:\r?\n){0,2}\Z", head)
    start = gap.start() if gap else span.start
    return Change(Span(start, span.end), text[start : span.end], "", now)


def edit_for(note: Note, data: bytes, made: Change) -> Edit:
    """The change as an Edit of the note whose bytes are `data`.

    Raises ManagedSectionError where the note's end is inside an open code block or comment, so that the section
    would not be one.
    """
    edit = Edit(note.path, content_hash(data), made.span, made.before, made.after)
    result = parse_note(note.path, apply(edit, data))
    found = find(result) if OPEN in made.after else None
    if found is not None and _enclosed(result, found.span):
        raise _untouchable(note, "An open code block, comment or formula would swallow the section.")
    return edit


def _enclosed(note: Note, section: Span) -> bool:
    """Whether something that opens in front of the section is not closed there."""
    others = [region.span for region in note.regions if region.kind != "managed"]
    reaching = (span for span in others if span.start < section.start < span.end)
    marks = (m.start() for m in re.finditer("%%", note.text[: section.start]))
    return any(reaching) or any(not any(mark in span for span in others) for mark in marks)


def present(note: Note, resolve: Resolve) -> dict[str, str]:
    """What stands in the section: the reason of each linked note, by `target_key`.

    Raises ManagedSectionError as `find` does.
    """
    section = find(note)
    found: dict[str, str] = {}
    for block in parse(section.inner) if section else ():
        for line in block.lines:
            item = entry(line)
            if item is not None and block.part != "sources":
                found.setdefault(target_key(item.name, resolve), item.reason)
    return found
