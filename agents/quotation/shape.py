"""Whether a sentence is in one piece: it begins as one does, its brackets close, nothing fell out of it. Pure."""

import re

OPENING = "«“\"'([`$@#"
"""What a sentence may begin with beside a letter or a digit."""
_PAIRS = ("()", "[]", "«»", "“”")
_STRANDED_MARK = r"\s[,.;:!?)](?:\s|$)|\s[-–—]\s*[,.]"
_EMPTY_BRACKETS = r"[(«“]\s|\(\s*\)"
_SAID_TWICE = r"\b(?P<said>\w{3,}(?:\s\w+)?)\s+(?P=said)\b"
_LEFT_MARKUP = r"''|\w#\w|;\.|\\\\"
_BROKEN = re.compile("|".join((_STRANDED_MARK, _EMPTY_BRACKETS, _SAID_TWICE, _LEFT_MARKUP)), re.IGNORECASE)


def is_broken(shown: str) -> bool:
    """Whether something fell out of it, which was code or a picture, or stayed in it that is none of its words."""
    return _BROKEN.search(shown) is not None


def is_closed(shown: str) -> bool:
    """Whether each bracket and quotation mark in it has its other half."""
    return all(balanced(shown, pair) for pair in _PAIRS)


def balanced(text: str, pair: str) -> bool:
    """Whether each bracket that closes was opened before, and each that opens is closed."""
    if pair[0] not in text and pair[1] not in text:
        return True
    open_now = 0
    for char in text:
        open_now += (char == pair[0]) - (char == pair[1])
        if open_now < 0:
            return False
    return open_now == 0


def begins_whole(shown: str) -> bool:
    """Whether it begins as a sentence does, and not in the middle of one."""
    first = shown[:1]
    return first.isupper() or first.isdigit() or (first != "" and first in OPENING)
