"""Whether a sentence is in one piece."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.quotation.shape import balanced, begins_whole, is_broken, is_closed


@pytest.mark.parametrize(
    "text",
    [
        "Вызов метода якоря - .",
        "The anchor , of steel, holds.",
        "The anchor ( of steel) holds.",
        "The anchor () holds.",
        "The anchor the anchor holds.",
        "The anchor is '' there.",
        "The anchor;. holds",
        "Anchors\\\\ hold.",
    ],
)
def test_what_fell_out_or_stayed_in(text: str) -> None:
    assert is_broken(text)


@pytest.mark.parametrize("text", ["The anchor (of steel), which is old, holds.", "What is so is so.", "A - b."])
def test_what_is_whole(text: str) -> None:
    assert not is_broken(text)


def test_each_bracket_has_its_other_half() -> None:
    assert is_closed("“An anchor” (of steel) [holds] «судно».")
    for text in ("“An anchor", "of steel)", ")an anchor(", "[holds", "судно»"):
        assert not is_closed(text)


def test_sentences_begin_with_a_capital_a_figure_or_a_quotation_mark() -> None:
    assert all(map(begins_whole, ("An anchor", "Якорь", "2 anchors", "«Якорь»", "`anchor`")))
    assert not any(map(begins_whole, ("an anchor", "якорь", "— якорь", "")))


@given(st.text(alphabet="ab()[]", max_size=20))
def test_brackets_are_balanced_where_taking_pairs_out_leaves_none(text: str) -> None:
    for pair in ("()", "[]"):
        left = "".join(char for char in text if char in pair)
        while pair in left:
            left = left.replace(pair, "")
        assert balanced(text, pair) == (left == "")
