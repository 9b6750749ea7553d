"""Patterns of paths: globs and folders as the settings have them, and filters as Obsidian has them. Pure.

Case never matters, and in doubt a pattern fits: a note that is hidden by mistake is missed, one that is shown is told.
"""

import fnmatch
import re
import warnings
from collections.abc import Iterable
from functools import lru_cache

from vault_sync.paths import within
from vault_sync.text import fold

LONGEST = 200
"""Characters of a regular expression."""
MOST_LOOPS = 2
"""Parts of a regular expression that may repeat without end: each multiplies the time by the length of the path."""
MOST_CHOICES = 8
"""Parts that may be left out, and groups with alternatives: each multiplies the time."""

_LEAD = re.compile(r"^\^?(?:\.\*\??)+")
_TAIL = re.compile(r"(?<!\\)(?:\.\*\??)+\$?$")
_GROUP_NAME = re.compile(r"\(\?<(?=[A-Za-z_$])")
_BACK_REFERENCE = re.compile(r"\\k<(\w+)>")
_PIECE = re.compile(
    r"(?:\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\??|.)"
    r"(?:(?P<repeats>(?:[*+]|\{\d*,\d*\}|(?P<exact>\{\d+\}))[?+]?)|(?P<may>\?[?+]?))?",
    re.DOTALL,
)
"""A character, an escape or a class, and how often it repeats."""


def fits(path: str, patterns: Iterable[str]) -> bool:
    """Whether one of `patterns` names the path, a folder that it lies in, or fits it as a glob (`*` crosses `/`)."""
    folded = fold(path)
    return any(_fits(folded, pattern) for pattern in patterns)


def _fits(folded: str, pattern: str) -> bool:
    wanted = _folded(pattern)
    return within(folded, wanted) or fnmatch.fnmatchcase(folded, wanted)


@lru_cache(maxsize=1024)
def _folded(pattern: str) -> str:
    return fold(pattern.strip("/"))


def ignores(filters: Iterable[str], path: str) -> bool:
    """Whether one of Obsidian's `filters` hides the path: `/a regular expression/`, or how the path begins.

    A filter that `problem` objects to hides nothing.
    """
    folded = fold(path)
    return any(_ignores(text, path, folded) for text in filters)


def _ignores(text: str, path: str, folded: str) -> bool:
    if not _is_expression(text):
        wanted = fold(text)
        return bool(wanted) and (folded.startswith(wanted) or folded + "/" == wanted)
    return not problem(text) and any(one.search(path) for one in _expressions(text))


def _is_expression(text: str) -> bool:
    return len(text) > 1 and text.startswith("/") and text.endswith("/")


@lru_cache(maxsize=256)
def problem(text: str) -> str:
    """Why a filter of Obsidian's can not be used, in one sentence; empty where it can."""
    if not _is_expression(text):
        return ""
    if not 2 < len(text) <= LONGEST + 2:
        return f"A regular expression has 1 to {LONGEST} characters here."
    try:
        _expressions(text)
    except (re.error, OverflowError, RecursionError) as error:
        return f"The regular expression can not be read: {error}."
    return _risk(_core(text))


def _core(text: str) -> str:
    """The expression between the slashes, without `.*` at its ends, where it says nothing and only costs time."""
    return _TAIL.sub("", _LEAD.sub("", text[1:-1]))


@lru_cache(maxsize=256)
def _expressions(text: str) -> tuple[re.Pattern[str], ...]:
    r"""What JavaScript's expression means: there `\w` is ASCII, yet case is folded in every script. In doubt both."""
    body = _BACK_REFERENCE.sub(r"(?P=\1)", _GROUP_NAME.sub("(?P<", _core(text)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # what may once be a set in Python never is one in JavaScript
        return re.compile(body, re.IGNORECASE), re.compile(body, re.IGNORECASE | re.ASCII)


def _risk(body: str) -> str:
    """What in an expression could take forever; it need not be understood beyond that."""
    loops = choices = 0
    groups: list[set[str]] = [set()]  # what is in each open group: a "loop", a "choice"
    for piece in _PIECE.finditer(body):
        text = piece.group()
        if text[0] == "(":
            groups.append(set())
            continue
        if text == "|":
            choices += "choice" not in groups[-1]
            groups[-1].add("choice")
            continue
        inner = groups.pop() if text[0] == ")" and len(groups) > 1 else set()
        if inner and piece["repeats"]:
            return "It repeats something that varies by itself, which can take forever."
        found = {"loop"} if piece["repeats"] and not piece["exact"] else {"choice"} if piece["may"] else set()
        loops += "loop" in found
        choices += "choice" in found
        groups[-1] |= inner | found
    if loops > MOST_LOOPS or choices > MOST_CHOICES:
        return f"It has more than {MOST_LOOPS} repetitions or {MOST_CHOICES} choices, which can take forever."
    return ""
