"""What of a note is prose."""

import pytest

from agents.quotation.prose import has_formula, has_tag, has_words, is_item, is_prose, is_row, lead_of
from agents.reasons.evidence import passage_of
from agents.sentences import Sentence, quotable
from tests.unit.agents.reasons.test_evidence import chunk


def last(text: str) -> Sentence:
    return quotable(passage_of(chunk(text)))[-1]


def test_rows_and_items_are_told_by_what_stands_before_them() -> None:
    row, item, plain = last("| Anchor | holds a ship |"), last("> 1. An anchor holds a ship."), last("An anchor holds.")
    assert is_row(row) and is_item(item) and lead_of(item) == "> 1. "
    assert not any(map(is_row, (item, plain))) and not any(map(is_item, (row, plain)))


@pytest.mark.parametrize("text", ["anchor #rope", "anchor \\#rope/strong", "#якорь держит"])
def test_tags(text: str) -> None:
    assert has_tag(text)


@pytest.mark.parametrize("text", ["C# anchors", "anchor #1", "a/#b", "&#rope"])
def test_what_is_no_tag(text: str) -> None:
    assert not has_tag(text)


@pytest.mark.parametrize("text", ["It brakes by $c_w A$.", "DEPTH(rope) = D", "a = b = c", "Ctrl + A shows it"])
def test_formulas_and_keys(text: str) -> None:
    assert has_formula(text)


@pytest.mark.parametrize("text", ["It costs $5.", "The depth (rope) is known.", "a = b", "C++ anchors"])
def test_what_is_none(text: str) -> None:
    assert not has_formula(text)


def test_words_are_most_of_prose() -> None:
    assert has_words("Anchors (2) hold.") and not has_words("1, 2, 3: a") and not has_words("")
    assert is_prose(last("An anchor holds a ship.")) and not is_prose(last("An anchor 1.2.3.4 5.6.7.8 9.0 and 1.1."))
