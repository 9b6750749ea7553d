from vault_sync.notes.alike import alike

NAMES = [
    ("Sourdough bread", "Home/Sourdough bread.md"),
    ("Закваска", "Home/Закваска.md"),
    ("sourdough", "Home/Закваска.md"),
    ("Bicycle", "Bicycle.md"),
]


def test_a_typing_mistake_leads_to_the_note() -> None:
    assert alike("Sourdoh bread", NAMES)[0] == "Home/Sourdough bread.md"
    assert alike("закваски.md", NAMES) == ["Home/Закваска.md"]


def test_an_alias_leads_to_its_note_and_each_note_comes_once() -> None:
    assert alike("sourdough", [*NAMES, ("sourdoughs", "Home/Закваска.md")])[0] == "Home/Закваска.md"
    assert len(set(alike("sourdough", NAMES))) == len(alike("sourdough", NAMES)) == 2


def test_what_is_like_nothing_leads_nowhere() -> None:
    assert alike("xyzzy", NAMES) == [] and alike("", []) == []
