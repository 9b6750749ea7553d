"""How usual Russian nouns are."""

import pytest

from agents.mention.usage import OFTEN, SELDOM, usage


@pytest.mark.parametrize("word", ["врачами", "акции", "уровне", "деревья", "лев"])
def test_what_everybody_says_is_usual_in_each_form(word: str) -> None:
    assert usage(word) == OFTEN


@pytest.mark.parametrize("word", ["мениска", "сервитутом", "дюбелей", "эмбеддингов", "быстро"])
def test_what_few_say_and_what_is_no_noun_is_not(word: str) -> None:
    assert usage(word) == SELDOM


def test_between_them_it_says_how_much() -> None:
    assert SELDOM < usage("прививку") < usage("ипотеке") < usage("рецептами") <= OFTEN


def test_a_word_with_yo_is_found_without_it() -> None:
    assert usage("ребёнка") == OFTEN
