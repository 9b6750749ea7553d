"""How the vault's notes are tagged: which tags there are, how often, and in which folder."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from vault_sync.paths import VaultPath


@dataclass(frozen=True, slots=True)
class Census:
    """`spelt` gives each folded tag as most notes write it, `count` the notes that have it, `notes` all tagged ones."""

    spelt: Mapping[str, str]
    count: Mapping[str, int]
    notes: int


class _Spelt(Mapping[str, str]):
    """Asked tag by tag: to sort all spellings of a large vault takes longer than all else that is asked of its tags."""

    def __init__(self, connection: sqlite3.Connection, count: Mapping[str, int]) -> None:
        self._connection = connection
        self._count = count

    def __getitem__(self, folded: str) -> str:
        sql = "SELECT tag FROM tags WHERE folded = ? GROUP BY tag ORDER BY count(*) DESC, tag LIMIT 1"
        row = self._connection.execute(sql, (folded,)).fetchone()
        if row is None:
            raise KeyError(folded)
        return str(row[0])

    def __iter__(self) -> Iterator[str]:
        return iter(self._count)

    def __len__(self) -> int:
        return len(self._count)


def census(connection: sqlite3.Connection) -> Census:
    """All tags of the vault; their spellings are read when they are asked for, in the thread that `connection` is of."""
    count = {
        str(row[0]): int(row[1]) for row in connection.execute("SELECT folded, count(*) FROM tags GROUP BY folded")
    }
    (notes,) = connection.execute("SELECT count(DISTINCT note_id) FROM tags").fetchone()
    return Census(_Spelt(connection, count), count, int(notes))


def in_folder(connection: sqlite3.Connection, folder: str, without: VaultPath) -> tuple[Counter[str], int]:
    """How many notes in a folder (and below it; the empty one is the root alone) have each folded tag, and are tagged.

    The note `without` is left out.
    """
    where = "n.path > ? AND n.path < ?" if folder else "instr(n.path, '/') = 0 AND n.path > ? AND n.path < ?"
    span = (f"{folder}/", f"{folder}0") if folder else ("", "\U0010ffff")
    sql = f"SELECT DISTINCT t.note_id, t.folded FROM tags t JOIN notes n ON n.id = t.note_id WHERE {where} AND n.path != ?"
    rows = connection.execute(sql, (*span, without)).fetchall()
    return Counter(folded for _, folded in rows), len({note for note, _ in rows})


def of_notes(connection: sqlite3.Connection, paths: Iterable[VaultPath]) -> dict[VaultPath, frozenset[str]]:
    """The folded tags of each of these notes that has some."""
    wanted = list(paths)
    marks = ",".join("?" * len(wanted))
    sql = f"SELECT n.path, t.folded FROM tags t JOIN notes n ON n.id = t.note_id WHERE n.path IN ({marks})"
    found: dict[VaultPath, set[str]] = {}
    for path, folded in connection.execute(sql, wanted):
        found.setdefault(VaultPath(path), set()).add(folded)
    return {path: frozenset(tags) for path, tags in found.items()}
