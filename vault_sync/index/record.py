"""Writing to the ledger: one transaction a note, full text with it; the store follows by way of an outbox."""

import json
import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vault_sync.errors import VaultError
from vault_sync.index import spare
from vault_sync.index.ledger import NOT_EMBEDDED, Ledger
from vault_sync.index.records import FileStamp
from vault_sync.index.resolving import UNLOGGED
from vault_sync.notes import names
from vault_sync.notes.note import Chunk, Note
from vault_sync.notes.sections import untrusted_sections
from vault_sync.paths import VaultPath, title_of
from vault_sync.ports import Vectors
from vault_sync.search import lexical
from vault_sync.text import fold, language_of, sentences, words

_TOLD = 300
"""The longest sentence that is kept in the log of changes."""


@dataclass(frozen=True, slots=True)
class Keyed:
    """A chunk with the key of its vector."""

    chunk: Chunk
    key: str


def put_note(
    ledger: Ledger, stamp: FileStamp, digest: str, note: Note, chunks: Sequence[Keyed], *, log: bool = True
) -> None:
    """Record a note and its chunks, whose vectors must be stored already.

    Chunks that are as they were keep their occurrence id, so that the store is touched only where it must be. Without
    `log` a new note is no news: policy hid it until now.
    """
    with ledger.database.write() as connection:
        known = connection.execute("SELECT * FROM notes WHERE path = ?", (note.path,)).fetchone()
        note_id = _put_row(connection, stamp, digest, note)
        aliases = json.dumps(note.aliases, ensure_ascii=False)
        renamed = known is not None and (known["title"], known["aliases"]) != (note.title, aliases)
        renamed |= known is not None and _tags(connection, note_id) != note.tags
        names.put(connection, note_id, (note.title, *note.aliases))
        _put_tags(connection, note_id, note.tags)
        _put_links(connection, note_id, note)
        before = [chunk.text for chunk in ledger.occurrences_of(note.path)] if known is not None else []
        _put_chunks(connection, note_id, note, chunks, rewrite=renamed)
        if known is None and not log:
            count_unlogged(connection)
        elif known is None or known["hash"] != digest:
            told = first_new_sentence(before, [keyed.chunk.text for keyed in chunks]) if known is not None else ""
            ledger.log_change("created" if known is None else "modified", note.path, told=told)


def first_new_sentence(before: Sequence[str], now: Sequence[str]) -> str:
    """The first sentence of some words that stands in `now` and stood nowhere in `before`; empty where none does."""
    known = {fold(text[span.start : span.end]) for text in before for span in sentences(text)}
    for text in now:
        for span in sentences(text):
            sentence = text[span.start : span.end]
            if len(sentence) <= _TOLD and len(words(sentence)) >= 3 and fold(sentence) not in known:
                return sentence
    return ""


def count_unlogged(connection: sqlite3.Connection) -> None:
    """Notes came or went without an entry in the log of changes: the ledger's version is another one all the same."""
    connection.execute(
        "INSERT INTO meta VALUES (?, '1') ON CONFLICT (key) DO UPDATE SET value = value + 1", (UNLOGGED,)
    )


def _put_row(connection: sqlite3.Connection, stamp: FileStamp, digest: str, note: Note) -> int:
    row = {
        "path": note.path,
        "disk_path": stamp.disk_path,
        "size": stamp.size,
        "mtime_ns": stamp.mtime_ns,
        "hash": digest,
        "title": note.title,
        "language": language_of(note.text[note.body_start :] or note.title),
        "aliases": json.dumps(note.aliases, ensure_ascii=False),
        "description": _text(note.frontmatter, "description"),
        "state": "indexed",
        "reason": _remark(note),
        "fix": "",
        "indexed_at": time.time(),
        "digest": _text(note.frontmatter, "famulus-digest"),
    }
    return _upsert(connection, row)


def _remark(note: Note) -> str:
    """What the user should know of a note that is indexed all the same."""
    untrusted = untrusted_sections(note.text, note.regions)
    left = (f"The section {name!r} is left alone: {cause}" for name, cause in untrusted.items())
    return " ".join(part for part in (note.remark, note.frontmatter_error or "", *left) if part)


def _upsert(connection: sqlite3.Connection, row: Mapping[str, object]) -> int:
    columns = ", ".join(row)
    marks = ", ".join(f":{name}" for name in row)
    updates = ", ".join(f"{name} = excluded.{name}" for name in row if name != "path")
    sql = f"INSERT INTO notes ({columns}) VALUES ({marks}) ON CONFLICT (path) DO UPDATE SET {updates} RETURNING id"
    return int(connection.execute(sql, dict(row)).fetchone()[0])


