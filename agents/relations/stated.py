"""What a note's owner wrote of how other notes stand to it: links in a list under “Broader”, «Нижестоящие» and the like."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from agents.related.section import RELATIONS, Relation
from vault_sync.index.records import Occurrence
from vault_sync.notes.linktext import read_wikilink
from vault_sync.text import fold

_CALLED: Final[Mapping[Relation, re.Pattern[str]]] = {
    "broader": re.compile(
        r"(?:broader|wider|parents?|superordinate|вышестоящ\w+|родительск\w+|более общ\w+)(?:\s+(?:notes?|ideas?|topics?|terms?"
        r"|иде[яи]|заметк[аи]|тем[аы]|поняти[ея]))?"
    ),
    "narrower": re.compile(
        r"(?:narrower|children|child|subordinate|нижестоящ\w+|дочерни\w+|более частн\w+)(?:\s+(?:notes?|ideas?|topics?|terms?"
        r"|иде[яи]|заметк[аи]|тем[аы]|поняти[ея]))?"
    ),
    "direct": re.compile(
        r"(?:directly related|siblings?|прямо относящ\w+|соседн\w+)(?:\s+(?:notes?|ideas?|topics?|иде[яи]|заметк[аи]|тем[аы]))?"
    ),
}
_HEADING = re.compile(r"[ \t]{0,3}#{1,6}[ \t]+(?P<text>.*?)[ \t#]*")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d+[.)])[ \t]+(?:\[[ xX]\][ \t]+)?[*_]*\[\[(?P<inner>[^\[\]]+)\]\]")
_ORNAMENT = re.compile(r"^\W+|\W+$")


def stated_in(chunks: Iterable[Occurrence]) -> dict[str, Relation]:
    """By folded title the notes that begin an item of such a list, and what they are to this one; the first counts."""
    found: dict[str, Relation] = {}
    for chunk in chunks:
        here = _relation(chunk.heading[-1]) if chunk.heading else None
        for line in chunk.text.splitlines():
            heading, item = _HEADING.fullmatch(line), _ITEM.match(line)
            if heading is not None:
                here = _relation(heading["text"])
            elif here is not None and item is not None and (link := read_wikilink(item["inner"])) is not None:
                name = fold(link.target.rpartition("/")[2].removesuffix(".md"))
                found |= {name: here} if name and name not in found else {}
    return found


def _relation(heading: str) -> Relation | None:
    said = _ORNAMENT.sub("", fold(heading))
    return next((relation for relation in RELATIONS if _CALLED[relation].fullmatch(said)), None)
