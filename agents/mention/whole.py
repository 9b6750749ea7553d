"""Whether words that are a name stand by themselves, or are a part of a longer word, a path or an address. Pure."""

import re
from collections.abc import Sequence

from agents.mention.name import Name
from agents.mention.tokens import Token
from vault_sync.notes.note import Note, Span

_GLUED = re.compile(r"[-‑_'’][^\W_]|[-‑]\]|[-‑]\[|[#+@&$%]\S|[=~](?![=~])\S|\]\]|\[\[")
"""How what stands right before (read backwards) or right after a word shows that it is a part of a longer one."""
_MADE_OF = re.compile(r"[-‑](?:based|like|style|compatible|specific|driven|powered|only|free|aware)(?![-‑\w])")
"""“UNIX-based”: a name and what it does to the next word."""
_CALL = re.compile(r"\([^\s()]")
"""“@Before("…")” is code."""
_COMPOUND = re.compile(r"[A-Za-z0-9][-‑][а-яё]")
"""«Docker-образ»: a name and a word in another script."""
_LONGEST_RUN = 80
_RUN_BEFORE = re.compile(r"[^\s()\[\]<>\"'«»“”‘’`|]*\Z")
_RUN_AFTER = re.compile(r"[^\s()\[\]<>\"'«»“”‘’`|]{0,80}")
_PATHLIKE = re.compile(r"[\\_]|\w[.:]\w|/\S*/|\w/\w+\.\w|^/\w|^\.\.?/|/\.\w")
_MARKS = re.compile(r"[-*+>#|\[\](){}\"'«»“”‘’`_=~\\\d]")
"""With what Markdown's marks and a phrase in brackets or quotes begin: no sign of a title."""
_BRACKETS = {"(": ")", "[": "]", "{": "}"}


def within_word(text: str, found: Sequence[Token], name: Name) -> bool:
    """Whether the words are a part of a longer word, an identifier, a path or an address."""
    start, end = found[0].start - len(name.lead), max(found[-1].end, found[-1].stop + len(name.trail))
    before, after = text[max(0, start - 2) : start][::-1], text[end : end + 2]
    compound = _COMPOUND.match(text, end - 1) or _MADE_OF.match(text, end)
    if _GLUED.match(before) or (_GLUED.match(after) and not compound):
        return True
    if _CALL.match(text, end):
        return True
    left, right = _RUN_BEFORE.search(text, max(0, start - _LONGEST_RUN), start), _RUN_AFTER.match(text, end)
    run = f"{left.group() if left else ''}x{right.group() if right else ''}"
    return _PATHLIKE.search(run.rstrip(".,;:!?*_~=").lstrip("*_~=")) is not None


def with_signs(note: Note, name: Name, span: Span) -> Span:
    """The span with the signs that a title begins with, where they stand there too: «🌱 Garden plan», «$- Сокет»."""
    signs = name.text[: name.tokens[0].start - len(name.lead)]
    start = span.start - len(signs)
    if name.kind not in ("title", "alias") or not signs.strip() or _MARKS.match(signs) or start < note.body_start:
        return span
    there = Span(start, span.start)
    if note.text[start : span.start] != signs or any(region.span.overlaps(there) for region in note.regions):
        return span
    return Span(start, span.end)


def closed(text: str, span: Span) -> Span | None:
    """The span with the bracket that it opens and that closes right behind it: «systems (DBMS)».

    None where it cuts a pair of brackets in two.
    """
    waiting: list[str] = []
    for char in text[span.start : span.end]:
        if char in _BRACKETS:
            waiting.append(_BRACKETS[char])
        elif char in _BRACKETS.values() and (not waiting or waiting.pop() != char):
            return None
    behind = "".join(reversed(waiting))
    return Span(span.start, span.end + len(behind)) if text.startswith(behind, span.end) else None
