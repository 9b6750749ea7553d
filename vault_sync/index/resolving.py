"""Which notes links can lead to, kept in memory for as long as no note comes, goes or moves."""

import sqlite3
from typing import NamedTuple

from vault_sync.notes.resolve import Resolver
from vault_sync.paths import VaultPath

UNLOGGED = "unlogged"
"""The key in `meta` that counts how often notes came or went without a word in the log of changes, by policy."""


class Names(NamedTuple):
    """Another one whenever paths of notes may be others: the newest note, what is counted under `UNLOGGED`, and the
    newest change that is more than an edit."""

    note: int
    unlogged: str | None
    change: int


class Resolving:
    """Makes a resolver again only where it must: a large vault's takes longer than linking a note, and most changes are
    edits, which move nothing."""

    def __init__(self, vault_name: str = "") -> None:
        """`vault_name` is what Obsidian's URLs call the vault."""
        self._vault_name = vault_name
        self._known: tuple[Names, Resolver] | None = None

    def current(self, connection: sqlite3.Connection) -> Resolver:
        """Resolves links among the notes that are known now."""
        known = self._known
        names = _names(connection, known[0] if known else None)
        if known is not None and known[0] == names:
            return known[1]
        made = Resolver([VaultPath(row[0]) for row in connection.execute("SELECT path FROM notes")], self._vault_name)
        # What a transaction sees may be rolled back.
        if not connection.in_transaction:
            self._known = names, made
        return made


def _names(connection: sqlite3.Connection, before: Names | None) -> Names:
    """Only changes after those known `before` are looked through, unless lines were taken out of the log since."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (UNLOGGED,)).fetchone()
    unlogged = str(row[0]) if row else None
    since = before.change if before and before.unlogged == unlogged else 0
    sql = (
        "SELECT (SELECT coalesce(max(id), 0) FROM notes),"
        " (SELECT coalesce(max(id), ?) FROM changes WHERE id > ? AND kind != 'modified')"
    )
    note, change = connection.execute(sql, (since, since)).fetchone()
    return Names(note, unlogged, change)
