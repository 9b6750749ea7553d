"""Tags and a description written into a note's frontmatter; every line that they do not need stays as it is."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import yaml

from vault_sync.errors import BadPropertyError
from vault_sync.notes.entries import Entries, Entry, Piece, entries_of, refusal
from vault_sync.notes.frontmatter import description_of, distinct, read_frontmatter, tags_of
from vault_sync.notes.inline import is_tag
from vault_sync.notes.note import Note, Span
from vault_sync.writing.edit import Edit, content_hash
from vault_sync.writing.scalar import scalar
from vault_sync.writing.taglist import more_tags, new_list

_NO_TEXT = frozenset(["Cc", "Cs", "Zl", "Zp"])
_MARK = "---"
_TEXT = "tag:yaml.org,2002:str"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Tags that a note shall have, and the description that it shall have (None: as it is). Made by `wanted`."""

    tags: tuple[str, ...] = ()
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Replace `before` at `span` of `Note.text` by `after`: whole lines."""

    span: Span
    before: str
    after: str


def wanted(tags: Sequence[str] = (), description: str | None = None) -> Wanted:
    """Check what is wanted. Tags may start with `#`; of those that differ only in case the first counts.

    Raises BadPropertyError for what no tag or no one-line description can be, and where nothing is wanted.
    """
    names = [tag.removeprefix("#") for tag in tags]
    for tag, name in zip(tags, names, strict=True):
        if not is_tag(name) or not _is_text(name):
            raise _bad(f"{tag[:100]!r} is no tag.", "Use letters, digits, `_`, `-` and `/`, and not only digits.")
    text = None if description is None else description.strip()
    if description is not None and (not text or not _is_text(description)):
        raise _bad("The description is empty, or has line breaks or control characters.", "Give one line of text.")
    if not names and text is None:
        raise _bad("Neither tags nor a description are given.", "Give one of them.")
    return Wanted(distinct(names), text)


def _is_text(text: str) -> bool:
    return not any(unicodedata.category(char) in _NO_TEXT or char in "\ufeff\ufffe\uffff" for char in text)


def _bad(cause: str, fix: str) -> BadPropertyError:
    return BadPropertyError("These properties can not be written into any note.", cause, fix)


def edit_for(note: Note, data: bytes, goal: Wanted) -> Edit | None:
    """The change as an Edit of the note whose bytes are `data`, None where the note has it all. Raises as `change`."""
    made = change(note, goal)
    return Edit(note.path, content_hash(data), made.span, made.before, made.after) if made else None


def change(note: Note, goal: Wanted) -> Change | None:
    """What makes the note have `goal`, None where it has it all.

    Raises PropertiesError for frontmatter in which it can not be done without touching anything else.
    """
    entries = entries_of(note)
    have = {tag.casefold() for tag in tags_of(note.frontmatter)}
    tags = [tag for tag in goal.tags if tag.casefold() not in have]
    if entries is None:
        return _proven(note, _new_block(note, goal), tags, goal.description)
    described = entries.find("description") if goal.description is not None else None
    text = None if described and _says(described, goal.description) else goal.description
    pieces = _pieces(entries, described, text, tags)
    return _proven(note, _whole_lines(entries, pieces), tags, text) if pieces else None


def _says(entry: Entry, text: str | None) -> bool:
    value = entry.value
    return isinstance(value, yaml.ScalarNode) and value.tag == _TEXT and value.value.strip() == text


def _pieces(entries: Entries, described: Entry | None, text: str | None, tags: Sequence[str]) -> list[Piece]:
    pieces, new = [], ""
    newline = entries.newline(entries.end - 1)
    indent = " " * entries.column
    if text is not None and described:
        pieces.append(_described(entries, described, scalar(text)))
    elif text is not None:
        new += f"{indent}description: {scalar(text)}{newline}"
    tagged = entries.find("tags", "tag") if tags else None
    if tagged:
        pieces += more_tags(entries, tagged, tags)
    elif tags:
        new += f"{indent}tags:{new_list(entries, tags, newline)}"
    pieces.sort(key=lambda piece: piece.span.start)
    return [*pieces, Piece(Span(entries.end, entries.end), new)] if new else pieces


def _described(entries: Entries, entry: Entry, text: str) -> Piece:
    """The description in the place of the one that is there; a comment after it stays."""
    value, span = entry.value, entries.span(entry.value)
    if not isinstance(value, yaml.ScalarNode) or entries.written(value).startswith(("&", "!")):
        raise entries.refusal(f"The value of `{entry.key}` is no text, or has a YAML anchor or tag.")
    if span.end == span.start:
        return _after_colon(entries, entries.colon(entry), text)
    if value.style not in ("|", ">"):
        return Piece(span, text)
    body = entries.written(value).rstrip(" \t\r\n")
    end = span.start + len(body)
    end = entries.lines.end(entries.lines.number(end))  # blanks after the last word go with it
    header = entries.text[span.start : entries.lines.end(entries.lines.number(span.start))]
    comment = header.lstrip("|>+-0123456789").rstrip(" \t")
    return Piece(Span(span.start, end), text + comment)


def _after_colon(entries: Entries, place: int, text: str) -> Piece:
    rest = entries.text[place : entries.lines.end(entries.lines.number(place))]
    blanks = len(rest) - len(rest.lstrip(" \t"))
    return Piece(Span(place, place if rest.strip(" \t") else place + blanks), f" {text}")


def _whole_lines(entries: Entries, pieces: Sequence[Piece]) -> Change:
    """One change from the start of the first line that changes to the end of the last one."""
    lines, text = entries.lines, entries.text
    first, last = pieces[0].span.start, pieces[-1].span.end
    start = lines.start(lines.number(first))
    end = last if last == lines.start(lines.number(last)) else lines.end(lines.number(last))
    after, at = "", start
    for piece in pieces:
        after += text[at : piece.span.start] + piece.after
        at = piece.span.end
    return Change(Span(start, end), text[start:end], after + text[at:end])


def _new_block(note: Note, goal: Wanted) -> Change:
    """A frontmatter in front of a note without one."""
    if note.text.lstrip("\ufeff").startswith(_MARK):
        raise refusal(
            note.path,
            "The note begins with `---` but has no frontmatter: a new one would change how that line is read.",
            "Close the frontmatter, or put a blank line in front of the `---`.",
        )
    lines = [f"description: {scalar(goal.description)}"] if goal.description is not None else []
    lines += ["tags:", *(f"  - {scalar(tag)}" for tag in goal.tags)] if goal.tags else []
    newline = _newline(note.text)
    return Change(Span(0, 0), "", "".join(line + newline for line in (_MARK, *lines, _MARK)))


def _newline(text: str) -> str:
    crlf, lf = text.count("\r\n"), text.count("\n")
    if "\r" in text and not lf:
        return "\r"
    return "\r\n" if crlf > lf - crlf else "\n"


def _proven(note: Note, made: Change, added: Sequence[str], description: str | None) -> Change:
    """The change, read back: the wanted values are there, and all others and the body are as before."""
    text = note.text[: made.span.start] + made.after + note.text[made.span.end :]
    found = read_frontmatter(text)
    same_body = text[found.body_start :] == note.text[note.body_start :]
    tags = {*tags_of(note.frontmatter), *added}
    described = description is None or description_of(found.values) == description
    others = _others(note.frontmatter, added, description) == _others(found.values, added, description)
    if found.error or not (same_body and described and others and set(tags_of(found.values)) == tags):
        raise refusal(
            note.path,
            found.error or "Read back, the frontmatter would not hold what is wanted and everything else as before.",
            "Change it by hand, or write it in a simpler way.",
        )
    return made


def _others(values: Mapping[str, object], added: Sequence[str], description: str | None) -> dict[str, object]:
    changed = ({"tags", "tag"} if added else set()) | ({"description"} if description is not None else set())
    return {key: value for key, value in values.items() if key.strip().lower() not in changed}
