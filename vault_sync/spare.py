"""Vectors that no text has any more: kept for a while, since a note, a folder or a branch may come back."""

import sqlite3
import time
from collections.abc import Sequence

from vault_sync.ledger import NOT_EMBEDDED, Ledger, parts

KEPT_FOR = 30 * 86400
"""Seconds; what is wanted later is embedded again. A vector takes 1.5 kB."""


def note_down(connection: sqlite3.Connection, occurrences: Sequence[int]) -> None:
    """The vectors of these occurrences, which are about to be forgotten, may be in use no longer."""
    sql = "INSERT OR REPLACE INTO spare SELECT vector_key, ? FROM occurrences WHERE id = ? AND vector_key != ?"
    now = time.time()
    connection.executemany(sql, [(now, i, NOT_EMBEDDED) for i in occurrences])


def drop_all(connection: sqlite3.Connection) -> None:
    """Forget every vector that no text has, at once."""
    connection.execute("DELETE FROM vectors WHERE key NOT IN (SELECT vector_key FROM occurrences)")
    connection.execute("DELETE FROM spare")


def drop_old(ledger: Ledger, now: float) -> int:
    """Forget the vectors that nothing has used for long; returns how many went. `now` in seconds since the epoch."""
    with ledger.database.write() as connection:
        rows = connection.execute("SELECT key FROM spare WHERE since < ?", (now - KEPT_FOR,)).fetchall()
        before = connection.total_changes
        for part in parts([row[0] for row in rows]):
            marks = ",".join("?" * len(part))
            unused = "NOT EXISTS (SELECT 1 FROM occurrences WHERE vector_key = vectors.key)"
            connection.execute(f"DELETE FROM vectors WHERE key IN ({marks}) AND {unused}", part)
        gone = connection.total_changes - before
        connection.execute("DELETE FROM spare WHERE since < ?", (now - KEPT_FOR,))
        return gone
