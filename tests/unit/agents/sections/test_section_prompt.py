import pytest

from agents.sections.section_prompt import SectionPromptError, asks_for_section, read_section_prompt
from vault_sync.notes.note import Note
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath

ASKED = "What should an engineer learn from this?"


def note(front: str = "", body: str = ASKED, title: str = "Уроки инженера") -> Note:
    return parse_note(
        VaultPath(f"Famulus/Sections/{title}.md"), f"---\nfamulus: section\n{front}---\n{body}\n".encode()
    )


def test_all_that_it_can_say() -> None:
    front = (
        "famulus-name: lessons\nfamulus-heading: Lessons\nfamulus-heading-ru: Уроки\nfamulus-when: ask\n"
        'famulus-max-words: 50\nfamulus-scope: [Knowledge, "#java"]\n'
    )
    found = read_section_prompt(note(front))
    assert (found.name, found.prompt, found.when, found.max_words) == ("lessons", ASKED, "ask", 50)
    assert [found.heading(language) for language in ("en", "ru", "de")] == ["Lessons", "Уроки", "Lessons"]
    assert found.covers("Knowledge/a.md", []) and found.covers("b.md", ["Java/Class"])
    assert not found.covers("b.md", ["javascript"])


def test_what_it_need_not_say() -> None:
    found = read_section_prompt(note())
    assert (found.name, found.when, found.max_words) == ("уроки-инженера", "save", 80)
    assert found.heading("ru") == "Уроки инженера" and found.covers("any.md", [])


@pytest.mark.parametrize(
    ("front", "body"),
    [
        ("famulus-name: related\n", ASKED),
        ("famulus-name: two words\n", ASKED),
        ("famulus-name: a%%b\n", ASKED),
        ("famulus-when: daily\n", ASKED),
        ("famulus-max-words: many\n", ASKED),
        ("famulus-max-words: 1\n", ASKED),
        ("", ""),
        ("", "%% famulus:related %%\n- [[A]] — b\n%% /famulus:related %%"),
    ],
)
def test_what_can_not_be_followed(front: str, body: str) -> None:
    with pytest.raises(SectionPromptError):
        read_section_prompt(note(front, body))


def test_only_a_note_that_says_so_asks() -> None:
    assert asks_for_section(note())
    assert not asks_for_section(parse_note(VaultPath("a.md"), b"famulus: section\n"))
    assert not asks_for_section(parse_note(VaultPath("a.md"), b"---\nfamulus: digest\n---\n"))


def test_a_heading_can_not_end_the_section_or_another_one() -> None:
    assert read_section_prompt(note('famulus-heading: "# a %% /famulus:x %%"\n')).heading("en") == "a /famulus:x"
