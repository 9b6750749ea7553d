"""Questions that a number answers, and texts that hold one."""

import pytest

from vault_sync.search.figures import asked_for, figures, holds
from vault_sync.search.terms import roots


@pytest.mark.parametrize(
    "query",
    [
        "When did the kettle break?",
        "How many notes are there",
        "In what year was the house built?",
        "It evolved into how many layers?",
        "Сколько стоит чайник",
        "Скольких гостей мы ждём?",
        "Когда сломался чайник?",
        "В каком году построен дом?",
        "Какова высота забора?",
        "До какого числа сдать отчёт",
    ],
)
def test_a_number_is_asked_for(query: str) -> None:
    assert asked_for(query)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "kettle",
        "What happens when the kettle boils?",
        "Что делать, когда кипит чайник?",
        "However much we like tea",
        "Который из чайников лучше?",
        "когда-то у нас был чайник",
    ],
)
def test_no_number_is_asked_for(query: str) -> None:
    assert not asked_for(query)


def test_numbers_are_digits_and_words_in_any_form() -> None:
    assert figures(" ".join(roots("In 1953 he had three cats and 2nd place"))) >= {"1953", "three"}
    assert holds(" ".join(roots("Ждём пятерых, нет, пяти гостей")), ())
    assert holds(" ".join(roots("о двадцати чайниках")), ())
    assert not holds(" ".join(roots("The kettle stands on the stove, all alone")), ())


def test_a_number_that_the_question_names_answers_nothing() -> None:
    assert not holds("in 1953", {"1953"})
    assert holds("in 1953 or 1954", {"1953"})
