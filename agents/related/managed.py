"""The managed section `related` in a note: found, merged with what the user did in it, and written back."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agents.related.merge import Item, Written, merged_blocks, target_key
from agents.related.section import Resolve, entry, parse, render
from agents.sections import owned
from agents.sections.owned import ManagedSectionError, Section
from vault_sync.notes.note import Note, Span
from vault_sync.text import language_of
from vault_sync.writing.edit import Edit

__all__ = ["CLOSE", "OPEN", "SECTION", "Change", "ManagedSectionError", "change", "edit_for", "find", "own_text"]

SECTION = "related"
OPEN = owned.opening(SECTION)
CLOSE = owned.closing(SECTION)
_FOOTNOTE = re.compile(r"\[\^(famulus-\d+)\]")


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
    return owned.find(note, SECTION)


def own_text(note: Note) -> str:
    """What the user wrote: the text without managed sections and without the newlines around them.

    Raises ManagedSectionError as `find` does.
    """
    find(note)
    return owned.own_text(note)


def change(note: Note, items: Sequence[Item], written: Sequence[Written], resolve: Resolve) -> Change | None:
    """Bring the section up to `items`; None where it already is.

    `written` is what Famulus last wrote. A line that differs from it is the user's and stays; a line that is
    still as written is replaced by the item for the same note, or dropped where there is none.
    Raises ManagedSectionError as `find` does.
    """
    section = find(note)
    old = parse(section.inner) if section else []
    outside = frozenset(_FOOTNOTE.findall(owned.outside(note, section)))
    blocks, now = merged_blocks(old, items, written, resolve, outside)
    language = language_of(own_text(note))
    inner = render(blocks, language)
    if render(old, language) == inner and (section is None or inner):
        return None
    swap = owned.put(note, section, SECTION, inner)
    return Change(swap.span, swap.before, swap.after, now)


def edit_for(note: Note, data: bytes, made: Change) -> Edit:
    """The change as an Edit of the note whose bytes are `data`.

    Raises ManagedSectionError where the note's end is inside an open code block or comment, so that the section
    would not be one.
    """
    return owned.edit_of(note, data, SECTION, owned.Swap(made.span, made.before, made.after))


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
