"""Whatever the user does in a section, their lines stay, footnotes fit, and writing twice changes nothing."""

import re

from hypothesis import given
from hypothesis import strategies as st

from agents.sections.section_text import Line, Listed, Look, merged, statements
from vault_sync.paths import VaultPath

LOOK = Look("lessons", "## Lessons", frozenset(["## Lessons", "## Уроки"]), "### Sources")
LINES = st.lists(
    st.sampled_from("abcdef").map(lambda name: Line(f"Says {name}.", f"[[{name}]]", VaultPath(f"{name}.md"), name)),
    max_size=5,
    unique_by=lambda line: line.key,
)
MINE = st.lists(
    st.sampled_from(
        ["mine", "- mine too", "", "### My part", "- Says a.", "Says b.[^famulus-lessons-1]", "> q", "- x[^mine]"]
    ),
    max_size=4,
)


def items(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.startswith("- ") and "famulus-lessons" in line]


@given(LINES)
def test_what_was_written_is_read_back(lines: list[Line]) -> None:
    text, now = merged("", lines, (), "", LOOK)
    assert [each.line for each in now] == lines
    assert statements(text, LOOK) == {line.text for line in lines}
    assert merged(text, lines, now, "", LOOK) == (text, now)


@given(LINES, LINES, MINE, st.integers(0, 9))
def test_the_user_s_lines_stay_and_footnotes_fit(
    before: list[Line], after: list[Line], mine: list[str], at: int
) -> None:
    text, now = merged("", before, (), "[^famulus-lessons-2] elsewhere", LOOK)
    lines = text.split("\n") if text else ["## Lessons", ""]
    place = 2 + at % max(1, len(before) + 1)
    edited = "\n".join([*lines[:place], *mine, *lines[place:]])
    once, then = merged(edited, after, now, "[^famulus-lessons-2] elsewhere", LOOK)
    left = once.split("\n")
    for line in filter(str.strip, mine):
        assert line in left
    labels = re.findall(r"\[\^(famulus-lessons-\d+)\]:", once)
    assert len(labels) == len(set(labels))
    assert {each.label for each in then} <= set(labels)
    assert "famulus-lessons-2" not in {each.label for each in then}
    assert merged(once, after, then, "[^famulus-lessons-2] elsewhere", LOOK) == (once, then)


@given(LINES)
def test_without_statements_there_is_no_section(lines: list[Line]) -> None:
    text, now = merged("", lines, (), "", LOOK)
    assert merged(text, [], now, "", LOOK) == ("", ())


def test_a_line_that_the_user_rewrote_keeps_its_source() -> None:
    line = Line("Says a.", "[[a]]", VaultPath("a.md"), "a")
    text, now = merged("", [line], (), "", LOOK)
    edited = text.replace("Says a.", "Says what I think.")
    again, then = merged(edited, [], now, "", LOOK)
    assert again == edited and then == ()


def test_another_heading_of_the_user_stays_and_the_own_one_follows_the_language() -> None:
    line = Line("Says a.", "[[a]]", VaultPath("a.md"), "a")
    text, now = merged("", [line], (), "", LOOK)
    assert merged(text.replace("## Lessons", "## Уроки"), [line], now, "", LOOK)[0] == text
    mine = text.replace("## Lessons", "## What I keep")
    assert merged(mine, [line], now, "", LOOK)[0] == mine


def test_another_form_of_links_rewrites_the_own_footnotes() -> None:
    line = Line("Says a.", "[[a]]", VaultPath("a.md"), "a")
    text, now = merged("", [line], (), "", LOOK)
    other = Line("Says a.", "[a](a.md)", VaultPath("a.md"), "a")
    assert merged(text, [other], now, "", LOOK) == (
        text.replace("[[a]]", "[a](a.md)"),
        (Listed(other, "famulus-lessons-1"),),
    )
