"""Where in its line a mention stands."""

import pytest

from agents.mention.place import begins, defines, enumerated, header, label, line, listed
from vault_sync.notes.note import Note, Span
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath


def note(text: str) -> Note:
    return parse_note(VaultPath("Note.md"), text.encode())


def span(text: str, words: str = "List") -> Span:
    return Span(text.index(words), text.index(words) + len(words))


@pytest.mark.parametrize(
    "text",
    [
        "- [[Tuple]]\n- List\n",
        "- List - keeps values\n- [[Tuple]]\n",
        "1. **List**: keeps values\n2. **[[Tuple]]**\n",
        "* [[Tuple]] of values\n* List",
        "- [[Tuple]]\n- [[Set]]\n- Map\n- List\n- Heap\n- [[Tree]]\n",
    ],
)
def test_an_item_among_linked_ones_is_listed(text: str) -> None:
    assert listed(note(text), span(text))


@pytest.mark.parametrize(
    "text",
    ["- Tuple\n- List\n", "[[Tuple]]\n\nList\n", "- [[Tuple]]\n- List of names\n", "- [[Tuple]]\n- A List\n", "List"],
)
def test_other_words_are_not(text: str) -> None:
    assert not listed(note(text), span(text))


@pytest.mark.parametrize(
    "text",
    [
        "It has [[Sets|sets]], List and [[Text|text]].",
        "A [[Tuple]] and List.",
        "A List or a [[Tuple]].",
        "[[Tuple]]/List",
    ],
)
def test_words_beside_links_are_enumerated_with_them(text: str) -> None:
    assert enumerated(note(text), span(text))


@pytest.mark.parametrize(
    "text", ["In [[Python]], List is a type.", "A List, [[Python]] says", "[[Python]] has a List."]
)
def test_a_comma_on_one_side_enumerates_nothing(text: str) -> None:
    assert not enumerated(note(text), span(text))


@pytest.mark.parametrize(
    "text",
    [
        "A **note** is a List of words.",
        "**Note** is the type of List that holds words.",
        "Note is a [[short]] List.",
        "Note — это List из слов.",
    ],
)
def test_a_definition_says_what_its_note_is(text: str) -> None:
    assert defines(note(text), span(text))


@pytest.mark.parametrize(
    "text",
    [
        "A word is a List of letters.",
        "A note was lost. A word is a List.",
        "A note in a List.",
        "Is a List",
        "A note is where a List is.",
        "Notebooks are a List.",
    ],
)
def test_other_sentences_define_nothing(text: str) -> None:
    assert not defines(note(text), span(text))


def test_the_first_row_of_a_table_is_its_header() -> None:
    text = "| Name | List |\n|---|---|\n| Set | one |\n"
    assert header(note(text), span(text)) and not header(note(text), span(text, "Set"))
    assert not header(note("a List\n\n---\n"), span("a List"))


def test_beginnings_labels_and_lines() -> None:
    text = "First. List: one\n> **List**: two\nIn a List: three"
    found = note(text)
    places = [Span(at, at + 4) for at in (7, 21, 38)]
    assert [begins(found, place.start) for place in places] == [True, True, False]
    assert [label(found, place) for place in places] == [False, True, False]
    assert line(found, places[2]) == "In a List: three"
