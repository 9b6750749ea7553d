"""Links in Famulus's own lines, read back in whatever form they were written."""

import re
from dataclasses import dataclass

from agents.links.linkform import Goal, heading_part, spellings
from vault_sync.notes.linktext import LinkText, find_destination, read_destination, read_wikilink
from vault_sync.paths import NOTE_SUFFIX, VaultPath

__all__ = ["FoundLink", "first_link", "heading_part", "link_to", "linked_name"]

_LINK = re.compile(r"\[\[(?P<wiki>[^\[\]\r\n]+)\]\]|\[(?P<label>(?:\\.|[^\[\]\\\r\n])*)\]\(")


@dataclass(frozen=True, slots=True)
class FoundLink:
    """A link in a line: where it stands, and what is written in it."""

    start: int
    end: int
    parts: LinkText


def link_to(linkpath: str, heading: str = "") -> str:
    """A wikilink to the note that `linkpath` names, or a Markdown link where the name holds what a wikilink can not."""
    goal = Goal(VaultPath(linkpath + NOTE_SUFFIX), heading)
    return next(spellings("wikilink", goal, VaultPath(""), name=linkpath))


def first_link(text: str) -> FoundLink | None:
    """The first link to something in a vault; `linked_name` says where it goes."""
    for match in _LINK.finditer(text):
        end = match.end()
        parts = read_wikilink(match["wiki"]) if match["wiki"] else None
        if not match["wiki"] and (found := find_destination(text, end, len(text))):
            parts, end = read_destination(found[0], match["label"]), found[1]
        if parts is not None:
            return FoundLink(match.start(), end, parts)
    return None


def linked_name(link: FoundLink) -> str:
    """What the link names, as a resolver takes it, without heading, alias, `.md` and percent-encoding."""
    name = link.parts.target
    return name[: -len(NOTE_SUFFIX)] if name.lower().endswith(NOTE_SUFFIX) else name
