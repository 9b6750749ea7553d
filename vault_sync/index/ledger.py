"""The ledger: what has been indexed, with the vectors. Full text and Chroma are derived from it."""

import json
import logging
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from vault_sync.databases.columns import columns
from vault_sync.databases.database import Database
from vault_sync.errors import LedgerError
from vault_sync.index import schema
from vault_sync.index.carry import carry_over
from vault_sync.index.owners import Owners
from vault_sync.index.records import ChangeKind, ChangeRecord, FileStamp, LinkRecord, NoteRecord, Occurrence
from vault_sync.index.resolving import UNLOGGED, Resolving
from vault_sync.notes.note import Span
from vault_sync.notes.resolve import Resolver
from vault_sync.paths import VaultPath, title_of, vault_path
from vault_sync.ports import Ids, Vectors
from vault_sync.search.filter import Filter
from vault_sync.search.ids import NO_IDS
from vault_sync.search.narrowing import within
from vault_sync.text import fold

K = TypeVar("K", int, str)

log = logging.getLogger(__name__)

_OCCURRENCE = "SELECT o.*, n.path, n.title, n.mtime_ns, n.description, n.aliases FROM occurrences o JOIN notes n ON n.id = o.note_id WHERE "
NOT_EMBEDDED = ""
"""The vector key of a text that policy keeps from the embedder."""
CLEANED_FOR = "cleaned_for"
"""The key in `meta` of the fingerprint of the policy that all of the index obeys."""
Version = tuple[int, str | None]
_MANY = 500
"""Ids a statement: SQLite's limit of variables is far higher, but short statements stay in its cache."""


