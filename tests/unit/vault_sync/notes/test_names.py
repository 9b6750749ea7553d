"""Notes that a query calls by name."""

import sqlite3
from collections.abc import Iterator

import pytest

from vault_sync.index.schema import TABLES
from vault_sync.notes import names


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    made = sqlite3.connect(":memory:")
    made.executescript(TABLES)
    names.put(made, 1, ["Новый год", "Ёлка"])
    names.put(made, 2, ["C++", "C"])
    names.put(made, 3, ["C"])
    names.put(made, 4, ["!!!"])
    yield made
    made.close()


@pytest.mark.parametrize(
    ("query", "notes"),
    [
        ("новый  ГОД", [1]),
        ("«Новый год»!", [1]),
        ("[[Новый год]]", [1]),
        ("елка", [1]),
        ("c++", [2]),
        ("c", [2, 3]),
        ("(c)", [2, 3]),
        ("!!!", [4]),
        ("???", []),
        ("новый", []),
        ("", []),
    ],
)
def test_case_yo_and_punctuation_do_not_matter(connection: sqlite3.Connection, query: str, notes: list[int]) -> None:
    assert names.called(connection, query) == notes


def test_new_names_take_the_place_of_the_old(connection: sqlite3.Connection) -> None:
    names.put(connection, 1, ["Рождество"])
    assert names.called(connection, "елка") == []
    assert names.called(connection, "рождество") == [1]