def _text(frontmatter: Mapping[str, object], key: str) -> str:
    value = frontmatter.get(key)
    return str(value).strip() if isinstance(value, str | int | float) else ""


def _tags(connection: sqlite3.Connection, note_id: int) -> tuple[str, ...]:
    rows = connection.execute("SELECT tag FROM tags WHERE note_id = ? ORDER BY rowid", (note_id,))
    return tuple(tag for (tag,) in rows)


def _put_tags(connection: sqlite3.Connection, note_id: int, tags: Sequence[str]) -> None:
    connection.execute("DELETE FROM tags WHERE note_id = ?", (note_id,))
    connection.executemany("INSERT INTO tags VALUES (?, ?, ?)", [(note_id, tag, fold(tag)) for tag in tags])


def _put_links(connection: sqlite3.Connection, note_id: int, note: Note) -> None:
    connection.execute("DELETE FROM links WHERE note_id = ?", (note_id,))
    rows = [
        (
            note_id,
            link.kind,
            link.target,
            fold(title_of(VaultPath(link.target or note.path))),
            link.raw,
            link.line,
        )
        for link in note.links
        if not link.in_managed and not link.in_comment
    ]
    connection.executemany("INSERT INTO links VALUES (?, ?, ?, ?, ?, ?)", rows)


def _put_chunks(
    connection: sqlite3.Connection, note_id: int, note: Note, chunks: Sequence[Keyed], *, rewrite: bool
) -> None:
    free: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    old = connection.execute(
        "SELECT id, vector_key, heading, text FROM occurrences WHERE note_id = ? ORDER BY ordinal DESC",
        (note_id,),
    ).fetchall()
    for row in old:
        free[(row["vector_key"], row["heading"], row["text"])].append(row["id"])
    fresh: list[int] = []
    kept: list[int] = []
    texts: dict[int, Chunk] = {}
    for keyed in chunks:
        heading = json.dumps(keyed.chunk.heading, ensure_ascii=False)
        same = free.get((keyed.key, heading, keyed.chunk.text))
        if same:
            occurrence = same.pop()
            _move_chunk(connection, occurrence, keyed.chunk)
            kept.append(occurrence)
        else:
            occurrence = _insert_chunk(connection, note_id, keyed, heading)
            fresh.append(occurrence)
        texts[occurrence] = keyed.chunk
    gone = [occurrence for ids in free.values() for occurrence in ids]
    _forget(connection, gone)
    if rewrite:
        lexical.delete(connection, kept)
    written = fresh + (kept if rewrite else [])
    lexical.insert(connection, [_lexical_row(i, note, texts[i]) for i in written])
    store = "INSERT OR REPLACE INTO outbox SELECT id, 'add' FROM occurrences WHERE id = ? AND vector_key != ?"
    connection.executemany(store, [(i, NOT_EMBEDDED) for i in fresh])


def _move_chunk(connection: sqlite3.Connection, occurrence: int, chunk: Chunk) -> None:
    connection.execute(
        "UPDATE occurrences SET ordinal = ?, start_line = ?, end_line = ?, span_start = ?, span_end = ? WHERE id = ?",
        (chunk.ordinal, chunk.start_line, chunk.end_line, chunk.span.start, chunk.span.end, occurrence),
    )


def _insert_chunk(connection: sqlite3.Connection, note_id: int, keyed: Keyed, heading: str) -> int:
    chunk = keyed.chunk
    cursor = connection.execute(
        "INSERT INTO occurrences (note_id, ordinal, vector_key, heading, start_line, end_line, span_start, span_end, text)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            note_id,
            chunk.ordinal,
            keyed.key,
            heading,
            chunk.start_line,
            chunk.end_line,
            chunk.span.start,
            chunk.span.end,
            chunk.text,
        ),
    )
    return int(cursor.lastrowid or 0)


def _lexical_row(occurrence: int, note: Note, chunk: Chunk) -> lexical.LexicalRow:
    return lexical.LexicalRow(occurrence, note.title, chunk.heading, chunk.text, note.aliases, note.tags)


