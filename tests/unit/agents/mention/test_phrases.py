"""Set phrases, and what a note itself calls by several words."""

from agents.mention.phrases import in_own_phrase, in_phrase, own_phrases
from agents.mention.tokens import tokens
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath

NOTE = parse_note(VaultPath("Net/Protocol suite.md"), b"# Internet layer\n\n## Types of network\n\nText.\n")


def within(text: str, word: str) -> bool:
    words = list(tokens(text))
    return in_own_phrase(own_phrases(NOTE), words, [each.text for each in words].index(word))


def test_a_word_of_a_heading_of_the_note_is_a_part_of_it_in_any_form() -> None:
    assert within("It talks to the internet layers below.", "internet")
    assert within("A protocol suite has four.", "suite")
    assert not within("It talks to the internet.", "internet")
    assert not within("The layer of the internet.", "internet")
    assert not within("There are types of network.", "network"), "a heading with a preposition is no name"


def test_the_first_words_of_the_notes_own_name_are_a_phrase_but_for_the_last_of_them() -> None:
    own = own_phrases(parse_note(VaultPath("Net/Internet protocol suite.md"), b"Text.\n"))
    words = list(tokens("Its internet protocol stack is old, and the internet is not."))
    assert in_own_phrase(own, words, 1)
    assert not in_own_phrase(own, words, 2), "a protocol it is"
    assert not in_own_phrase(own, words, 8)


def test_a_word_of_a_set_phrase_is_none_by_itself() -> None:
    words = list(tokens("он в свою очередь молчал"))
    assert in_phrase(words, 3)
    assert not in_phrase(words, 4)
