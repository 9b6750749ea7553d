import re
from dataclasses import replace

import pytest

from agents.codelike import code_like
from agents.reasons.evidence import Evidence, best_evidence, escaped, first_defining, first_telling, occurs, repeated
from agents.reasons.pointers import says_nothing
from tests.torture.notes import SAMPLE
from vault_sync.index.records import Occurrence
from vault_sync.notes.note import Span
from vault_sync.paths import VaultPath


def chunk(text: str, number: int = 0, title: str = "B-tree", heading: tuple[str, ...] = ()) -> Occurrence:
    path = VaultPath(f"{title}.md")
    span = Span(0, len(text))
    return Occurrence(number, number, path, title, 0, heading, 10, 20, span, text, "key", 0.0)


def best(text: str, title: str = "B-tree") -> Evidence | None:
    return first_telling([chunk(text, title=title)], [title])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "It was raining all day. A B-tree is a tree that keeps its keys sorted.",
            "A B-tree is a tree that keeps its keys sorted.",
        ),
        (
            "See also:\n- [[Index]]\n- [[Page]]\n\nA B-tree is a tree of sorted pages.",
            "A B-tree is a tree of sorted pages.",
        ),
        ("```\nA B-tree is a tree of code.\n```\nA B-tree is a tree of pages.", "A B-tree is a tree of pages."),
        ("- A **B-tree** is a [[Tree|tree]] of pages.", "A **B-tree** is a [[Tree|tree]] of pages."),
        ("*теги:* #деревья #базы\n*описание:* Дерево хранит ключи по порядку.", "Дерево хранит ключи по порядку."),
    ],
)
def test_the_telling_sentence(text: str, sentence: str) -> None:
    found = best(text)
    assert found is not None
    assert found.sentence == sentence
    assert found.sentence in text
    assert occurs(found.shown, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# Heading only",
        "```\ncode only here and more\n```",
        "[[A]] [[B]] [[C]] [[D]]",
        "#one #two #three #four",
        "| a | b | c |\n|---|---|---|\n| d | e | f |",
    ],
)
def test_nothing_to_quote(text: str) -> None:
    assert best(text) is None


def test_lines_and_heading_are_those_of_the_sentence() -> None:
    text = "Nothing here.\n\nA B-tree is a tree\nof sorted pages."
    found = first_telling([chunk(text, heading=("Trees", "B-tree"))], ["B-tree"])
    assert found is not None
    assert (found.start_line, found.end_line, found.heading) == (12, 13, ("Trees", "B-tree"))
    assert found.shown == "A B-tree is a tree of sorted pages."


def test_the_topic_decides_between_equals() -> None:
    text = "The tree keeps keys sorted always. The tree makes databases fast enough."
    chunks = [chunk("Some words come first here, quite many."), chunk(text, 1)]
    found = best_evidence(chunks, {"databas": 2.0}, ["Other"], nearest=1)
    assert found is not None
    assert "databases" in found.sentence


def test_the_sentence_chosen_earlier_stays() -> None:
    text = "A B-tree is a tree of pages. The pages of the tree are sorted."
    before = "The pages of the tree are sorted."
    found = best_evidence([chunk(text)], {}, ["B-tree"], before=before)
    assert found is not None
    assert found.sentence == before


def test_the_sentence_that_names_the_reader_goes_before_its_like() -> None:
    text = "Quick some words stand here first. Trees keep keys in order. Trees keep pages of a B-tree."
    found = best_evidence([chunk("Nothing to quote here", 0), chunk(text, 1)], {}, ["Trees"], reader=["B-tree"])
    assert found is not None
    assert found.sentence == "Trees keep pages of a B-tree."


@pytest.mark.parametrize(
    "pointing",
    ["One of its parts is a tree of pages.", "В ней есть это дерево страниц.", "A tree is what this page describes."],
)
def test_a_sentence_that_points_elsewhere_is_not_told(pointing: str) -> None:
    found = best_evidence([chunk(f"{pointing} Many pages make a whole tree here.")], {}, ["Other"])
    assert found is None or found.sentence != pointing


