"""Managed sections: the parts of a note that Famulus owns, told apart from what only looks like one."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest

from vault_sync.lines import Spans
from vault_sync.note import Region, Span

# A marker is a line of its own, unindented: anything else is the user quoting one.
_MARKER = re.compile(r"(?:^|(?<=\n)|(?<=\r))%% (/?)famulus:([^\s%]+) %%[ \t]*(?=\r|\n|\Z)")


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
