"""Words as the lexical lane counts them."""

import pytest

from vault_sync.search.terms import last_word, roots, sought_sounds, sounds, tokens


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ёлка ЕЛКА", ["елка", "елка"]),
        ("Е\u0308лка", ["елка"]),
        ("getMaxBatchSize", ["get", "max", "batch", "size", "getmaxbatchsize"]),
        ("snake_case", ["snake", "case", "snakecase"]),
        ("kebab-case", ["kebab", "case", "kebabcase"]),
        ("HTTPServer2", ["http", "server", "2", "httpserver2"]),
        ("os.path", ["os", "path", "ospath"]),
        ("2024-05-01", ["2024", "05", "01", "2024.05.01"]),
        ("3.14", ["3", "14", "3.14"]),
        ("don’t don't", ["don't", "don't"]),
        ("RTX6000", ["rtx", "6000", "rtx6000"]),
        ("МойКласс", ["мой", "класс", "мойкласс"]),
        ("end. Next", ["end", "next"]),
        ("__init__", ["init"]),
        ("«…» — !", []),
    ],
)
def test_compounds_are_counted_in_parts_and_as_a_whole(text: str, found: list[str]) -> None:
    assert tokens(text) == found


def test_a_very_long_compound_is_counted_in_parts_only() -> None:
    assert tokens("-".join(["word"] * 40)) == ["word"] * 40


def test_roots_are_the_stems_of_the_tokens() -> None:
    assert roots("searchEngines заметок") == ["search", "engin", "searchengin", "заметк"]


@pytest.mark.parametrize(
    ("text", "last"),
    [("как коте", "коте"), ("коте ", ""), ("коте?", ""), ("", ""), ("the getMax", "getmax"), ("«коте»", "")],
)
def test_the_last_word_is_the_one_that_may_still_be_typed(text: str, last: str) -> None:
    assert last_word(text) == last


def test_a_sound_is_sought_in_the_other_script_only() -> None:
    assert set(sought_sounds("докер")) <= set(sounds(["docker"]))
    assert set(sought_sounds("docker")) <= set(sounds(["докер"]))
    assert not set(sought_sounds("docker")) & set(sounds(["docker", "ducker"]))


def test_a_russian_name_is_heard_with_and_without_its_ending() -> None:
    for form in ("обсидиан", "обсидианом", "обсидиана"):
        assert set(sought_sounds(form)) & set(sounds(["obsidian"])), form


def test_accents_of_latin_letters_do_not_matter_and_those_of_cyrillic_ones_are_letters() -> None:
    assert roots("Café naïve Zürich Börte Łódź smørrebrød") == roots("cafe naive zurich borte lodz smorrebrod")
    assert roots("cafe\u0301") == roots("cafe")
    assert tokens("чай") != tokens("чаи") and tokens("ёж") == tokens("еж")
    assert set(sought_sounds(*tokens("Бёрте"))) & set(sounds(tokens("Börte")))
