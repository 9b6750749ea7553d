"""Whether a note's title is a proper name, as its own text writes it: Safari is a browser, a safari is a journey. Pure."""

import re
from typing import Literal

Capitals = Literal["proper", "likely", "common", "unknown"]
"""`proper`: it has its capital within sentences too; `likely`: sentences begin with it, without an article."""

_PARTS = r"[#/\\@\[\]_.\-‑]"
_STARTS = re.compile(r"(?:\A|[.!?…:|>*+\-]|[\r\n])[\s>*_\"'«“(\[]*\Z")
_VERBS = r"(?:is|was|are|were|has|can|does|provides|offers|uses|runs|supports|allows|lets|helps|makes)\b"
_BARE = re.compile(rf"[*_]*(?:\s*\([^()]*\))?[*_]*\s+{_VERBS}")
_SHARE = 0.2
"""The share of lower case up to which a name is a proper one all the same: names of commands, packages and addresses."""


def capitals(title: str, text: str) -> Capitals:
    """How `text`, the note's own, writes the one word that `title` is.

    Unknown for names with capitals within, and for those without any that sentences only begin with.
    """
    if not title[1:].islower() or not title.isalpha():
        return "unknown"
    within = begins = lower = 0
    for match in re.finditer(rf"(?<!\w)(?<!{_PARTS}){title}(?:s|['’]s)?(?!\w)(?!{_PARTS}\w)", text, re.IGNORECASE):
        start = match.start()
        if match.group()[0].islower():
            lower += 1
        elif match.group()[1:].islower() and _STARTS.search(text[max(0, start - 20) : start]) is None:
            within += text[text.rfind("\n", 0, start) + 1 : start].lstrip()[:1] != "#"
        else:
            begins += _BARE.match(text, match.end()) is not None
    small = lower > _SHARE * (within + begins)
    if title[:1].islower():
        return "proper" if within > 1 and not small else "unknown"
    if small:
        return "common"
    return "proper" if within > 1 else "likely" if within or begins else "unknown"