def _forget(connection: sqlite3.Connection, occurrences: Sequence[int]) -> None:
    lexical.delete(connection, occurrences)
    spare.note_down(connection, occurrences)
    connection.executemany("DELETE FROM occurrences WHERE id = ?", [(i,) for i in occurrences])
    connection.executemany("DELETE FROM upcoming WHERE occurrence = ?", [(i,) for i in occurrences])
    connection.executemany("INSERT OR REPLACE INTO outbox VALUES (?, 'delete')", [(i,) for i in occurrences])


def put_failure(ledger: Ledger, path: VaultPath, stamp: FileStamp, digest: str, error: VaultError) -> None:
    """Record that a note can not be indexed, and why; what was indexed of it before is forgotten.

    One that could not before, with the same bytes, is no change: it is tried again and again.
    """
    with ledger.database.write() as connection:
        known = connection.execute("SELECT state, hash FROM notes WHERE path = ?", (path,)).fetchone()
        note_id = _upsert(
            connection,
            {
                "path": path,
                "disk_path": stamp.disk_path,
                "size": stamp.size,
                "mtime_ns": stamp.mtime_ns,
                "hash": digest,
                "title": title_of(path),
                "language": "",
                "aliases": "[]",
                "description": "",
                "state": "failed",
                "reason": f"{error.effect} {error.cause}".strip(),
                "fix": error.fix,
                "indexed_at": time.time(),
                "digest": "",
            },
        )
        _clear(connection, note_id)
        if known is None or tuple(known) != ("failed", digest):
            ledger.log_change("modified", path)


def _clear(connection: sqlite3.Connection, note_id: int) -> None:
    ids = [row[0] for row in connection.execute("SELECT id FROM occurrences WHERE note_id = ?", (note_id,))]
    _forget(connection, ids)
    for table in ("names", "tags", "links"):
        connection.execute(f"DELETE FROM {table} WHERE note_id = ?", (note_id,))


def delete_note(ledger: Ledger, path: VaultPath, *, log: bool = True) -> None:
    """Forget a note; its vectors stay for a while, in case it comes back."""
    with ledger.database.write() as connection:
        row = connection.execute("SELECT id FROM notes WHERE path = ?", (path,)).fetchone()
        if row is None:
            return
        _clear(connection, row[0])
        connection.execute("DELETE FROM notes WHERE id = ?", (row[0],))
        connection.execute("UPDATE changes SET told = '' WHERE path = ?", (path,))
        if log:
            ledger.log_change("deleted", path)


def move_note(ledger: Ledger, old: VaultPath, new: VaultPath, stamp: FileStamp) -> None:
    """The same bytes at another path: occurrences and vectors stay, only the title's words are written anew."""
    with ledger.database.write() as connection:
        connection.execute(
            "UPDATE notes SET path = ?, disk_path = ?, size = ?, mtime_ns = ?, title = ? WHERE path = ?",
            (new, stamp.disk_path, stamp.size, stamp.mtime_ns, title_of(new), old),
        )
        record = ledger.note(new)
        if record is not None and title_of(old) != title_of(new):
            names.put(connection, record.id, (record.title, *record.aliases))
            chunks = ledger.occurrences_of(new)
            lexical.delete(connection, [chunk.id for chunk in chunks])
            lexical.insert(
                connection,
                [
                    lexical.LexicalRow(c.id, record.title, c.heading, c.text, record.aliases, record.tags)
                    for c in chunks
                ],
            )
        ledger.log_change("moved", new, old)


def doubt(ledger: Ledger, paths: Iterable[VaultPath]) -> None:
    """Let the next scan read these notes again: what the ledger holds of them is not what they give."""
    with ledger.database.write() as connection:
        # A stamp that no file has makes the scan look at it, and never indexed means that equal bytes are no answer.
        sql = "UPDATE notes SET mtime_ns = -1, indexed_at = 0 WHERE path = ?"
        connection.executemany(sql, [(path,) for path in paths])


def touch(ledger: Ledger, path: VaultPath, stamp: FileStamp) -> None:
    """The file's times changed, its bytes did not."""
    with ledger.database.write() as connection:
        connection.execute(
            "UPDATE notes SET disk_path = ?, size = ?, mtime_ns = ? WHERE path = ?",
            (stamp.disk_path, stamp.size, stamp.mtime_ns, path),
        )


def put_vectors(ledger: Ledger, keys: Sequence[str], vectors: Vectors) -> None:
    """Store vectors (n, d) under their keys."""
    rows = [
        (key, np.ascontiguousarray(vector, dtype=np.float32).tobytes())
        for key, vector in zip(keys, vectors, strict=True)
    ]
    with ledger.database.write() as connection:
        connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)
