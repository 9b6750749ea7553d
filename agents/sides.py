"""What is compared of notes, read for many of them at once and remembered while they stay as they are."""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from agents.affinity import Background, Topic, content, mean_vector, weighed
from vault_sync.ledger import Ledger
from vault_sync.paths import VaultPath
from vault_sync.ports import Vectors
from vault_sync.records import NoteRecord

_CHUNKS = 12
"""Chunks of a note that are looked at."""
_MOST = 4096
"""Notes that are remembered: about ten kilobytes each."""


@dataclass(frozen=True, slots=True)
class Side:
    """One note of a pair: its vector (d,) seen from the middle of its language (zeros: it has none), its topic, the
    stems of each of its names, and how long its text is (code points; 0 for a note without text)."""

    record: NoteRecord
    vector: Vectors
    topic: Topic
    names: tuple[tuple[str, ...], ...]
    length: int

    @property
    def title(self) -> tuple[str, ...]:
        """The stems of its title."""
        return self.names[0]


class Sides:
    """Reads sides. They are forgotten when what they are measured against is another."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._against: Background | None = None
        self._known: dict[VaultPath, Side] = {}

    def of(self, paths: Collection[VaultPath], against: Background) -> dict[VaultPath, Side]:
        """The sides of those of these notes that are indexed."""
        if against is not self._against or len(self._known) > _MOST:
            self._against, self._known = against, {}
        known = self._known
        records = {record.path: record for record in self._ledger.notes_at(paths) if record.state == "indexed"}
        new = [each for path, each in records.items() if path not in known or not _same(known[path].record, each)]
        found = {side.record.path: side for side in self._read(new, against)}
        known.update(found)
        return {path: found.get(path) or known[path] for path in records}

    def _read(self, records: Sequence[NoteRecord], against: Background) -> Iterable[Side]:
        ids = [record.id for record in records]
        vectors, words = self._vectors(ids), self._words(ids)
        for record in records:
            stems, length = words.get(record.id, ([], 0))
            yield side(record, vectors.get(record.id), stems, length, against)

    def _vectors(self, notes: Sequence[int]) -> dict[int, Vectors]:
        found: defaultdict[int, list[Vectors]] = defaultdict(list)
        sql = (
            "SELECT o.note_id, v.vector FROM occurrences o JOIN vectors v ON v.key = o.vector_key"
            " WHERE o.note_id IN (SELECT value FROM json_each(?)) AND o.ordinal < ?"
        )
        for note, vector in self._ledger.read().execute(sql, (json.dumps(notes), _CHUNKS)):
            found[note].append(np.frombuffer(vector, np.float32))
        return {note: np.array(each) for note, each in found.items() if len({len(vector) for vector in each}) == 1}

    def _words(self, notes: Sequence[int]) -> dict[int, tuple[list[str], int]]:
        """The stems of each note's text, and its length."""
        found: dict[int, tuple[list[str], int]] = {}
        sql = (
            "SELECT o.note_id, l.stems, length(o.text) FROM occurrences o JOIN lexical l ON l.rowid = o.id"
            " WHERE o.note_id IN (SELECT value FROM json_each(?)) AND o.ordinal < ?"
        )
        for note, stems, length in self._ledger.read().execute(sql, (json.dumps(notes), _CHUNKS)):
            before, so_far = found.get(note, ([], 0))
            found[note] = before + stems.split(), so_far + length
        return found


def side(record: NoteRecord, vectors: Vectors | None, stems: Sequence[str], length: int, against: Background) -> Side:
    """The side of a note with these vectors (n, d) and stems of its chunks."""
    mean = mean_vector(vectors) if vectors is not None and len(vectors) else None
    names = tuple(tuple(content(name)) for name in (record.title, *record.aliases))
    return Side(record, against.seen(mean, record.language), weighed(Counter(stems), names, against), names, length)


def _same(one: NoteRecord, other: NoteRecord) -> bool:
    return (one.id, one.hash, one.title, one.aliases) == (other.id, other.hash, other.title, other.aliases)
