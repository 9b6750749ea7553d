"""What the store has yet to learn from the ledger. It is struck off last, so a crash repeats and never loses."""

import logging
import sqlite3
from collections.abc import Callable, Collection, Sequence

from vault_sync.errors import StoreAwayError, StoreBrokenError
from vault_sync.index.ledger import Ledger
from vault_sync.ports import ChunkStore

log = logging.getLogger(__name__)

GARBAGE = "garbage"
"""The key in `meta` that counts what was deleted from the store that serves."""
UNSURE = "store_unsure"
"""The key in `meta` that is there while the store may hold something else than the ledger thinks."""
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


def settle(ledger: Ledger, added: Sequence[int], deleted: Sequence[int]) -> None:
    """The store has learnt of these: strike them off. Of what was deleted, Chroma keeps the room."""
    with ledger.database.write() as connection:
        connection.executemany("DELETE FROM outbox WHERE occurrence = ?", [(i,) for i in (*added, *deleted)])
        if deleted:
            sql = "INSERT INTO meta VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = value + ?2"
            connection.execute(sql, (GARBAGE, len(deleted)))


def garbage(ledger: Ledger) -> int:
    """How many rows of the store that serves were deleted."""
    return int(ledger.meta(GARBAGE) or 0)


def clear_garbage(connection: sqlite3.Connection) -> None:
    """Another store serves, from which nothing was deleted yet."""
    connection.execute("DELETE FROM meta WHERE key = ?", (GARBAGE,))


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
        connection.execute("DELETE FROM meta WHERE key = ?", (UNSURE,))
    return len(lacking)


def doubt(ledger: Ledger) -> None:
    """The store may not hold what the ledger thinks: the next `flush` compares their ids."""
    ledger.set_meta(UNSURE, "1")


def waits(ledger: Ledger) -> bool:
    """Whether the store has something to learn."""
    return ledger.meta(UNSURE) is not None or any(pending(ledger, 1))


def flush(
    ledger: Ledger, store: ChunkStore, should_stop: Callable[[], bool] = lambda: False, *, behind: int = 0
) -> bool:
    """Bring the store up to the ledger; whether all is done that can be, or it was to stop before.

    It may stay `behind` by so many ids, which searches find all the same. A store that can not be used is emptied and
    filled anew; one that is away learns everything when it is back. Raises StoreBrokenError where an empty one can
    not be used either.
    """
    try:
        if not (done := _flush(ledger, store, should_stop, behind)) or ledger.meta(UNSURE) is None:
            return done
        if missing := fit(ledger, store):
            log.info("The store lacks %d chunks: they come from the ledger.", missing)
        return _flush(ledger, store, should_stop, behind)
    except StoreAwayError as error:
        if ledger.meta(UNSURE) is None:
            log.warning("%s", error)
            doubt(ledger)  # it may come back as another one
        return True


def _flush(ledger: Ledger, store: ChunkStore, should_stop: Callable[[], bool], behind: int) -> bool:
    is_new = False
    while not should_stop():
        add, delete = pending(ledger)
        if not add and not delete and store.behind <= behind:
            return True
        try:
            # What is to be added may be there already, of a crash before it was struck off. It comes first, so that
            # a new text need not wait until the old one is gone.
            if add:
                store.add(add, ledger.vectors(add))
            if delete:
                store.delete(delete)
            if not add and not delete:
                store.catch_up()
        except StoreAwayError:
            raise
        except StoreBrokenError as error:
            if is_new:
                raise
            log.warning("The vector store is filled anew from the ledger: %s", error)
            store.reset()
            refill(ledger, ())
            is_new = True
            continue
        settle(ledger, add, delete)
    return False
