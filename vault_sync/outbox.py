"""What the store has yet to learn from the ledger. It is struck off last, so a crash repeats and never loses."""

import logging
from collections.abc import Callable, Collection, Sequence

from vault_sync.errors import StoreBrokenError
from vault_sync.ledger import Ledger
from vault_sync.ports import ChunkStore

log = logging.getLogger(__name__)

AT_ONCE = 512
"""Occurrences a call of the store."""

_PENDING = """
    SELECT occurrence, kind FROM outbox WHERE kind = 'delete' OR EXISTS (
        SELECT 1 FROM occurrences o JOIN vectors v ON v.key = o.vector_key WHERE o.id = outbox.occurrence
    ) ORDER BY occurrence LIMIT ?
"""
"""What lost its vector waits until its note is embedded again, and keeps nothing else waiting."""


def pending(ledger: Ledger, limit: int = AT_ONCE) -> tuple[list[int], list[int]]:
    """Occurrences that the store can add and delete now, at most `limit` in all."""
    rows = ledger.read().execute(_PENDING, (limit,)).fetchall()
    return [row[0] for row in rows if row[1] == "add"], [row[0] for row in rows if row[1] == "delete"]


def settle(ledger: Ledger, occurrences: Sequence[int]) -> None:
    """The store has these: strike them off."""
    with ledger.database.write() as connection:
        connection.executemany("DELETE FROM outbox WHERE occurrence = ?", [(i,) for i in occurrences])


def refill(ledger: Ledger, stored: Collection[int]) -> int:
    """Note down what a store that holds `stored` lacks or has too much; returns how many."""
    with ledger.database.write() as connection:
        wanted = {int(row[0]) for row in connection.execute("SELECT id FROM occurrences WHERE vector_key != ''")}
        held = set(stored)
        rows = [(i, "add") for i in wanted - held] + [(i, "delete") for i in held - wanted]
        connection.execute("DELETE FROM outbox")
        connection.executemany("INSERT INTO outbox VALUES (?, ?)", rows)
        return len(rows)


def fit(ledger: Ledger, store: ChunkStore) -> int:
    """Let the store forget what the ledger does not have, and note down what it lacks; returns how many that are."""
    lacking = store.fit(ledger.embedded_ids())
    with ledger.database.write() as connection:
        connection.execute("DELETE FROM outbox")
        connection.executemany("INSERT INTO outbox VALUES (?, 'add')", ((i,) for i in lacking.tolist()))
    return len(lacking)


def flush(ledger: Ledger, store: ChunkStore, should_stop: Callable[[], bool] = lambda: False) -> bool:
    """Bring the store up to the ledger; whether all is done, or it was to stop before.

    A store that can not be used is emptied and filled anew.
    """
    while not should_stop():
        add, delete = pending(ledger)
        if not add and not delete:
            return True
        try:
            # What is to be added may be there already, of a crash before it was struck off.
            store.delete(delete + add)
            if add:
                store.add(add, ledger.vectors(add))
        except StoreBrokenError as error:
            log.warning("The vector store is filled anew from the ledger: %s", error)
            store.reset()
            refill(ledger, ())
            continue
        settle(ledger, add + delete)
    return False
