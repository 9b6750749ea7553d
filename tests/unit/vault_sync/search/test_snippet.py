"""The part of a note that shows why it was found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault_sync.search.snippet import LONGEST, snippet

TEXT = (
    "The first sentence speaks of nothing much. В середине стоит предложение про зелёный чай и ёлки. "
    "Then comes one about search engines that index notes. The last one closes the page."
)


@pytest.mark.parametrize(
    ("query", "held"),
    [
        ("search engine", "search engines that index notes"),
        ("елка", "зелёный чай и ёлки"),
        ("ЧАЙ", "зелёный чай"),
        ("заметка", "The first sentence"),
        ("", "The first sentence"),
    ],
)
def test_shows_the_sentence_that_matches(query: str, held: str) -> None:
    assert held in snippet(TEXT, query, 90)


def test_starts_with_the_best_sentence_and_goes_on_while_there_is_room() -> None:
    assert snippet(TEXT, "search engines", 120).startswith("Then comes one")
    assert snippet(TEXT, "search engines", 120).endswith("closes the page.")


def test_a_long_sentence_is_cut_between_words_around_the_match() -> None:
    text = "начало " * 60 + "здесь стоит искомое слово посреди " + "конец " * 60
    shown = snippet(text, "искомые слова")
    assert "искомое слово" in shown
    assert len(shown) <= LONGEST
    assert set(shown.split()) <= set(text.split())


def test_a_text_without_spaces_is_cut_too() -> None:
    shown = snippet("x" * 1000, "x")
    assert shown and len(shown) <= LONGEST


def test_long_words_outweigh_many_short_ones() -> None:
    assert snippet("It is what it is. Entanglement follows.", "what is it about entanglement", 25) == (
        "Entanglement follows."
    )


def test_nothing_to_show() -> None:
    assert snippet("", "x") == ""
    assert snippet(" \n ", "x") == ""


@given(st.text(max_size=600), st.text(max_size=40), st.integers(20, 300))
def test_is_always_a_short_part_of_the_text(text: str, query: str, longest: int) -> None:
    shown = snippet(text, query, longest)
    assert shown in text
    assert len(shown) <= longest
