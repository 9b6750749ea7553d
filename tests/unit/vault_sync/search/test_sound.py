"""Names sound the same in both scripts."""

import pytest

from vault_sync.search.sound import sound


@pytest.mark.parametrize(
    ("cyrillic", "latin"),
    [
        ("докер", "docker"),
        ("кубернетес", "kubernetes"),
        ("обсидиан", "obsidian"),
        ("постгрес", "postgres"),
        ("гитхаб", "github"),
        ("питон", "python"),
        ("джира", "jira"),
        ("майкрософт", "microsoft"),
        ("ютуб", "youtube"),
        ("гугл", "google"),
        ("джош", "josh"),
        ("мэннинг", "manning"),
        ("виндовс", "windows"),
        ("тайпскрипт", "typescript"),
        ("чикаго", "chicago"),
        ("уэст", "west"),
    ],
)
def test_a_name_has_one_key_in_both_scripts(cyrillic: str, latin: str) -> None:
    assert sound(cyrillic) == sound(latin) != ""


@pytest.mark.parametrize(("one", "other"), [("докер", "packer"), ("obsidian", "basidian"), ("git", "кит")])
def test_other_consonants_or_a_vowel_in_front_make_another_name(one: str, other: str) -> None:
    assert sound(one) != sound(other)


@pytest.mark.parametrize("word", ["", "a", "оно", "he", "и", "p53", "don't", "日本", "3.14"])
def test_what_has_too_few_consonants_or_other_characters_has_none(word: str) -> None:
    assert sound(word) == ""
