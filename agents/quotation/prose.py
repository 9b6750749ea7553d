"""Whether a sentence of a note is prose: no row of a table, no formula, no tags, but words. Pure."""

import re

from agents.sentences import Sentence

_ROW = re.compile(r"[ \t>]*\|")
_ITEM = re.compile(r"[ \t>]*(?:[-*+•]|\d+[.)])[ \t]+")
_TAG = re.compile(r"(?<![\w/&])\\?#[^\W\d][\w/\-]*")
_MATH = r"\$[^\s$][^$]*\$"
_CALL = r"^\S+\([^)]*\)[ \t]*="
_CHAIN = r"[=≤≥≠→⇒]\s*\S+\s*[=≤≥≠→⇒]"
_SUM = r"\w \+ \S"
_FORMULA = re.compile("|".join((_MATH, _CALL, _CHAIN, _SUM)))
_FEWEST_LETTERS = 0.6


def is_prose(sentence: Sentence) -> bool:
    """Whether it is no row, no formula, has no tag, and consists of words."""
    return not (is_row(sentence) or has_tag(sentence.text) or has_formula(sentence.plain)) and has_words(sentence.plain)


def is_row(sentence: Sentence) -> bool:
    """Whether it stands in a table."""
    return _ROW.match(lead_of(sentence)) is not None


def is_item(sentence: Sentence) -> bool:
    """Whether it stands in a list."""
    return _ITEM.match(lead_of(sentence)) is not None


def lead_of(sentence: Sentence) -> str:
    """What stands before it on its line: marks of lists and quotes, a label."""
    text = sentence.passage.text
    return text[text.rfind("\n", 0, sentence.start) + 1 : sentence.start]


def has_tag(text: str) -> bool:
    """Whether there is a tag in it, which files its note and is no word."""
    return _TAG.search(text) is not None


def has_formula(shown: str) -> bool:
    """Whether it is a formula in part; also what a call gives, `TO_DATE(text) = D`, and keys, `Ctrl + C`."""
    return _FORMULA.search(shown) is not None


def has_words(shown: str) -> bool:
    """Whether most of its characters, spaces left out, are letters."""
    dense = [char for char in shown if not char.isspace()]
    return bool(dense) and sum(map(str.isalpha, dense)) / len(dense) >= _FEWEST_LETTERS
