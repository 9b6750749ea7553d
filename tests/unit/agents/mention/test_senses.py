import pytest

from agents.mention.senses import meanings


@pytest.mark.parametrize("word", ["rootkit", "migraine", "migraines", "квантование", "dbt", "photosynthesis"])
def test_what_has_one_meaning_or_is_in_no_dictionary_counts_one(word: str) -> None:
    assert meanings(word) == 1


@pytest.mark.parametrize(
    ("word", "count"), [("printer", 3), ("printers", 3), ("bridges", 7), ("shelves", 2), ("mice", 4)]
)
def test_a_word_has_the_meanings_of_its_singular(word: str, count: int) -> None:
    assert meanings(word) >= count
