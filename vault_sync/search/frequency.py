"""In how many rows a word occurs. Common words are counted once: FTS5 walks their whole lists for that, which takes
longer than finding the rows of all the rare words of a question.
"""

import sqlite3

KEPT_FROM = 100
"""Words in fewer rows are counted each time: it takes no time, and a new note must be found by its words at once."""
DRIFT = 0.02
"""The share by which the number of rows may change until the count of a common word is made again."""
MOST = 10_000
"""Words that are remembered."""

_remembered: dict[tuple[str, str], tuple[int, int]] = {}
"""By file and word: how many rows there were when it was counted, and in how many it was."""


def file_of(connection: sqlite3.Connection) -> str:
    """The file that a connection reads, empty for none."""
    return str(connection.execute("PRAGMA database_list").fetchone()[2])


def rows_with(connection: sqlite3.Connection, word: str, rows: int, file: str | None = None) -> int:
    """In how many of the `rows` of the full text the word occurs; roughly, where those are many.

    Who asks for many words gives the `file_of` the connection: it takes as long as counting a rare word.
    """
    file = file_of(connection) if file is None else file
    then, found = _remembered.get((file, word), (0, 0))
    if then and abs(rows - then) <= DRIFT * then:
        return min(found, rows)
    row = connection.execute("SELECT doc FROM lexical_terms WHERE term = ?", (word,)).fetchone()
    found = int(row[0]) if row else 0
    if found >= KEPT_FROM and file:
        if len(_remembered) >= MOST:
            _remembered.clear()
        _remembered[(file, word)] = rows, found
    return found
