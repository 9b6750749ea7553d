"""Managed sections: the parts of a note that Famulus owns, told apart from what only looks like one."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from vault_sync.notes.lines import Spans
from vault_sync.notes.note import Region, Span

# A marker is a line of its own, unindented: anything else is the user quoting one.
_MARKER = re.compile(r"(?:^|(?<=\n)|(?<=\r))%% (/?)famulus:([^\s%]+) %%[ \t]*(?=\r|\n|\Z)")


# Whatever a reader would take for a marker, also where it is damaged.
_LIKE = re.compile(r"%%[ \t]*/?famulus:(?P<name>[\w-]+)[^%\r\n]*(?:%%)?")
_CODE = frozenset({"code", "inline_code", "math", "html", "frontmatter"})


@dataclass(frozen=True, slots=True)
class Marker:
    """One marker line."""

    name: str
    closes: bool
    span: Span


def find_markers(text: str, start: int, hidden: Spans) -> list[Marker]:
    """The marker lines of `text` from `start` that do not lie in `hidden` (code, HTML)."""
    found = _MARKER.finditer(text, start)
    return [
        Marker(match.group(2), bool(match.group(1)), Span(*match.span()))
        for match in found
        if match.start() not in hidden
    ]


def managed_sections(markers: Iterable[Marker]) -> list[Region]:
    """Managed sections with their markers: an opening and its closing, next to each other, one pair a name.

    Whatever is damaged, unclosed, nested or there twice is the user's text, for nobody can say whose it is.
    """
    ordered = list(markers)
    count = Counter(marker.name for marker in ordered)
    last_close = {marker.name: marker.span.end for marker in ordered if marker.closes}
    found = []
    enclosed_until = 0
    for opened, closed in zip_longest(ordered, ordered[1:]):
        if opened.closes:
            continue
        paired = closed is not None and closed.closes and closed.name == opened.name
        if closed is not None and paired and count[opened.name] == 2 and closed.span.end > enclosed_until:
            found.append(Region("managed", Span(opened.span.start, closed.span.end), opened.name))
        enclosed_until = max(enclosed_until, last_close.get(opened.name, 0))
    return found


def find_section(text: str, regions: Sequence[Region], name: str) -> Span | None:
    """The section from the first character of a marker to the last of the other, None where there is none.

    Raises ValueError with the cause where its markers can not be trusted.
    """
    spans = [Span(*match.span()) for match in _LIKE.finditer(text) if match["name"] == name]
    if not spans:
        return None
    if any(span.overlaps(region.span) for region in regions if region.kind in _CODE for span in spans):
        raise ValueError("A marker of the section stands in code, math, HTML or frontmatter.")
    region = next((r.span for r in regions if r.kind == "managed" and r.name == name), None)
    if len(spans) != 2 or region is None or region.start != spans[0].start or region.end < spans[1].end:
        raise ValueError("The section's markers are damaged, nested, doubled or share a line with other text.")
    return Span(spans[0].start, spans[1].end)


def untrusted_sections(text: str, regions: Sequence[Region]) -> dict[str, str]:
    """The sections of a note that are left alone, by name, each with the cause."""
    found: dict[str, str] = {}
    for name in sorted({match["name"] for match in _LIKE.finditer(text)}):
        try:
            find_section(text, regions, name)
        except ValueError as error:
            found[name] = str(error)
    return found
