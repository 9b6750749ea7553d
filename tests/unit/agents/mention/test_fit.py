"""What the sense of a mention is worth: by what the word may mean, by the passage, by what its title is."""

from dataclasses import replace

import pytest

from agents.mention.evidence import Place
from agents.mention.fit import sense_worth
from agents.mention.form import Form, Manner
from agents.mention.name import Kind, Name, named
from agents.mention.sense import Sense
from agents.mention.tokens import Token, tokens
from vault_sync.paths import VaultPath

HERE = VaultPath("Note.md")


def name(title: str) -> Name:
    (found,) = named(HERE, "title", title)
    return found


def worth(title: str, said: str, sense: Sense, *, manner: Manner = "exact", before: str = "", after: str = "") -> float:
    def only(text: str) -> Token | None:
        return next(tokens(text), None)

    place = Place(tuple(tokens(said)), only(before), only(after), sense=sense)
    return sense_worth(name(title), Form(manner), place)


def near(nearness: float | None, words: float = 0.0, *, apart: bool = False) -> Sense:
    return Sense(True, words, nearness, 60, "unknown", apart)


def test_what_nobody_knows_is_worth_nothing() -> None:
    assert worth("Telescope", "telescope", Sense()) == 0


@pytest.mark.parametrize(("usual", "seldom"), [("слон", "гнейс"), ("bridge", "gneiss"), ("mouse", "rootkit")])
def test_the_more_a_word_means_the_more_the_passage_has_to_say(usual: str, seldom: str) -> None:
    assert worth(usual, usual, near(0.0)) < worth(seldom, seldom, near(0.0))
    gained = worth(usual, usual, near(3.0)) - worth(usual, usual, near(0.0))
    assert gained > worth(seldom, seldom, near(3.0)) - worth(seldom, seldom, near(0.0))


def test_behind_an_article_or_a_number_a_word_can_be_no_verb() -> None:
    alone = worth("Telescope", "telescope", near(0.0))
    assert worth("Telescope", "telescope", near(0.0), before="the") > alone
    assert worth("Telescope", "telescope", near(0.0), before="2") > alone
    assert worth("Telescope", "telescopes", near(0.0), manner="number") > alone
    assert worth("Telescope", "telescope", near(0.0), before="they") == alone


def test_latin_words_among_russian_ones_and_acronyms_mean_one_thing() -> None:
    alone = worth("Spring", "spring", near(0.0))
    assert worth("Spring", "spring", near(0.0), before="фреймворк") > alone
    assert worth("BRIDGE", "BRIDGE", near(0.0)) > worth("Bridge", "bridge", near(0.0))


def test_few_links_do_not_say_what_a_word_of_many_meanings_means_whose_note_has_no_text() -> None:
    untold = replace(near(None), told=False)

    def loss(word: str, uses: int) -> float:
        linked = replace(name(word), uses=uses)
        places = (Place(tuple(tokens(word)), sense=sense) for sense in (untold, near(None)))
        without, told = (sense_worth(linked, Form("exact"), place) for place in places)
        return told - without

    assert loss("light", 1) > 5 > loss("light", 8) > 0
    assert loss("rootkit", 1) == 0 == loss("light", 0)
    assert loss("стол", 1) > loss("мениск", 1)


def test_words_in_common_speak_for_it_up_to_a_share() -> None:
    assert worth("Bridge", "bridge", near(0.0, 0.1)) > worth("Bridge", "bridge", near(0.0, 0.05))
    assert worth("Bridge", "bridge", near(0.0, 0.4)) == worth("Bridge", "bridge", near(0.0, 0.2))


@pytest.mark.parametrize("title", ["Recipes", "Habits", "Рецепты", "Соседи", "Счета"])
def test_a_title_in_the_plural_that_no_text_explains_is_a_collection(title: str) -> None:
    assert worth(title, title.lower(), near(None)) < -3


@pytest.mark.parametrize("title", ["Tetanus", "Knife", "Ножницы", "Борщ", "RAGS", "Photos app"])
def test_other_titles_without_text_are_names(title: str) -> None:
    assert worth(title, title, near(None)) >= 0


def test_a_collection_that_links_call_so_is_a_name() -> None:
    place = Place(tuple(tokens("recipes")), sense=near(None))
    assert sense_worth(replace(name("Recipes"), uses=1), Form("exact"), place) >= 0


def test_a_list_of_meanings_is_meant_only_where_the_vault_links_it() -> None:
    assert worth("Disk", "disk", near(3.0, apart=True)) < worth("Disk", "disk", near(3.0)) - 4
    linked, words = replace(name("Disk"), uses=2), tuple(tokens("disk"))
    apart, single = (Place(words, sense=near(3.0, apart=apart)) for apart in (True, False))
    assert sense_worth(linked, Form("exact"), apart) == sense_worth(linked, Form("exact"), single)


def test_a_collection_gains_nothing_by_being_an_everyday_word_or_by_another_number() -> None:
    assert (
        worth("Projects", "project", near(0.0), manner="number")
        < worth("Project", "projects", near(0.0), manner="number") - 4
    )


@pytest.mark.parametrize(("kind", "gains"), [("title", True), ("alias", True), ("initials", False), ("short", False)])
def test_what_only_follows_from_a_title_gains_nothing_by_its_sense(kind: Kind, gains: bool) -> None:
    place = Place(tuple(tokens("IPS")), sense=near(3.0, 0.3))
    assert (sense_worth(replace(name("IPS"), kind=kind), Form("exact"), place) > 0) is gains
