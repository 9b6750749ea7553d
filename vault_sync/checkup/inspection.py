"""Looking at disk, ledger, full text and store as they are at one moment: the snapshot that `verify` compares."""

import hashlib
import itertools
import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from vault_sync.checkup import mend
from vault_sync.checkup.verify import INDEX, STATE, STORE, Seen, Snapshot
from vault_sync.databases.soundness import is_damage, problem
from vault_sync.databases.state import State
from vault_sync.errors import NoteNotFoundError, StoreBrokenError, UnreadableNoteError
from vault_sync.index.ledger import Ledger, parts
from vault_sync.index.sync import Stopped
from vault_sync.notes.chunk import MAX_CHARS, chunk_note
from vault_sync.notes.document import byte_limit, read_document
from vault_sync.paths import VaultPath
from vault_sync.policy.cover import private
from vault_sync.policy.policy import PolicySource
from vault_sync.ports import ChunkStore, Vectors
from vault_sync.search import lexical
from vault_sync.vault import MAX_NOTE_BYTES, Vault
from vault_sync.watching.mounted import check_mounted
from vault_sync.writing.edit import content_hash
from vault_sync.writing.write import Writer

T = TypeVar("T")

_LENGTH = 0.01
"""How far the length of a vector may be from 1: what is further off was damaged."""
_NUMBER = 1e-3
"""How far a number in the store may be from the ledger's: stores normalise, and round."""
_PASSAGES = """
    SELECT n.path, o.heading, o.text, o.start_line, o.end_line, o.span_start, o.span_end
    FROM notes n JOIN occurrences o ON o.note_id = n.id ORDER BY n.id, o.ordinal
"""


@dataclass(slots=True)
class _Vectors:
    """What is to be said of the vectors of the ledger and those of the store."""

    due: set[int]
    missing: set[int]
    stored: set[int]
    otherwise: set[int]
    damage: str = ""


