import pytest

from agents.answering.cite import Marks, Support, cite, find_support, supports, unmarked
from agents.sentences import quotable
from tests.fakes.notes import passage

TEXT = "Sencha is steamed for 40 seconds in Japan. It is not fermented.\nOolong is half fermented."
NOTE = passage(TEXT, "Tea", ("Kinds",), line=7)
FIRST, SECOND, THIRD = quotable(NOTE)


def alike(_one: str, _other: str) -> float:
    return 0.99


def unlike(_one: str, _other: str) -> float:
    return 0.1


@pytest.mark.parametrize(
    "statement",
    ["Sencha is steamed for 40 seconds in Japan.", "In Japan, sencha is steamed 40 seconds [3].", "Sencha is steamed."],
)
def test_the_same_words_support(statement: str) -> None:
    assert supports(statement, Support((FIRST,)), unlike)


@pytest.mark.parametrize(
    "statement",
    [
        "Sencha is steamed for 50 seconds in Japan.",
        "Sencha is steamed for 40 seconds in China.",
        "Sencha is not steamed in Japan.",
        "Sencha is steamed in Japan and sold to tourists.",
        "Sencha.",
        "Is sencha steamed in Japan?",
        "",
    ],
)
def test_other_facts_are_not_supported_however_alike(statement: str) -> None:
    assert not supports(statement, Support((FIRST,)), alike)


def test_one_other_word_needs_similarity() -> None:
    statement = "Sencha is cooked with steam: steamed for 40 seconds in Japan"
    assert supports(statement, Support((FIRST,)), alike)
    assert not supports(statement, Support((FIRST,)), unlike)


def test_another_language_needs_similarity_and_the_same_numbers() -> None:
    assert supports("Сенча обрабатывается паром 40 секунд.", Support((FIRST,)), alike)
    assert not supports("Сенча обрабатывается паром 40 секунд.", Support((FIRST,)), unlike)
    assert not supports("Сенча обрабатывается паром 50 секунд.", Support((FIRST,)), alike)


def test_a_list_does_not_lend_its_items_to_each_other() -> None:
    listed = quotable(passage("The teas come from these places:\n- sencha from Japan\n- assam from India"))[0]
    assert supports("The sencha is from Japan.", Support((listed,)), alike)
    assert not supports("The sencha is from India.", Support((listed,)), alike)


def test_the_title_may_be_named_but_does_not_carry_a_statement() -> None:
    sentence = quotable(passage("It is steamed for a minute.", "Sencha"))[0]
    assert supports("Sencha is steamed for a minute.", Support((sentence,)), unlike)
    assert not supports("Sencha is sencha indeed green.", Support((sentence,)), alike)


def test_neighbours_support_together_what_neither_says_alone() -> None:
    statement = "Sencha is steamed in Japan and not fermented."
    found = find_support(statement, [FIRST, SECOND, THIRD], alike)
    assert found is not None
    assert found.sentences == (FIRST, SECOND)
    assert find_support(statement, [FIRST, THIRD], alike) is None


def test_sentences_that_answer_the_question_are_tried_first() -> None:
    twin = quotable(passage(TEXT, "Other", occurrence=2))[0]
    found = find_support("Sencha is steamed in Japan.", [FIRST, twin], unlike, first=[twin])
    assert found is not None
    assert found.sentences == (twin,)


def test_a_citation_has_the_lines_of_its_quote() -> None:
    found = cite("[1]", Support((THIRD,)))
    assert (found.start_line, found.end_line) == (8, 8)
    assert (found.path, found.heading, found.quote) == ("Tea.md", ("Kinds",), "Oolong is half fermented.")


def test_a_quote_over_two_lines_ends_on_the_second() -> None:
    found = cite("[1]", Support((SECOND, THIRD)))
    assert (found.start_line, found.end_line) == (7, 8)
    assert found.quote in TEXT


def test_marks_count_from_one_and_the_same_quote_keeps_its_mark() -> None:
    marks = Marks()
    assert [marks.mark(Support((one,))) for one in (SECOND, FIRST, SECOND)] == ["[1]", "[2]", "[1]"]
    assert [citation.quote for citation in marks.citations] == [SECOND.text, FIRST.text]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Tea is old [1].", "Tea is old."),
        ("Tea is old [1, 2][note 3].", "Tea is old."),
        ("[Tea › Kinds]\nTea is old.", "\nTea is old."),
        ("<<<NOTES\nTea is old.", "\nTea is old."),
        ("See [[Tea]] and [a link](x).", "See [[Tea]] and [a link](x)."),
    ],
)
def test_marks_and_echoes_that_a_model_writes_are_removed(written: str, kept: str) -> None:
    assert unmarked(written) == kept
