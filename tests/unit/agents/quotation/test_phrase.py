"""Patterns of lists of phrases."""

import re

from hypothesis import given
from hypothesis import strategies as st

from agents.quotation.phrase import any_of

WORD = st.text(alphabet="abя.'-", min_size=1, max_size=4)
PHRASES = st.lists(st.lists(WORD, min_size=1, max_size=2).map(" ".join), min_size=1, max_size=8)


@given(PHRASES, PHRASES, WORD)
def test_each_phrase_is_found_and_nothing_else(english: list[str], russian: list[str], other: str) -> None:
    pattern = re.compile(any_of({"en": ", ".join(english), "ru": ",\n".join(russian)}))
    assert all(pattern.fullmatch(one) for one in (*english, *russian))
    assert (pattern.fullmatch(other) is not None) == (other in (*english, *russian))


@given(PHRASES, PHRASES)
def test_one_language_may_be_asked_for(english: list[str], russian: list[str]) -> None:
    pattern = re.compile(any_of({"en": ",".join(english), "ru": ",".join(russian)}, "en"))
    assert all((pattern.fullmatch(one) is not None) == (one in english) for one in (*english, *russian))


def test_a_star_stands_for_any_ending() -> None:
    pattern = re.compile(any_of({"ru": "наш*, вам"}))
    assert pattern.fullmatch("нашими") and pattern.fullmatch("наш") and not pattern.fullmatch("вами")
