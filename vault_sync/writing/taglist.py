"""More tags for an entry that has some, in the way in which they are written there."""

from collections.abc import Sequence

import yaml

from vault_sync.notes.entries import Entries, Entry, Piece
from vault_sync.notes.note import Span
from vault_sync.writing.scalar import quoted, scalar

_NULL = "tag:yaml.org,2002:null"
_ONE_LINE = (None, "", "'", '"')
"""Styles of scalars that end where they seem to: no `|` and no `>`."""


def more_tags(entries: Entries, entry: Entry, tags: Sequence[str]) -> list[Piece]:
    """The changes that add `tags` at the end of the entry's value, in order of their places.

    Raises PropertiesError for a value that is no list and no line of tags, or that has an anchor or a YAML tag.
    """
    value = entry.value
    if entries.written(value).startswith(("&", "!")):
        raise entries.refusal(f"The value of `{entry.key}` has a YAML anchor or tag.")
    if isinstance(value, yaml.SequenceNode):
        if not all(isinstance(item, yaml.ScalarNode) and item.style in _ONE_LINE for item in value.value):
            raise entries.refusal(f"An item of `{entry.key}` is no single word.")
        return (_flow if value.flow_style else _block)(entries, value, tags)
    if not isinstance(value, yaml.ScalarNode) or value.style not in _ONE_LINE:
        raise entries.refusal(f"The value of `{entry.key}` is no list and no line of tags.")
    if value.tag == _NULL:
        return _instead_of_nothing(entries, entry, tags)
    return [_text(entries, value, tags)]


def new_list(entries: Entries, tags: Sequence[str], newline: str) -> str:
    """A list of `tags` for an entry without one, from after the colon to the line end, like the first list there."""
    model = next((e.value for e in entries.all if isinstance(e.value, yaml.SequenceNode) and e.value.value), None)
    if model is not None and model.flow_style:
        return f" {_bracketed(tags)}{newline}"
    return newline + _lines(entries, tags, newline)


def _lines(entries: Entries, tags: Sequence[str], newline: str) -> str:
    models = [e.value for e in entries.all if isinstance(e.value, yaml.SequenceNode) and e.value.flow_style is not True]
    deeper = max(models[0].start_mark.column - entries.column, 0) if models else 2
    indent = " " * (entries.column + deeper)
    return "".join(f"{indent}- {scalar(tag)}{newline}" for tag in tags)


def _bracketed(tags: Sequence[str]) -> str:
    return f"[{', '.join(map(scalar, tags))}]"


def _instead_of_nothing(entries: Entries, entry: Entry, tags: Sequence[str]) -> list[Piece]:
    """Lines after an empty value, whose own line stays; a list in brackets in the place of `null` and `~`."""
    span = entries.span(entry.value)
    if span.end > span.start:
        return [Piece(span, _bracketed(tags))]
    place = entries.line_after(entry.key_span.end)
    return [Piece(Span(place, place), _lines(entries, tags, entries.newline(entry.key_span.end)))]


def _text(entries: Entries, value: yaml.ScalarNode, tags: Sequence[str]) -> Piece:
    span = entries.span(value)
    mark = len(value.style or "")
    kept = entries.text[span.start + mark : span.end - mark].rstrip(" \t")
    words = value.value.split()
    glue = " " if len(words) > 1 and "," not in value.value else ", "
    lead = "" if not kept else " " if kept.endswith(",") else glue
    return Piece(Span(span.start + mark + len(kept), span.end - mark), lead + glue.join(tags))


def _block(entries: Entries, value: yaml.SequenceNode, tags: Sequence[str]) -> list[Piece]:
    last = entries.span(value.value[-1])
    lead = entries.before(last.start)
    if lead.strip(" \t") != "-":
        lead = " " * value.start_mark.column + "-"
    lead += "" if lead.endswith((" ", "\t")) else " "
    newline = entries.newline(last.end)
    place = entries.line_after(last.end)
    return [Piece(Span(place, place), "".join(f"{lead}{_like(value, tag)}{newline}" for tag in tags))]


def _like(value: yaml.SequenceNode, tag: str) -> str:
    """The tag, quoted where all the others are quoted in one way."""
    marks = {item.style or "" for item in value.value}
    mark = marks.pop() if len(marks) == 1 else ""
    return quoted(tag, mark) if mark else scalar(tag)


def _flow(entries: Entries, value: yaml.SequenceNode, tags: Sequence[str]) -> list[Piece]:
    if not value.value:
        return [_into_empty(entries, entries.span(value), tags)]
    last = entries.span(value.value[-1])
    comma = _trailing_comma(entries, value)
    words = [_like(value, tag) for tag in tags]
    if entries.before(last.start).strip(" \t"):
        return [_on_the_line(entries, value, words, comma)]
    return _on_lines(entries, value, words, comma)


def _into_empty(entries: Entries, span: Span, tags: Sequence[str]) -> Piece:
    inner = Span(span.start + 1, span.end - 1)
    blank = not entries.text[inner.start : inner.end].strip(" \t")
    return Piece(inner if blank else Span(inner.start, inner.start), ", ".join(map(scalar, tags)))


def _trailing_comma(entries: Entries, value: yaml.SequenceNode) -> int | None:
    """The offset after the comma that follows the last item, None where there is none."""
    whole, last = entries.span(value), entries.span(value.value[-1])
    tail = entries.text[last.end : whole.end]
    # an item in front makes the scanner read the tail as it reads it in its place
    for token in yaml.scan("[x" + tail, Loader=yaml.SafeLoader):
        if isinstance(token, yaml.FlowEntryToken):
            return last.end - 2 + int(token.end_mark.index)
    return None


def _on_the_line(entries: Entries, value: yaml.SequenceNode, words: Sequence[str], comma: int | None) -> Piece:
    spans = [entries.span(item) for item in value.value]
    gap = entries.text[spans[-2].end : spans[-1].start] if len(spans) > 1 else ""
    glue = gap if gap.strip(" ") == "," else ", "
    if comma is not None:
        return Piece(Span(comma, comma), "".join(f"{glue[glue.index(',') + 1 :]}{word}," for word in words))
    end = spans[-1].end
    return Piece(Span(end, end), "".join(glue + word for word in words))


def _on_lines(entries: Entries, value: yaml.SequenceNode, words: Sequence[str], comma: int | None) -> list[Piece]:
    """Each on a line of its own, after the last item's line: a comment there stays with its item."""
    last = entries.span(value.value[-1])
    indent, newline = entries.before(last.start), entries.newline(last.end)
    end = comma or last.end
    lines = [indent + word for word in words]
    listed = f",{newline}".join(lines) + ("," if comma else "")
    place = entries.line_after(end)
    if place >= entries.span(value).end:  # the bracket stands on the same line
        return [Piece(Span(end, end), f"{'' if comma else ','}{newline}{listed}")]
    after = Piece(Span(place, place), listed + newline)
    return [after] if comma else [Piece(Span(end, end), ","), after]