def test_the_address_of_a_link_does_not_keep_a_sentence_from_being_quoted() -> None:
    found = best("[B-tree](https://example.org/b_(tree)) is a tree of sorted pages.")
    assert found is not None
    assert found.shown == "B-tree is a tree of sorted pages."
    assert best("A B-tree is a tree, see https://example.org for more.") is None


def test_the_path_of_a_link_does_not_count_as_words() -> None:
    found = best("A B-tree is [[Very/Long/Path of many words/Tree|tree]] of pages.")
    assert found is not None


@pytest.mark.parametrize(
    "text",
    ["Pages of a tree]], [[1 are pages.", "tags: db source: a book status: ready about: A tree of pages."],
)
def test_pieces_of_links_and_rows_of_fields_are_not_quoted(text: str) -> None:
    assert best(text) is None


def test_a_block_id_is_no_part_of_a_quotation() -> None:
    found = best("A B-tree is a tree of pages ^why")
    assert found is not None
    assert (found.sentence, found.shown) == ("A B-tree is a tree of pages", "A B-tree is a tree of pages")


def test_what_many_notes_share_is_no_evidence() -> None:
    notice = "Our handbook is a draft and needs your help."
    chunks = [chunk(notice, number) for number in range(3)]
    assert repeated(chunks) == {notice}
    assert repeated(chunks[:2]) == frozenset()
    assert best_evidence(chunks, {}, ["B-tree"], boilerplate=repeated(chunks)) is None


@pytest.mark.parametrize(
    ("plain", "markdown"),
    [
        ("a*b", "a\\*b"),
        ("snake_case", "snake_case"),
        ("_x_", "\\_x\\_"),
        ("[[x]]", "\\[\\[x\\]\\]"),
        ("List<T>", "List\\<T>"),
        ("#tag C#", "\\#tag C#"),
        ("100%%", "100%\\%"),
        ("x < 5", "x < 5"),
    ],
)
def test_escaped(plain: str, markdown: str) -> None:
    assert escaped(plain) == markdown


@pytest.mark.parametrize(
    ("title", "text", "sentence"),
    [
        ("Maven", "Собирает проекты и зависимости.\n\nMaven - это сборщик проектов.", "Maven - это сборщик проектов."),
        ("Index", "An index is a map of keys. An index is a list in a book.", "An index is a map of keys."),
        ("Tape", "Tape storage is a magnetic technology. Tape is known for its price.", "Tape storage is a magnetic technology."),
        ("Graph", "The main purpose of a graph is to be walked. A graph is a set of edges.", "A graph is a set of edges."),
        ("Graph", "A graph (or net) is a set of edges and nodes.", "A graph (or net) is a set of edges and nodes."),
        ("tmux", "tmux attach -t test - присоединиться к сессии.", None),
        ("Graph", "The graph is used for maps. There are graphs that are a help for all.", None),
    ],
)  # fmt: skip
def test_of_the_definitions_the_first_counts(title: str, text: str, sentence: str | None) -> None:
    found = first_defining([chunk(text, title=title)], [title])
    assert (found.sentence if found else None) == sentence


@pytest.mark.parametrize(
    "text",
    [
        "Полный список смотрите в документации.",
        "$ docker run --rm nginx sleep forever",
        "Brief description of the concept.",
        "SELECT name, price FROM goods WHERE price > 3;",
    ],
)
def test_what_points_elsewhere_and_commands_are_no_evidence(text: str) -> None:
    assert best(text) is None


def test_what_is_quoted_of_the_sample_vault_says_something() -> None:
    told = []
    for file in sorted(SAMPLE.rglob("*.md")):
        path = VaultPath(file.relative_to(SAMPLE).as_posix())
        text = re.sub(r"\A---\n.*?\n---\n", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
        found = first_telling([replace(chunk(text, title=file.stem), path=path)], [file.stem])
        told += [found.shown] if found else []
    assert len(told) > 40
    assert not [shown for shown in told if says_nothing(shown) or code_like(shown)]
