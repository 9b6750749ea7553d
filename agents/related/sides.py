"""What is compared of notes, read for many of them at once and remembered for as long as they stay as they are."""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from agents.related.affinity import Background, Topic, content, mean_vector, weighed
from vault_sync.evaluation.evaluate import Bare
from vault_sync.index.ledger import Ledger, Version
from vault_sync.index.records import NoteRecord
from vault_sync.paths import VaultPath
from vault_sync.ports import Vectors
from vault_sync.search.lexical import LexicalRow, fields
from vault_sync.text import fold

_CHUNKS = 12
"""Chunks of a note that are looked at."""
MOST = 16_384
"""Notes that are remembered: about four kilobytes each."""
_AT_ONCE = 50
"""Notes that are read ahead in one step: who saves meanwhile waits for one at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One note of a pair: its vector (d,) seen from the middle of its language (zeros: it has none), the stems of each
    of its names, its most telling stems by their `numbers`, each with its weight (the squares sum to one), how long its
    text is (code points; 0 for a note without text), and its folded tags, each once.
    """

    record: NoteRecord
    vector: Vectors
    names: tuple[tuple[str, ...], ...]
    numbers: NDArray[np.int32]
    weights: NDArray[np.float32]
    length: int
    tags: tuple[str, ...] = ()

    @property
    def title(self) -> tuple[str, ...]:
        """The stems of its title."""
        return self.names[0]


class Numbering:
    """A number for each stem, so that a note's words take little room. It keeps its number while any side is remembered."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def of(self, topic: Topic) -> NDArray[np.int32]:
        """The numbers (n,) of a topic's stems, in its order. One caller at a time."""
        known = self._known
        return np.array([known.setdefault(stem, len(known)) for stem in topic], np.int32)

    def __len__(self) -> int:
        return len(self._known)


def in_common(one: Side, others: Sequence[Side]) -> NDArray[np.float64]:
    """The cosine (n, 0..1) of the words of one side and of each of the others, all numbered alike."""
    sizes = [len(other.numbers) for other in others]
    if not sum(sizes) or not len(one.numbers):
        return np.zeros(len(others))
    numbers = np.concatenate([other.numbers for other in others])
    weights = np.concatenate([other.weights for other in others]).astype(np.float64)
    own = np.zeros(1 + max(int(numbers.max()), int(one.numbers.max())))
    own[one.numbers] = one.weights
    found = np.bincount(np.repeat(np.arange(len(others)), sizes), own[numbers] * weights, len(others))
    return np.asarray(found, np.float64)


class Sides:
    """Reads sides, each once. All are forgotten when what they are measured against is another. Safe to call in threads."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = Lock()
        self._against: Background | None = None
        self._version: Version | None = None
        self._known: dict[VaultPath, Side] = {}
        self._numbering = Numbering()

    def of(self, paths: Collection[VaultPath], against: Background) -> dict[VaultPath, Side]:
        """The sides of those of these notes that are indexed."""
        with self._lock:
            self._follow(against)
            found = {path: self._known[path] for path in paths if path in self._known}
            new = dict(self._read([path for path in paths if path not in found]))
            self._remember(new)
            return found | new

    def unindexed(self, record: NoteRecord, bare: Bare, against: Background) -> Side:
        """The side of a note by other text and vectors than the index has."""
        chunks = bare.chunks[:_CHUNKS]
        rows = (LexicalRow(0, "", (), chunk.text, (), record.tags) for chunk in chunks)
        stems = "".join(f" {fields(row)[0]}" for row in rows)
        with self._lock:
            self._follow(against)
            length = sum(len(chunk.text) for chunk in chunks)
            return side(record, bare.subject.vectors[:_CHUNKS], stems, length, against, self._numbering)

    def warm(self, against: Background, hold: Callable[[], bool]) -> None:
        """Read those of all notes, as many as are remembered; `hold` is called between the steps, again while it says so."""
        paths = iter(self._ledger.paths()[:MOST])
        while part := list(islice(paths, _AT_ONCE)):
            while hold():
                pass
            self.of(part, against)

    def forget(self) -> None:
        """Keep nothing of any note, and no word of theirs."""
        with self._lock:
            self._against, self._version, self._known, self._numbering = None, None, {}, Numbering()

    def _follow(self, against: Background) -> None:
        """Forget what is not so any more."""
        version = self._ledger.version()
        if against is not self._against or self._version is None or version[1] != self._version[1]:
            self._against, self._known, self._numbering = against, {}, Numbering()
        elif version != self._version:
            sql = "SELECT path, old_path FROM changes WHERE id > ?"
            for row in self._ledger.read().execute(sql, (self._version[0],)):
                for path in row:
                    self._known.pop(path, None)
        self._version = version

    def _remember(self, new: dict[VaultPath, Side]) -> None:
        beyond = len(self._known) + len(new) - MOST
        for path in list(islice(self._known, max(0, beyond))):
            del self._known[path]
        self._known |= new

    def _read(self, paths: Sequence[VaultPath]) -> Iterator[tuple[VaultPath, Side]]:
        against = self._against
        if not paths or against is None:
            return
        records = [record for record in self._ledger.notes_at(paths) if record.state == "indexed"]
        ids = [record.id for record in records]
        vectors, words = self._vectors(ids), self._words(ids)
        for record in records:
            stems, length = words.get(record.id, ("", 0))
            yield record.path, side(record, vectors.get(record.id), stems, length, against, self._numbering)

    def _vectors(self, notes: Sequence[int]) -> dict[int, Vectors]:
        found: defaultdict[int, list[Vectors]] = defaultdict(list)
        sql = (
            "SELECT o.note_id, v.vector FROM occurrences o JOIN vectors v ON v.key = o.vector_key"
            " WHERE o.note_id IN (SELECT value FROM json_each(?)) AND o.ordinal < ?"
        )
        for note, vector in self._ledger.read().execute(sql, (json.dumps(notes), _CHUNKS)):
            found[note].append(np.frombuffer(vector, np.float32))
        return {note: np.array(each) for note, each in found.items() if len({len(vector) for vector in each}) == 1}

    def _words(self, notes: Sequence[int]) -> dict[int, tuple[str, int]]:
        """The stems of each note's text, and its length."""
        found: dict[int, tuple[str, int]] = {}
        sql = (
            "SELECT o.note_id, l.stems, length(o.text) FROM occurrences o JOIN lexical l ON l.rowid = o.id"
            " WHERE o.note_id IN (SELECT value FROM json_each(?)) AND o.ordinal < ?"
        )
        for note, stems, length in self._ledger.read().execute(sql, (json.dumps(notes), _CHUNKS)):
            before, so_far = found.get(note, ("", 0))
            found[note] = f"{before} {stems}", so_far + length
        return found


def side(
    record: NoteRecord, vectors: Vectors | None, stems: str, length: int, against: Background, numbering: Numbering
) -> Side:
    """The side of a note with these vectors (n, d) and stems of its chunks."""
    mean = mean_vector(vectors) if vectors is not None and len(vectors) else None
    names = tuple(tuple(content(name)) for name in (record.title, *record.aliases))
    topic = weighed(Counter(stems.split()), names, against)
    weights = np.fromiter(topic.values(), np.float32, len(topic))
    seen, tags = against.seen(mean, record.language), tuple(dict.fromkeys(sys.intern(fold(tag)) for tag in record.tags))
    return Side(record, seen, names, numbering.of(topic), weights, length, tags)
