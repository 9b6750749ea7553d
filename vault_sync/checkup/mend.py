"""Mending what is derived from the ledger or the notes, without embedding what is as it was."""

import json
import logging
import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from vault_sync.index import record
from vault_sync.index.ledger import Ledger, parts
from vault_sync.notes.chunk import MAX_CHARS
from vault_sync.search import lexical
from vault_sync.search.lexical import LexicalRow

log = logging.getLogger(__name__)

CUT = "chunk_chars"
"""The key in `meta` of the size by which the notes were cut; where it is not there, it was the usual one."""

_ROWS = (
    "SELECT o.id, n.title, o.text, o.heading, n.aliases, (SELECT json_group_array(tag) FROM"
    " (SELECT tag FROM tags WHERE note_id = n.id ORDER BY rowid)) FROM occurrences o JOIN notes n ON n.id = o.note_id"
)
_MISSING = "SELECT id FROM occurrences WHERE id NOT IN (SELECT id FROM lexical_docsize)"
_EXTRA = "SELECT id FROM lexical_docsize WHERE id NOT IN (SELECT id FROM occurrences)"


def lexical_rows(connection: sqlite3.Connection, only: Sequence[int] | None = None) -> Iterator[LexicalRow]:
    """What the full text should hold, of all occurrences or of these."""
    for part in [None] if only is None else parts(only):
        narrow = "" if part is None else f" WHERE o.id IN ({','.join('?' * len(part))})"
        for i, title, text, *lists in connection.execute(_ROWS + narrow, part or ()):
            heading, aliases, tags = (tuple(json.loads(each)) for each in lists)
            yield LexicalRow(i, title, heading, text, aliases, tags)


def words_in_step(ledger: Ledger) -> int:
    """Give the full text what it lacks and take what it has too much, by ids; returns how many rows that took."""
    if _print(ledger, "occurrences") == _print(ledger, "lexical_docsize"):
        return 0
    missing, extra = ([row[0] for row in ledger.read().execute(sql)] for sql in (_MISSING, _EXTRA))
    if missing or extra:
        rewrite_words(ledger, [*missing, *extra])
    return len(missing) + len(extra)


def _print(ledger: Ledger, table: str) -> tuple[int, ...]:
    """A fingerprint of the ids of a table, which SQLite makes many times as quickly as it compares two of them."""
    sql = f"SELECT count(*), coalesce(sum(id), 0), coalesce(sum(id * id % 1000003), 0) FROM {table}"
    return tuple(ledger.read().execute(sql).fetchone())


def rewrite_words(ledger: Ledger, occurrences: Sequence[int]) -> None:
    """Write these rows of the full text anew; those of unknown occurrences go."""
    with ledger.database.write() as connection:
        lexical.delete(connection, occurrences)
        lexical.insert(connection, lexical_rows(connection, occurrences))


def all_words_anew(ledger: Ledger) -> None:
    """Make the full text anew. Raises DamageError where what is left of it can not be taken away."""
    with ledger.database.write() as connection:
        lexical.create_anew(connection)
        lexical.insert(connection, lexical_rows(connection))


def forget_vectors(ledger: Ledger, occurrences: Iterable[int]) -> None:
    """Forget the vectors of these occurrences, so that they are embedded when their notes are read again."""
    sql = "DELETE FROM vectors WHERE key = (SELECT vector_key FROM occurrences WHERE id = ?)"
    with ledger.database.write() as connection:
        connection.executemany(sql, [(i,) for i in occurrences])


def cut_anew(ledger: Ledger, chunk_chars: int) -> None:
    """Let the next scan read all notes again where they were cut by another size; what is cut as before stays."""
    before = int(ledger.meta(CUT) or MAX_CHARS)
    if before != chunk_chars:
        log.warning("Chunks have %d characters now, they had %d: all notes are cut anew.", chunk_chars, before)
        record.doubt(ledger, ledger.paths())
    ledger.set_meta(CUT, str(chunk_chars))
