"""Erasing what policy takes away: no row, word, vector or line in the log of changes is left of it."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from vault_sync.index import record, spare
from vault_sync.index.ledger import NOT_EMBEDDED, Ledger
from vault_sync.paths import VaultPath
from vault_sync.search import lexical


class Logged(NamedTuple):
    """An entry of the log of changes, as far as it names notes."""

    id: int
    kind: str
    path: str
    old_path: str | None


def mentioned(ledger: Ledger) -> set[VaultPath]:
    """Every path that the ledger names: of notes, and of notes that were there once."""
    sql = "SELECT path FROM notes UNION SELECT path FROM changes UNION SELECT old_path FROM changes"
    return {VaultPath(row[0]) for row in ledger.read().execute(sql) if row[0]}


def erase(ledger: Ledger, paths: Iterable[VaultPath]) -> None:
    """Leave no trace of these notes; vectors that another note uses too stay."""
    gone = set(paths)
    if not gone:
        return
    with ledger.database.write() as connection:
        connection.execute("PRAGMA secure_delete = ON")  # freed pages are overwritten, too
        for path in gone:
            record.delete_note(ledger, path, log=False)
        log = [Logged(*row) for row in connection.execute("SELECT id, kind, path, old_path FROM changes ORDER BY id")]
        about, beside = traces(log, gone)
        connection.executemany("DELETE FROM changes WHERE id = ?", [(i,) for i in about])
        connection.executemany(
            "UPDATE changes SET kind = 'modified', old_path = NULL WHERE id = ?", [(i,) for i in beside]
        )
        spare.drop_all(connection)
        lexical.compact(connection)
        record.count_unlogged(connection)
        connection.execute("PRAGMA secure_delete = OFF")
    ledger.read().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def traces(log: Collection[Logged], gone: Collection[str]) -> tuple[list[int], list[int]]:
    """Which entries are about one of the notes that are `gone`, under any name that it had, and which are about
    another note that once had such a path. Pure; `log` is oldest first.
    """
    about: list[int] = []
    beside: list[int] = []
    names = set(gone)
    for entry in reversed(list(log)):
        if entry.path in names:
            about.append(entry.id)
            if entry.kind == "created" or (entry.kind == "moved" and entry.old_path):
                names -= {entry.path} - set(gone)
            if entry.kind == "moved" and entry.old_path:
                names.add(entry.old_path)
        elif entry.old_path in gone:
            beside.append(entry.id)
    return about, beside


def drop_unused_vectors(ledger: Ledger) -> None:
    """Forget vectors that no text has (any more), instead of keeping them in case it comes back."""
    with ledger.database.write() as connection:
        spare.drop_all(connection)


def notes_by_vectors(ledger: Ledger, *, embedded: bool) -> set[VaultPath]:
    """The notes that have texts with vectors, or texts that were kept from the embedder."""
    sql = "SELECT DISTINCT n.path FROM occurrences o JOIN notes n ON n.id = o.note_id WHERE o.vector_key "
    return {VaultPath(row[0]) for row in ledger.read().execute(sql + ("!= ?" if embedded else "= ?"), (NOT_EMBEDDED,))}
