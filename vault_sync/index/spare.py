"""Vectors that no text has any more: kept for a while, since a note, a folder or a branch may come back."""

import sqlite3
import time
from collections.abc import Sequence

from vault_sync.index.ledger import NOT_EMBEDDED, Ledger, parts

USED_KEYS = "SELECT vector_key FROM occurrences UNION SELECT key FROM upcoming"
"""The keys of vectors that a chunk has, or will have once the model has changed; SQL."""
KEPT_FOR = 30 * 86400
"""Seconds; what is wanted later is embedded again. A vector takes 1.5 kB."""


def note_down(connection: sqlite3.Connection, occurrences: Sequence[int]) -> None:
    """The vectors of these occurrences, which are about to be forgotten, may be in use no longer."""
    now = time.time()
    for table, key, name in (("occurrences", "vector_key", "id"), ("upcoming", "key", "occurrence")):
        sql = f"INSERT OR REPLACE INTO spare SELECT {key}, ? FROM {table} WHERE {name} = ? AND {key} != ?"
        connection.executemany(sql, [(now, i, NOT_EMBEDDED) for i in occurrences])


def give_up_upcoming(connection: sqlite3.Connection) -> None:
    """A change of the model that was begun is not wanted any more; it may be again."""
    sql = "INSERT OR REPLACE INTO spare SELECT key, ? FROM upcoming WHERE key != ?"
    connection.execute(sql, (time.time(), NOT_EMBEDDED))
    connection.execute("DELETE FROM upcoming")


def drop_all(connection: sqlite3.Connection) -> None:
    """Forget every vector that no text has, at once."""
    connection.execute(f"DELETE FROM vectors WHERE key NOT IN ({USED_KEYS})")
    connection.execute("DELETE FROM spare")


def drop_old(ledger: Ledger, now: float) -> int:
    """Forget the vectors that nothing has used for long; returns how many went. `now` in seconds since the epoch."""
    with ledger.database.write() as connection:
        rows = connection.execute("SELECT key FROM spare WHERE since < ?", (now - KEPT_FOR,)).fetchall()
        before = connection.total_changes
        for part in parts([row[0] for row in rows]):
            marks = ",".join("?" * len(part))
            unused = (
                "NOT EXISTS (SELECT 1 FROM occurrences WHERE vector_key = vectors.key)"
                " AND key NOT IN (SELECT key FROM upcoming)"
            )
            connection.execute(f"DELETE FROM vectors WHERE key IN ({marks}) AND {unused}", part)
        gone = connection.total_changes - before
        connection.execute("DELETE FROM spare WHERE since < ?", (now - KEPT_FOR,))
        return gone
