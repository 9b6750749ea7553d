import pytest

from agents.answering.assess import Assessor
from agents.answering.retrieve import find, query_of, refers_back
from agents.ports import Message
from tests.fakes.embedder import WordEmbedder
from tests.fakes.notes import Shelf, passage
from vault_sync.search.filter import Filter


def talk(*questions: str) -> list[Message]:
    turns = [(Message("user", question), Message("assistant", "Well.")) for question in questions]
    return [message for turn in turns for message in turn][:-1]


@pytest.mark.parametrize(
    "question", ["And in Russian?", "Why?", "а по-русски?", "How does it work?", "Расскажи о нём подробнее"]
)
def test_a_question_that_points_back_is_known(question: str) -> None:
    assert refers_back(question)


@pytest.mark.parametrize("question", ["What is symmetric encryption?", "Чем HashMap отличается от Hashtable?"])
def test_a_question_that_stands_alone_is_known(question: str) -> None:
    assert not refers_back(question)


def test_the_question_before_is_looked_for_too() -> None:
    assert query_of(talk("What is green tea?", "And who sells it?")) == "What is green tea? And who sells it?"


def test_a_question_of_its_own_is_looked_for_alone() -> None:
    assert query_of(talk("What is green tea?", "Where do black elephants live?")) == "Where do black elephants live?"


def test_in_a_long_request_the_question_is_looked_for() -> None:
    assert (
        query_of(talk("A long story. " * 60 + "What is green tea? Thank you. " + "More. " * 20)) == "What is green tea?"
    )


def test_a_long_request_without_question_is_cut() -> None:
    assert len(query_of(talk("word " * 5000))) <= 800


@pytest.mark.parametrize("messages", [[], [Message("system", "Be kind.")], [Message("user", "  ")]])
def test_nothing_asked_nothing_looked_for(messages: list[Message]) -> None:
    shelf = Shelf([passage("Tea is a drink of leaves.")])
    found = find(shelf, Assessor(WordEmbedder()), messages, Filter())
    assert (found.passages, found.evidence, shelf.asked) == ((), (), [])


def test_what_was_found_is_told_apart_from_what_answers() -> None:
    shelf = Shelf([passage("Green tea is steamed."), passage("Elephants drink water daily.", "Zoo", occurrence=2)])
    found = find(shelf, Assessor(WordEmbedder()), talk("Is green tea steamed?"), Filter())
    assert len(found.passages) == 2 and shelf.uses == ["chat"]
    assert [item.sentence.passage.title for item in found.evidence] == ["Tea"]