@dataclass(frozen=True, slots=True)
class Inspector:
    """Takes snapshots. Nothing else may write to ledger and store meanwhile; searches may go on."""

    vault: Vault
    policy: PolicySource
    ledger: Ledger
    store: ChunkStore
    state: State | None
    """None where it can not be opened, as `state_problem` tells."""
    writer: Writer | None
    max_note_bytes: int = MAX_NOTE_BYTES
    chunk_chars: int = MAX_CHARS
    under_way_seconds: float = 0.0
    """How long a write that is journaled and not finished counts as under way, not as interrupted."""
    state_problem: str = ""
    should_stop: Callable[[], bool] = lambda: False

    def look(self) -> Snapshot:
        """Everything, read anew. Raises VaultUnavailableError, and Stopped where it is to stop."""
        state = self.state.problem() if self.state else self.state_problem
        temporary, open_writes = self._writes()
        files = Snapshot(damage=_told({STATE: state}), temporary=temporary, open_writes=open_writes)
        try:
            damage = problem(self.ledger.read(), thorough=True)
            return self._compared(files) if not damage else _unreadable(files, damage)
        except (sqlite3.DatabaseError, json.JSONDecodeError) as error:
            if not is_damage(error) and not isinstance(error, json.JSONDecodeError):
                raise
            return _unreadable(files, str(error))

    def _compared(self, files: Snapshot) -> Snapshot:
        disk, hidden = self._disk()
        contradiction, words = self._words()
        vectors = self._vectors()
        return replace(
            files,
            disk=disk,
            ledger=self._known(),
            hidden=hidden,
            note_of=self._occurrences(),
            words_due={row.occurrence: _hash(*lexical.fields(row)) for row in self._each(self._rows())},
            words=words,
            contradiction=contradiction,
            vectors_due=vectors.due,
            no_vector=vectors.missing,
            stored=vectors.stored,
            stored_otherwise=vectors.otherwise,
            outbox={row[0] for row in self.ledger.read().execute("SELECT occurrence FROM outbox")},
            damage={**files.damage, **_told({STORE: vectors.damage})},
        )

    def _each(self, things: Iterable[T]) -> Iterator[T]:
        for thing in things:
            if self.should_stop():
                raise Stopped
            yield thing

    def _disk(self) -> tuple[dict[VaultPath, Seen], set[VaultPath]]:
        """The notes on the disk that may be indexed, and those that the ledger has and nobody may see."""
        policy = self.policy.current
        listing = self.vault.list(policy)
        known = self.ledger.stamps()
        check_mounted(self.vault, self.ledger, listing, known)
        hidden = {path for path in known if not policy.readable(path)}
        disk: dict[VaultPath, Seen] = {}
        for path in self._each(listing.files):
            seen = self._note(path)
            if seen is not None:
                disk[path] = seen
            else:
                hidden.add(path)
        return disk, hidden & known.keys()

    def _note(self, path: VaultPath) -> Seen | None:
        """A note as it is on the disk; None for one that asks to be left alone, or went away meanwhile."""
        digest, data = "", b""
        try:
            data = self.vault.read(path, byte_limit(path, self.max_note_bytes))[0]
            digest = content_hash(data)
            note = read_document(path, data)
        except NoteNotFoundError:
            return None
        except UnreadableNoteError:
            return None if self.policy.current.private_data(data or self.vault.head(path)) else Seen(digest)
        if private(self.policy.current, note):
            return None
        pieces = (
            (json.dumps(c.heading, ensure_ascii=False), c.text, c.start_line, c.end_line, c.span.start, c.span.end)
            for c in chunk_note(note, max_chars=self.chunk_chars)
        )
        return Seen(digest, _passages(pieces))

    def _known(self) -> dict[VaultPath, Seen]:
        rows = self.ledger.read().execute(_PASSAGES)
        cut = {
            path: _passages(tuple(row)[1:] for row in group)
            for path, group in itertools.groupby(self._each(rows), key=lambda row: str(row["path"]))
        }
        notes = self.ledger.read().execute("SELECT path, hash FROM notes")
        return {VaultPath(path): Seen(digest, cut.get(path, "")) for path, digest in notes}

    def _occurrences(self) -> dict[int, VaultPath]:
        rows = self.ledger.read().execute("SELECT o.id, n.path FROM occurrences o JOIN notes n ON n.id = o.note_id")
        return {i: VaultPath(path) for i, path in rows}

    def _rows(self) -> Iterator[lexical.LexicalRow]:
        return mend.lexical_rows(self.ledger.read())

    def _words(self) -> tuple[str, dict[int, bytes]]:
        with self.ledger.database.write() as connection:
            contradiction = lexical.contradiction(connection)
        if contradiction:
            return contradiction, {}
        return "", {i: _hash(*fields) for i, *fields in self._each(lexical.rows(self.ledger.read()))}

    def _vectors(self) -> _Vectors:
        rows = self.ledger.read().execute("SELECT id FROM occurrences WHERE vector_key != '' ORDER BY id")
        due = [int(row[0]) for row in rows]
        found = _Vectors(set(due), set(), set(), set())
        try:
            found.stored = self.store.ids()
        except StoreBrokenError as error:
            found.damage = error.cause
        length = self.ledger.dimensions()
        for part in self._each(parts(due)):
            usable = {i: vector for i, vector in self._kept(part) if _usable(vector, length)}
            found.missing |= set(part) - usable.keys()
            if not found.damage:
                self._compare(usable, found)
        return found

    def _kept(self, part: Iterable[int]) -> Iterator[tuple[int, Vectors]]:
        marks = ",".join("?" * len(ids := list(part)))
        sql = f"SELECT o.id, CAST(v.vector AS BLOB) FROM occurrences o JOIN vectors v ON v.key = o.vector_key WHERE o.id IN ({marks})"
        for i, data in self.ledger.read().execute(sql, ids):
            yield i, np.frombuffer(data[: len(data) // 4 * 4], dtype=np.float32)

    def _compare(self, usable: dict[int, Vectors], found: _Vectors) -> None:
        try:
            held = self.store.get([i for i in usable if i in found.stored])
        except StoreBrokenError as error:
            found.damage = error.cause
            return
        found.otherwise |= {i for i, vector in held.items() if not _alike(vector, usable[i])}

    def _writes(self) -> tuple[list[str], list[int]]:
        """Temporary files that no entry of the journal explains, and the entries of interrupted writes."""
        if self.writer is None:
            return [], []
        entries = self.writer.journal.open_entries()
        known = {entry.temporary for entry in entries}
        now = time.time()
        # A time in the future is of a clock that was set back.
        old = [entry.id for entry in entries if not 0 <= now - entry.at < self.under_way_seconds]
        return [place for name, place in self.writer.leftovers() if name not in known], old


def _unreadable(files: Snapshot, why: str) -> Snapshot:
    return replace(files, damage={**files.damage, INDEX: why})


def _told(damage: dict[str, str]) -> dict[str, str]:
    return {file: why for file, why in damage.items() if why}


def _hash(*texts: object) -> bytes:
    digest = hashlib.blake2b(digest_size=8)
    for text in texts:
        digest.update(f"{text}\0".encode(errors="surrogatepass"))
    return digest.digest()


def _passages(pieces: Iterable[tuple[object, ...]]) -> str:
    """One hash of all passages of a note, in order; empty where there is none."""
    hashes = [_hash(*piece) for piece in pieces]
    return hashlib.blake2b(b"".join(hashes), digest_size=16).hexdigest() if hashes else ""


def _usable(vector: Vectors, length: int) -> bool:
    """Whether it is as long as all are, and L2-normalised; anything else is none that an embedder gave."""
    with np.errstate(all="ignore"):
        is_unit = abs(float(np.linalg.norm(vector.astype(np.float64))) - 1) < _LENGTH
    return is_unit and (not length or len(vector) == length)


def _alike(stored: Vectors, kept: Vectors) -> bool:
    return stored.shape == kept.shape and bool(np.allclose(stored, kept, atol=_NUMBER))
