import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.relation import decided, relation
from agents.standing import Standing, spaced
from vault_sync.paths import VaultPath


def note(path: str, *tags: str, links: tuple[str, ...] = (), linked_from: int = 0) -> Standing:
    return Standing(VaultPath(path), frozenset(tags), frozenset(map(VaultPath, links)), linked_from)


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
