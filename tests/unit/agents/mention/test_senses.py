import pytest

from agents.mention.senses import meanings, meanings_of_noun


@pytest.mark.parametrize("word", ["rootkit", "migraine", "migraines", "квантование", "dbt", "photosynthesis"])
def test_what_has_one_meaning_or_is_in_no_dictionary_counts_one(word: str) -> None:
    assert meanings(word) == 1


@pytest.mark.parametrize(
    ("word", "count"), [("printer", 3), ("printers", 3), ("bridges", 7), ("shelves", 2), ("mice", 4)]
)
def test_a_word_has_the_meanings_of_its_singular(word: str, count: int) -> None:
    assert meanings(word) >= count


@pytest.mark.parametrize("word", ["telescopes", "telescope", "commit", "rootkit"])
def test_as_a_noun_a_word_means_no_more(word: str) -> None:
    assert meanings_of_noun(word) == 1 <= meanings(word)


def test_what_is_a_noun_of_many_meanings_stays_so() -> None:
    assert meanings_of_noun("bridges") == meanings("bridges") == 7
