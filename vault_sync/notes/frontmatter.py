"""The frontmatter of a note: where it is, what it holds, and the forms in which Obsidian takes its keys."""

import datetime
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import yaml
from frontmatter.default_handlers import YAMLHandler

from vault_sync.notes.note import Span

MAX_CHARS = 256_000
"""Longer frontmatter is not read: it is data that somebody pasted, not properties."""

MAX_DEPTH = 50

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The loader that reads frontmatter. It knows more of YAML than the one in pure Python, such as `[what?]`."""

_OPEN = re.compile(r"---[ \t]*(?:\r\n?|\n)")
_CLOSE = re.compile(r"(?:(?<=\n)|(?<=\r))---[ \t]*(?:\r\n?|\n|\Z)")
_SEPARATORS = re.compile(r"[,\r\n]")
_TAG_SEPARATORS = re.compile(r"[,\s]+")
_LONG_NUMBER = re.compile(r"[-+0-9a-fA-FxXoO:_.]{500,}")
_NUMERIC = re.compile(r"[\d/]*")


@dataclass(frozen=True, slots=True)
class Frontmatter:
    """The values, why they could not be read, the span of the block with its marks and where the body starts."""

    values: Mapping[str, object]
    error: str | None
    span: Span
    body_start: int


def read_frontmatter(text: str) -> Frontmatter:
    """Read the block at the top of `text`; broken YAML becomes `error`, never an exception."""
    inner = source_span(text)
    closed = _CLOSE.match(text, inner.end) if inner else None
    if inner is None or closed is None:
        return Frontmatter({}, None, Span(0, 0), 0)
    values, error = read_yaml(text[inner.start : inner.end])
    marks_end = closed.start() + len(closed.group().rstrip())
    return Frontmatter(values, error, Span(0, marks_end), closed.end())


def source_span(text: str) -> Span | None:
    """Where the YAML between the two marks stands; None where there is no frontmatter."""
    opened = _OPEN.match(text)
    closed = _CLOSE.search(text, opened.end()) if opened else None
    return Span(opened.end(), closed.start()) if opened and closed else None


def read_yaml(source: str, what: str = "frontmatter") -> tuple[Mapping[str, object], str | None]:
    """The keys and values of `source`, and what is wrong with it; `what` names it there."""
    if len(source) > MAX_CHARS:
        return {}, f"The {what} has {len(source)} characters; at most {MAX_CHARS} are read."
    try:
        _refuse_traps(source)
        values = YAMLHandler().load(source)
    except (yaml.YAMLError, ValueError, LookupError, TypeError, OverflowError, RecursionError, AttributeError) as error:
        return {}, f"The {what} is not valid YAML: {' '.join(str(error).split())[:300]}"
    if values is None:
        return {}, None
    if not isinstance(values, dict):
        return {}, f"The {what} is a {type(values).__name__}, not a list of `key: value` lines."
    return {str(key): value for key, value in values.items()}, None


def _refuse_traps(source: str) -> None:
    """Raise for YAML that could take the process down.

    libyaml's composer recurses in C, aliases multiply, and a number of many digits can not be printed again.
    """
    depth = 0
    for event in yaml.parse(source, Loader=LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise ValueError(f"It nests deeper than {MAX_DEPTH} levels.")
        if isinstance(event, yaml.AliasEvent):
            raise ValueError(f"It uses the YAML alias `*{event.anchor}`, which properties do not have.")
        if isinstance(event, yaml.ScalarEvent) and _LONG_NUMBER.fullmatch(event.value):
            raise ValueError("It holds a number of more than 500 digits.")


def aliases_of(values: Mapping[str, object]) -> tuple[str, ...]:
    """The note's other names, from `aliases` and `alias`: text, a comma list, a list, a number."""
    found = (
        alias.strip()
        for value in _named(values, "aliases", "alias")
        for text in _texts(value)
        for alias in (_SEPARATORS.split(text) if isinstance(value, str) else [text])
    )
    return distinct(found)


def tags_of(values: Mapping[str, object]) -> tuple[str, ...]:
    """The tags of `tags` and `tag`, without `#`; what is only digits is no tag."""
    found = (
        tag.strip("#/")
        for value in _named(values, "tags", "tag")
        for text in _texts(value)
        for tag in _TAG_SEPARATORS.split(text)
    )
    return distinct(tag for tag in found if not _NUMERIC.fullmatch(tag))


def description_of(values: Mapping[str, object]) -> str:
    """The text of `description`; empty where there is none, or a list."""
    texts = (value for value in _named(values, "description") if not isinstance(value, list | tuple | set))
    return next((text.strip() for value in texts for text in _texts(value)), "")


def _named(values: Mapping[str, object], *names: str) -> Iterator[object]:
    for key, value in values.items():
        if key.strip().lower() in names:
            yield value


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, list | tuple | set):
        for item in value:
            if not isinstance(item, list | tuple | set | dict):
                yield from _texts(item)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield str(value)
    elif isinstance(value, datetime.date):
        yield value.isoformat()


def distinct(texts: Iterable[str]) -> tuple[str, ...]:
    """The non-empty `texts` in order; of those that differ only in case, the first."""
    found: dict[str, str] = {}
    for text in texts:
        found.setdefault(text.casefold(), text)
    return tuple(text for text in found.values() if text)
