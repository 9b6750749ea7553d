import pytest

from agents.relation import Standing, relation
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
    assert relation(one, other) == "broader"
    assert relation(other, one) == "narrower"


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
    ],
    ids=lambda standing: standing.path,
)
def test_direct_in_doubt(one: Standing, other: Standing) -> None:
    assert relation(one, other) == "direct"
    assert relation(other, one) == "direct"