class Ledger:
    """Reads of the ledger; what changes it lives in `vault_sync.index.record` (one transaction a note)."""

    def __init__(self, file: Path, vault_name: str = "") -> None:
        """Open or make `file`. A damaged file or one of another version is put aside and made anew, with its vectors.

        `vault_name` is what Obsidian's URLs call the vault. Raises LedgerError where it can be neither opened nor made.
        """
        try:
            self.database = Database(file, schema.prepare)
        except (sqlite3.Error, OSError) as error:
            raise LedgerError(
                f"The index {file} can not be opened.",
                f"The system says: {error}.",
                "Check that the disk of the data folder has room and that its files are yours.",
            ) from error
        if self.database.older is not None:
            carry_over(file, self.database.older)
        self._resolving = Resolving(vault_name)
        self._owners = Owners()

    def read(self) -> sqlite3.Connection:
        """This thread's connection, for reading."""
        return self.database.read()

    def close(self) -> None:
        """Close the file."""
        try:
            with self.database.write() as connection:
                connection.execute("DELETE FROM meta WHERE key = ?", (schema.OPEN,))
        except sqlite3.Error as error:
            log.warning("The index is looked at as a whole at the next start: %s", error)
        self.database.close()

    def begin_anew(self, why: str) -> None:
        """Put a damaged file aside while it is in use, and begin an empty one. Raises sqlite3.Error or OSError."""
        self._resolving = Resolving()
        self.database.renew(why)
        self._owners = Owners()

    def note(self, path: str) -> NoteRecord | None:
        """The record of one note."""
        row = self.read().execute("SELECT * FROM notes WHERE path = ?", (path,)).fetchone()
        return self._record(row) if row else None

    def notes(self) -> list[NoteRecord]:
        """All notes, failed ones too, by path."""
        tags: dict[int, list[str]] = {}
        for note_id, tag in self.read().execute("SELECT note_id, tag FROM tags ORDER BY rowid"):
            tags.setdefault(note_id, []).append(tag)
        rows = self.read().execute("SELECT * FROM notes ORDER BY path").fetchall()
        return [_note_record(row, tuple(tags.get(row["id"], ()))) for row in rows]

    def notes_at(self, paths: Iterable[str]) -> list[NoteRecord]:
        """The records of these notes, failed ones too; unknown paths are left out."""
        asked = json.dumps(list(paths), ensure_ascii=False)
        chosen = "SELECT value FROM json_each(?)"
        rows = self.read().execute(f"SELECT * FROM notes WHERE path IN ({chosen}) ORDER BY path", (asked,)).fetchall()
        tags: dict[int, list[str]] = {}
        sql = f"SELECT note_id, tag FROM tags WHERE note_id IN ({chosen}) ORDER BY rowid"
        for note_id, tag in self.read().execute(sql, (json.dumps([row["id"] for row in rows]),)):
            tags.setdefault(note_id, []).append(tag)
        return [_note_record(row, tuple(tags.get(row["id"], ()))) for row in rows]

    def paths(self) -> list[VaultPath]:
        """The paths of all notes that are indexed."""
        rows = self.read().execute("SELECT path FROM notes WHERE state = 'indexed' ORDER BY path")
        return [VaultPath(row[0]) for row in rows]

    def stamps(self) -> dict[VaultPath, FileStamp]:
        """What the disk said of each known file."""
        rows = self.read().execute("SELECT path, disk_path, size, mtime_ns FROM notes")
        return {VaultPath(p): FileStamp(disk, size, mtime) for p, disk, size, mtime in rows}

    def notes_with_hash(self, digest: str) -> list[NoteRecord]:
        """Notes whose bytes had this hash: what a move is found by."""
        rows = self.read().execute("SELECT * FROM notes WHERE hash = ?", (digest,)).fetchall()
        return [self._record(row) for row in rows]

    def _record(self, row: sqlite3.Row) -> NoteRecord:
        tags = self.read().execute("SELECT tag FROM tags WHERE note_id = ? ORDER BY rowid", (row["id"],))
        return _note_record(row, tuple(tag for (tag,) in tags))

    def occurrences(self, ids: Iterable[int]) -> dict[int, Occurrence]:
        """Occurrences by id; unknown ids are left out."""
        found: dict[int, Occurrence] = {}
        for part in parts(list(ids)):
            marks = ",".join("?" * len(part))
            for row in self.read().execute(f"{_OCCURRENCE} o.id IN ({marks})", part):
                found[row["id"]] = _occurrence(row)
        return found

    def paths_of(self, occurrences: Iterable[int]) -> dict[int, VaultPath]:
        """The note of each of these occurrences; unknown ids are left out."""
        sql = "SELECT o.id, n.path FROM occurrences o JOIN notes n ON n.id = o.note_id"
        asked = json.dumps(list(occurrences))
        rows = self.read().execute(f"{sql} WHERE o.id IN (SELECT value FROM json_each(?))", (asked,))
        return {row[0]: VaultPath(row[1]) for row in rows}

    def occurrences_of(self, path: str) -> list[Occurrence]:
        """The chunks of one note, in order."""
        rows = self.read().execute(f"{_OCCURRENCE} n.path = ? ORDER BY o.ordinal", (path,))
        return [_occurrence(row) for row in rows]

    def allowed(self, narrow: Filter, denied: Ids = NO_IDS) -> Ids | None:
        """Occurrence ids that the filter lets through, without those of `denied` notes; None where that is all.

        An id of an occurrence that is no more may be among them.
        """
        if not narrow and not len(denied):
            return None
        ids, notes = self._owners.columns(self.read())
        wanted = np.ones(len(ids), bool) if not len(denied) else np.isin(notes, denied, invert=True)
        return ids[wanted & within(self.read(), narrow, notes)]

    def embedded_ids(self) -> Ids:
        """The ids of all occurrences that policy does not keep from the embedder."""
        return np.sort(columns(self.read(), ("id",), f"occurrences WHERE vector_key > '{NOT_EMBEDDED}'")[0])

    def vectors(self, ids: Sequence[int]) -> Vectors:
        """Vectors (n, d) of these occurrences, in this order.

        Raises LedgerError where one is missing or not as long as the others.
        """
        return _matrix(ids, self._vectors(ids))

    def embedded(self, ids: Sequence[int]) -> tuple[list[int], Vectors]:
        """Those of these occurrences that policy does not keep from the embedder, and their vectors (n, d).

        Raises LedgerError where one is missing.
        """
        found = self._vectors(ids)
        wanted = [i for i in ids if i in found]
        return wanted, _matrix(wanted, found)

    def _vectors(self, ids: Sequence[int]) -> dict[int, bytes | None]:
        found: dict[int, bytes | None] = {}
        for part in parts(list(ids)):
            marks = ",".join("?" * len(part))
            sql = (
                "SELECT o.id, v.vector FROM occurrences o LEFT JOIN vectors v ON v.key = o.vector_key"
                f" WHERE o.vector_key != '{NOT_EMBEDDED}' AND o.id IN ({marks})"
            )
            found.update((row[0], row[1]) for row in self.read().execute(sql, part))
        return found

    def vectors_of(self, keys: Iterable[str]) -> dict[str, Vectors]:
        """The vectors (d,) that are kept under these keys; unknown ones are left out."""
        found: dict[str, Vectors] = {}
        for part in parts(list(set(keys))):
            marks = ",".join("?" * len(part))
            rows = self.read().execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", part)
            found.update((row[0], np.frombuffer(row[1], dtype=np.float32)) for row in rows)
        return found

    def known_keys(self, keys: Iterable[str]) -> set[str]:
        """Which of these vector keys have a vector already."""
        found: set[str] = set()
        for part in parts(list(set(keys))):
            marks = ",".join("?" * len(part))
            found.update(row[0] for row in self.read().execute(f"SELECT key FROM vectors WHERE key IN ({marks})", part))
        return found

    def resolver(self) -> Resolver:
        """Resolves links among the notes that are known now."""
        return self._resolving.current(self.read())

    def version(self) -> Version:
        """Another one whenever notes came, went or were changed."""
        sql = f"SELECT coalesce(max(id), 0), (SELECT value FROM meta WHERE key = '{UNLOGGED}') FROM changes"
        row = self.read().execute(sql).fetchone()
        return row[0], row[1]

    def links_from(self, path: str) -> list[LinkRecord]:
        """The note's links that resolve to a note, those of managed sections left out."""
        rows = self.read().execute(
            "SELECT l.*, n.path FROM links l JOIN notes n ON n.id = l.note_id WHERE n.path = ? ORDER BY l.rowid",
            (path,),
        )
        return self._resolved(rows)

    def links_to(self, path: str) -> list[LinkRecord]:
        """The links of other notes that resolve to this one."""
        rows = self.read().execute(
            "SELECT l.*, n.path FROM links l JOIN notes n ON n.id = l.note_id WHERE l.name = ? ORDER BY n.path, l.rowid",
            (fold(title_of(VaultPath(path))),),
        )
        return [link for link in self._resolved(rows) if link.target == path and link.source != path]

    def _resolved(self, rows: Iterable[sqlite3.Row]) -> list[LinkRecord]:
        resolver = self.resolver()
        links = []
        for row in rows:
            source = VaultPath(row["path"])
            target = resolver.resolve(row["target"], source)
            if target is not None:
                links.append(LinkRecord(source, target, row["kind"], row["raw"], row["line"]))
        return links

    def changes(self, since: float) -> list[ChangeRecord]:
        """What happened to notes after `since` (seconds since the epoch), oldest first."""
        rows = self.read().execute("SELECT * FROM changes WHERE at > ? ORDER BY id", (since,))
        return [
            ChangeRecord(
                row["at"],
                row["kind"],
                VaultPath(row["path"]),
                row["old_path"] and vault_path(row["old_path"]),
                row["told"],
            )
            for row in rows
        ]

    def counts(self) -> tuple[int, int, int]:
        """How many notes are indexed, how many failed, and how many chunks there are."""
        states = [f"(SELECT count(*) FROM notes WHERE state = '{state}')" for state in ("indexed", "failed")]
        row = self.read().execute(f"SELECT {', '.join(states)}, (SELECT count(*) FROM occurrences)").fetchone()
        return int(row[0]), int(row[1]), int(row[2])

    def passages(self) -> int:
        """How many chunks there are: asked alone it takes no time, for no note is looked at."""
        return int(self.read().execute("SELECT count(*) FROM occurrences").fetchone()[0])

    def dimensions(self) -> int:
        """How many numbers a vector has; 0 where no embedder was used yet."""
        return int((self.meta("embedder") or "").rpartition("|")[2] or 0)

    def meta(self, key: str) -> str | None:
        """A remembered value, such as the embedder's model."""
        row = self.read().execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else None

    def set_meta(self, key: str, value: str) -> None:
        """Remember a value."""
        with self.database.write() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def log_change(self, kind: ChangeKind, path: VaultPath, old_path: VaultPath | None = None, told: str = "") -> None:
        """Add to the log of changes that digests read."""
        with self.database.write() as connection:
            connection.execute(
                "INSERT INTO changes (at, kind, path, old_path, told) VALUES (?, ?, ?, ?, ?)",
                (time.time(), kind, path, old_path, told),
            )


