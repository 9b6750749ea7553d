import sqlite3
from collections.abc import Iterator
from datetime import date, datetime

import numpy as np
import pytest

from vault_sync.index import schema
from vault_sync.search.filter import Filter
from vault_sync.search.narrowing import within

NOTES = [
    (1, "Area/one.md", "2026-01-05T00:00:00", ("Project/Alpha",)),
    (2, "Area/deep/two.md", "2026-01-05T23:59:59", ("project",)),
    (3, "Area 2/three.md", "2026-01-06T00:00:00", ("projects",)),
    (4, "four.md", "2025-12-31T12:00:00", ()),
]
IDS = np.array([note[0] for note in NOTES] * 2, np.int64)


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    made = sqlite3.connect(":memory:", isolation_level=None)
    schema.prepare(made)
    for number, path, at, tags in NOTES:
        changed = int(datetime.fromisoformat(at).timestamp() * 1e9)
        made.execute(
            "INSERT INTO notes VALUES (?, ?, ?, 1, ?, '', '', '', '', '', '', '', '', 0, '')",
            (number, path, path, changed),
        )
        made.executemany("INSERT INTO tags VALUES (?, ?, ?)", [(number, tag, tag.casefold()) for tag in tags])
    yield made
    made.close()


@pytest.mark.parametrize(
    ("narrow", "expected"),
    [
        (Filter(), [1, 2, 3, 4]),
        (Filter(folder="Area"), [1, 2]),
        (Filter(folder="/Area/deep/"), [2]),
        (Filter(folder="four.md"), [4]),
        (Filter(tag="#Project"), [1, 2]),
        (Filter(tag="project/alpha"), [1]),
        (Filter(tag="nothing"), []),
        (Filter(after=date(2026, 1, 5)), [1, 2, 3]),
        (Filter(before=date(2026, 1, 5)), [1, 2, 4]),
        (Filter(after=date(2026, 1, 5), before=date(2026, 1, 5), folder="Area", tag="project/alpha"), [1]),
    ],
)
def test_each_part_of_a_filter_narrows(connection: sqlite3.Connection, narrow: Filter, expected: list[int]) -> None:
    let = within(connection, narrow, IDS)
    assert IDS[let].tolist() == expected * 2


@pytest.mark.parametrize("rest", ["notes WHERE mtime_ns >= 1", "notes WHERE path > 'a' AND path < 'b'"])
def test_an_index_alone_answers(connection: sqlite3.Connection, rest: str) -> None:
    plan = connection.execute(f"EXPLAIN QUERY PLAN SELECT group_concat(id) FROM {rest}").fetchall()
    assert all("COVERING INDEX" in row[3] for row in plan)


def test_a_ledger_of_before_gets_its_index(connection: sqlite3.Connection) -> None:
    connection.execute("DROP INDEX notes_mtime")
    schema.prepare(connection)
    assert connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'notes_mtime'").fetchone()
