"""Which note each occurrence belongs to, kept in memory: what turns notes that a filter lets through into occurrences."""

import sqlite3
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from vault_sync.databases.columns import columns
from vault_sync.ports import Ids
from vault_sync.search.ids import NO_IDS

Columns = tuple[Ids, NDArray[np.int64]]

# The index holds both columns; the table itself is mostly text.
_ALL = "occurrences INDEXED BY occurrences_note"
_SINCE = "occurrences WHERE id > ?"


class Owners:
    """Two columns of the ledger, 16 bytes an occurrence.

    An occurrence never moves to another note and its id is never given again, so only new rows are read. Those that
    were deleted since stay until they outnumber the others: nothing else knows them any more, so they harm nobody.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: Columns = (NO_IDS, NO_IDS)

    def columns(self, connection: sqlite3.Connection) -> Columns:
        """The ids of all occurrences, and the note of each."""
        if connection.in_transaction:
            # What it sees may be rolled back, and the ids be given to others.
            return _read(connection)
        with self._lock:
            self._known = self._current(connection)
            return self._known

    def _current(self, connection: sqlite3.Connection) -> Columns:
        ids, notes = self._known
        if not len(ids):
            return _read(connection)
        new, their_notes = _read(connection, int(ids[-1]))
        if len(new):
            ids, notes = np.concatenate([ids, new]), np.concatenate([notes, their_notes])
        there = int(connection.execute("SELECT count(*) FROM occurrences").fetchone()[0])
        return (ids, notes) if len(ids) <= 2 * there else _read(connection)


def _read(connection: sqlite3.Connection, after: int | None = None) -> Columns:
    rest, values = (_ALL, ()) if after is None else (_SINCE, (after,))
    ids, notes = columns(connection, ("id", "note_id"), rest, values)
    order = np.argsort(ids, kind="stable")
    return ids[order], notes[order]