def _no_vector(cause: str) -> LedgerError:
    return LedgerError("The vectors of some passages can not be used.", cause, "Run `famulus doctor --verify`.")


def _matrix(ids: Sequence[int], found: Mapping[int, bytes | None]) -> Vectors:
    missing = next((i for i in ids if not found.get(i)), None)
    if missing is not None:
        raise _no_vector(f"That of occurrence {missing} is missing.")
    try:
        return np.array([np.frombuffer(found[i] or b"", dtype=np.float32) for i in ids], dtype=np.float32)
    except ValueError as error:
        raise _no_vector("They are not all of the same length.") from error


def parts(ids: Sequence[K]) -> Iterable[Sequence[K]]:
    """Ids in pieces that fit a statement."""
    return (ids[start : start + _MANY] for start in range(0, len(ids), _MANY))


def _note_record(row: sqlite3.Row, tags: tuple[str, ...]) -> NoteRecord:
    return NoteRecord(
        id=row["id"],
        path=VaultPath(row["path"]),
        stamp=FileStamp(row["disk_path"], row["size"], row["mtime_ns"]),
        hash=row["hash"],
        title=row["title"],
        language=row["language"],
        aliases=tuple(json.loads(row["aliases"])),
        tags=tags,
        description=row["description"],
        state=row["state"],
        reason=row["reason"],
        fix=row["fix"],
        indexed_at=row["indexed_at"],
        digest=row["digest"],
    )


def _occurrence(row: sqlite3.Row) -> Occurrence:
    return Occurrence(
        id=row["id"],
        note_id=row["note_id"],
        path=VaultPath(row["path"]),
        title=row["title"],
        ordinal=row["ordinal"],
        heading=tuple(json.loads(row["heading"])),
        start_line=row["start_line"],
        end_line=row["end_line"],
        span=Span(row["span_start"], row["span_end"]),
        text=row["text"],
        vector_key=row["vector_key"],
        mtime=row["mtime_ns"] / 1e9,
        is_description=row["heading"] == "[]" and row["text"].strip() == row["description"],
        aliases=tuple(json.loads(row["aliases"])),
    )
