import sqlite3

import pytest

from vault_sync.index.tagged import census, in_folder, of_notes
from vault_sync.paths import VaultPath

NOTES = {"a.md": ["SQL"], "F/b.md": ["sql", "x"], "F/G/c.md": ["sql"], "Fa/d.md": ["y"], "F/e.md": []}


@pytest.fixture
def connection() -> sqlite3.Connection:
    made = sqlite3.connect(":memory:")
    made.executescript("CREATE TABLE notes (id, path); CREATE TABLE tags (note_id, tag, folded);")
    for number, (path, tags) in enumerate(NOTES.items()):
        made.execute("INSERT INTO notes VALUES (?, ?)", (number, path))
        made.executemany("INSERT INTO tags VALUES (?, ?, ?)", [(number, tag, tag.lower()) for tag in tags])
    return made


def test_a_tag_is_spelt_as_most_notes_do(connection: sqlite3.Connection) -> None:
    found = census(connection)
    assert found.spelt == {"sql": "sql", "x": "x", "y": "y"}
    assert found.count == {"sql": 3, "x": 1, "y": 1} and found.notes == 4


def test_a_folder_holds_what_lies_below_it_and_the_root_only_itself(connection: sqlite3.Connection) -> None:
    assert in_folder(connection, "F", VaultPath("F/e.md")) == ({"sql": 2, "x": 1}, 2)
    assert in_folder(connection, "F", VaultPath("F/b.md")) == ({"sql": 1}, 1)
    assert in_folder(connection, "", VaultPath("z.md")) == ({"sql": 1}, 1)


def test_the_tags_of_notes(connection: sqlite3.Connection) -> None:
    paths = [VaultPath("F/b.md"), VaultPath("F/e.md"), VaultPath("gone.md")]
    assert of_notes(connection, paths) == {"F/b.md": {"sql", "x"}}
    assert of_notes(connection, []) == {}
