import pytest

from vault_sync.evaluation.hiding import LONGEST, query_without, text_without
from vault_sync.notes.note import Note
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath


def note(text: str) -> Note:
    return parse_note(VaultPath("n.md"), text.encode())


def hidden(text: str, *targets: str) -> str:
    parsed = note(text)
    return query_without(parsed, [link for link in parsed.links if link.target in targets])


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Water boils at a hundred degrees, see [[Kettle]].\n", "Water boils at a hundred degrees, see ."),
        ("The [[Kettle|old thing]] boils water for all of us.\n", "The boils water for all of us."),
        ("A [kettle of iron](Kettle.md) boils water for tea.\n", "A boils water for tea."),
        ("One [[Kettle]] and two [[Kettle#Use|uses]] of it all.\n", "One and two of it all."),
        ("# Kitchen\nThe [[Kettle]] stands on the big stove.\n\nNot this.\n", "The stands on the big stove."),
        ("Before.\n\n> [!note] The [[Kettle]] stands on the stove.\n", "The stands on the stove."),
        ("---\na: b\n---\nThe [[Kettle]] stands on the stove.\n", "The stands on the stove."),
        ("The [[Kettle]] stands %% I think %% on the big stove.\n", "The stands on the big stove."),
        ("**The** [[Kettle]] stands on [[Stove|the stove]] today.\n", "The stands on the stove today."),
    ],
)
def test_what_stands_around_a_link_is_the_query(text: str, left: str) -> None:
    assert hidden(text, "Kettle", "Kettle.md") == left


def test_an_item_or_a_row_is_enough_and_without_words_the_whole_list() -> None:
    items = "- [[Kettle]]: boils water for the tea\n  and for soup\n- [[Pan]]\n- eggs are fried in butter here\n"
    assert hidden(items, "Kettle") == "- : boils water for the tea and for soup"
    assert hidden(items, "Pan") == "- Kettle: boils water for the tea and for soup - - eggs are fried in butter here"
    rows = "| what | where it stands now |\n|---|---|\n| [[Kettle]] | on the small stove |\n| [[Pan]] | below |\n"
    assert hidden(rows, "Kettle") == "| | on the small stove |"


@pytest.mark.parametrize(
    "text", ["[[Kettle]]\n", "See [[Kettle]].\n", "## On [[Kettle]]\n\nText that is not near it.\n"]
)
def test_a_link_without_words_around_it_gives_no_query(text: str) -> None:
    assert hidden(text, "Kettle") == ""


def test_of_a_long_paragraph_the_sentences_around_the_link_are_taken() -> None:
    far = "Nothing of this matters to anybody at all. " * 40
    left = hidden(f"{far}The [[Kettle]] boils water for tea. {far}\n", "Kettle")
    assert "The boils water for tea." in left and 300 < len(left) <= LONGEST


def test_the_whole_text_without_links_keeps_the_rest() -> None:
    parsed = note("---\nup: '[[Kitchen]]'\n---\nThe [[Kettle]] and [the pan](Pan.md)boil.\n")
    assert text_without(parsed, parsed.links) == "---\nup: ' '\n---\nThe   and  boil.\n"
    assert text_without(parsed, []) == parsed.text
