from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.relations.relation import decided, relation, told
from agents.relations.standing import Standing, spaced
from vault_sync.paths import VaultPath


def note(path: str, *tags: str, links: tuple[str, ...] = (), linked_from: int = 0) -> Standing:
    return Standing(VaultPath(path), frozenset(tags), frozenset(map(VaultPath, links)), linked_from)


def named(path: str, *names: str) -> Standing:
    return replace(note(path), names=names)


MANY = tuple(f"N{i}.md" for i in range(9))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (note("Wiki/Memory/SRAM.md"), note("Wiki/Memory/Memory.md")),
        (note("Wiki/Memory/Flash/USB drive.md"), note("Wiki/Memory.md")),
        (note("Wiki/Memory/SRAM.md"), note("Wiki/Memory/README.md")),
        (note("Индекс B-дерево.md"), note("Индекс.md")),
        (note("Индексы B-дерева.md"), note("Индекс.md")),
        (note("Network file system.md"), note("File system.md")),
        (note("Python data types.md"), note("Python.md")),
        (note("FileInputStream.md"), named("class InputStream (abstract).md", "inputstream")),
        (note("class HashSet.md"), named("interface Set.md", "set")),
        (note("class HashMap (old).md"), note("Map.md")),
        (note("MySQL.md"), note("SQL.md")),
        (note("CD-ROM.md"), note("ROM.md")),
        (note("Java Regex.md"), note("Regex введение.md")),
        (note("Паттерн Observer.md"), note("Введение в паттерны.md")),
        (note("Primary memory.md"), note("Types of memory.md")),
        (note("Streams.md", "java"), note("Java.md")),
        (note("SRAM.md"), note("Hardware overview.md", links=("SRAM.md", *MANY))),
        (note("A.md", "db/index"), note("B.md", "db", linked_from=20)),
    ],
    ids=lambda standing: standing.path,
)
def test_broader_and_the_other_way_round(one: Standing, other: Standing) -> None:
    assert decided(one, other) == relation(one, other) == "broader"
    assert decided(other, one) == relation(other, one) == "narrower"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (note("SRAM.md"), note("DRAM.md")),
        (note("C sharp.md"), note("C.md")),
        (note("JavaScript.md"), note("Java.md")),
        (note("Patterns mini-base.md"), note("Linux base.md")),
        (note("MyContent.md"), note("Map of content.md")),
        (note("HashList.md"), note("T.md")),
        (note("Java Regex.md"), note("Introduction to C.md")),
        (note("Weekly standup.md"), note("Weekly overview.md")),
        (note("Programming languages.md"), note("Program.md")),
        (note("A.md", "db/index"), note("B.md", "db")),
        (note("A.md"), note("B.md", linked_from=50)),
        (note("A.md", links=MANY), note("B.md", links=("A.md", *MANY))),
        (note("Index.md"), note("Notes/Index.md")),
        (note("A.md"), note("README.md")),
        (note("A.md", "java"), note("Java.md", "java")),
        (note("C.md", "c"), note("C++.md")),
    ],
    ids=lambda standing: standing.path,
)
def test_structure_says_nothing(one: Standing, other: Standing) -> None:
    assert decided(one, other) is None
    assert decided(other, one) is None


KINDS = (
    Standing(
        VaultPath("Spyware.md"), definition=" spywar is a type of malwar ", genus=" malwar ", text=" spywar malwar "
    ),
    Standing(VaultPath("Malware.md"), definition=" malwar is ani harm softwar ", genus=" harm softwar "),
)


def test_what_the_text_says_decides_where_structure_is_silent() -> None:
    assert decided(*KINDS) is None
    assert relation(*KINDS) == "broader"


def test_notes_of_which_nothing_is_known_are_direct() -> None:
    assert relation(note("SRAM.md"), note("DRAM.md")) == "direct"


TITLES = st.sampled_from(["B-tree", "Tree", "Индекс", "Индекс B-дерево", "Введение в индексы", "C", ""])
STEMS = st.lists(st.sampled_from(["tree", "b-tree", "индекс", "key"]), max_size=4).map(spaced)
STANDINGS = st.builds(
    Standing,
    path=TITLES.map(lambda title: VaultPath(f"Notes/{title}.md")),
    tags=st.frozensets(st.sampled_from(["db", "db/index", "tree"])),
    links=st.frozensets(st.sampled_from([VaultPath("Notes/Tree.md"), VaultPath("A.md")])),
    linked_from=st.integers(0, 100),
    definition=STEMS,
    genus=STEMS,
    text=STEMS,
    length=st.integers(0, 10_000),
    commonness=st.floats(0, 1),
)


@given(STANDINGS, STANDINGS)
def test_the_other_way_round_it_is_the_opposite(one: Standing, other: Standing) -> None:
    opposite = {"broader": "narrower", "narrower": "broader", "direct": "direct"}
    assert relation(other, one) == opposite[relation(one, other)]


def test_what_the_owner_wrote_comes_before_all_structure() -> None:
    slip = replace(note("Zettelkasten.md", links=("Note.md", "Map.md")), stated={"note": "narrower", "map": "direct"})
    atom, wide = note("Note.md"), note("Map.md", links=("Zettelkasten.md", *MANY))
    assert (decided(slip, atom), decided(atom, slip)) == ("narrower", "broader")
    assert (decided(slip, wide), decided(wide, slip)) == ("direct", "direct")
    assert decided(replace(slip, links=frozenset()), atom) is None, "the title is that of another note"


@pytest.mark.parametrize(
    ("leaning", "level", "said"),
    [
        (0.5, -3.0, "direct"),
        (-0.5, -3.0, "direct"),
        (0.8, -3.0, "broader"),
        (-0.8, 0.1, "narrower"),
        (1.5, 1.6, "direct"),
    ],
)
def test_in_doubt_it_is_direct(leaning: float, level: float, said: str) -> None:
    assert told(leaning, level) == said
