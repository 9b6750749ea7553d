"""By what verb a sentence states something."""

import pytest

from agents.quotation.verb import begins_bare, copula, gives_order, has_verb, is_mere_noun, lacks_verb


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("An anchor is a brake.", "is"),
        ("Anchor — a brake.", "—"),
        ("Якорь это тормоз.", "это"),
        ("Служит тормозом.", "Служит"),
    ],
)
def test_what_says_what_a_thing_is(text: str, verb: str) -> None:
    found = copula(text)
    assert found is not None and found[0].strip() == verb


@pytest.mark.parametrize("text", ["Anchors and chains.", "Is it a brake", "Этот якорь", "sea-anchor"])
def test_what_does_not(text: str) -> None:
    assert copula(text) is None


def test_english_verbs() -> None:
    assert has_verb("Anchors hold where chains don't.") and has_verb("An anchor keeps a ship.")
    assert not has_verb("Anchors of steel for ships.") and lacks_verb("Anchors of steel for ships.")


@pytest.mark.parametrize(
    "text", ["Uses a chain.", "Sends the ship away.", "Inspired by hooks.", "Is a brake.", "Generally provide a hold."]
)
def test_sentences_that_begin_with_their_verb(text: str) -> None:
    assert begins_bare(text) and lacks_verb(text)


@pytest.mark.parametrize(
    "text",
    ["Anchors hold a ship.", "User input is read.", "Chains, ropes and wires are used.", "Usually a chain is used."],
)
def test_those_that_begin_with_their_subject(text: str) -> None:
    assert not begins_bare(text) and not lacks_verb(text)


def test_a_noun_with_a_clause_is_no_statement() -> None:
    assert is_mere_noun("A thing that holds ships.") and is_mere_noun("The sailor who sleeps.")
    assert not is_mere_noun("An anchor is a thing that holds ships.") and not is_mere_noun("Anchors that hold.")


def test_a_russian_noun_with_a_clause_is_none_either() -> None:
    assert is_mere_noun("Опасные моменты, в которых легко допустить ошибку.")
    assert is_mere_noun("Гавань для судов, в которую заходят в шторм.")
    assert not is_mere_noun("Якорь держит судно, которое стоит.")
    assert not is_mere_noun("Якорь — тормоз, который опускают в воду.")
    assert not is_mere_noun("Тормоз из ткани, который держит судно.")
    assert not is_mere_noun("Якорь, который опускают в воду, держит судно.")


def test_orders() -> None:
    assert gives_order("Показать, где якорь.") and gives_order("Откройте судно.")
    assert not gives_order("Якорь держит судно.") and not gives_order("Show the anchor.")
