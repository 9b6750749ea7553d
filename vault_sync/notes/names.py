"""By which names a note is called, and which notes a query calls by name."""

import re
import sqlite3
from collections.abc import Iterable

from vault_sync.text import fold

_WORD = re.compile(r"[^\W_]+")


def name_key(name: str) -> str:
    """What two spellings of one name share: case, `ё` and punctuation do not count. Empty for one without words."""
    return " ".join(_WORD.findall(fold(name)))


def put(connection: sqlite3.Connection, note_id: int, names: Iterable[str]) -> None:
    """Remember a note's title and aliases, instead of those that were known."""
    connection.execute("DELETE FROM names WHERE note_id = ?", (note_id,))
    rows = [(note_id, name_key(name), _spelling(name)) for name in dict.fromkeys(names)]
    connection.executemany("INSERT INTO names VALUES (?, ?, ?)", rows)


def called(connection: sqlite3.Connection, query: str) -> list[int]:
    """The ids of the notes whose title or alias is the query; with its very punctuation, where there are such."""
    rows = connection.execute(
        "SELECT note_id, folded FROM names WHERE key = ? ORDER BY note_id", (name_key(query),)
    ).fetchall()
    exact = [row[0] for row in rows if row[1] == _spelling(query)]
    return list(dict.fromkeys(exact or [row[0] for row in rows if name_key(query)]))


def _spelling(name: str) -> str:
    return " ".join(fold(name).split())
