import pytest

from agents.links.linkform import Form, Goal, heading_part, spellings
from vault_sync.paths import VaultPath

HERE = VaultPath("Темы/Память/Здесь.md")
NOTE = VaultPath("Темы/B-дерево (1).md")


def first(form: Form, goal: Goal, source: VaultPath = HERE, name: str = "B-дерево (1)", text: str = "") -> str:
    return next(spellings(form, goal, source, name=name, vault="My vault", text=text))


@pytest.mark.parametrize(
    ("form", "goal", "text", "link"),
    [
        ("wikilink", Goal(NOTE), "", "[[B-дерево (1)]]"),
        ("wikilink", Goal(NOTE), "B-дерево (1)", "[[B-дерево (1)]]"),
        ("wikilink", Goal(NOTE), "дереву", "[[B-дерево (1)|дереву]]"),
        ("wikilink", Goal(NOTE, "Метод | и прочее"), "", "[[B-дерево (1)#Метод и прочее]]"),
        ("wikilink", Goal(NOTE, block="a1"), "здесь", "[[B-дерево (1)#^a1|здесь]]"),
        ("wikilink", Goal(NOTE), "a [1]", "[a \\[1\\]](../B-дерево%20%281%29.md)"),
        ("markdown", Goal(NOTE), "", "[B-дерево (1)](../B-дерево%20%281%29.md)"),
        ("markdown", Goal(NOTE, "Что? Где"), "дереву", "[дереву](../B-дерево%20%281%29.md#Что%3F%20Где)"),
        ("markdown", Goal(NOTE, block="a1"), "", "[B-дерево (1)](../B-дерево%20%281%29.md#^a1)"),
        ("markdown", Goal(VaultPath("Темы/Память/C#.md")), "", "[C\\#](C%23.md)"),
        (
            "obsidian-url",
            Goal(VaultPath("A & B/C d.md"), "E"),
            "",
            "[C d](obsidian://open?vault=My%20vault&file=A%20%26%20B%2FC%20d%23E)",
        ),
    ],
)
def test_the_nicest_spelling(form: Form, goal: Goal, text: str, link: str) -> None:
    assert first(form, goal, text=text) == link


def test_a_path_is_shown_by_its_title() -> None:
    assert first("wikilink", Goal(NOTE), name="Темы/B-дерево (1)") == "[[Темы/B-дерево (1)|B-дерево (1)]]"


def test_what_a_wikilink_can_not_hold_becomes_a_markdown_link() -> None:
    assert first("wikilink", Goal(VaultPath("X/C# a.md")), name="C# a") == "[C\\# a](C%23%20a.md)"


def test_a_heading_of_marks_only_is_no_part() -> None:
    assert heading_part("#|^") == ""
    assert first("wikilink", Goal(NOTE, "#|^")) == "[[B-дерево (1)]]"
