"""Do disk, ledger, full text, vectors and store say the same? Pure: snapshots in, disagreements out."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Literal

from vault_sync.paths import VaultPath

Kind = Literal[
    "damaged",
    "not_indexed",
    "changed",
    "gone",
    "hidden",
    "wrong_passages",
    "no_vector",
    "words_missing",
    "words_extra",
    "words_wrong",
    "words_damaged",
    "store_missing",
    "store_extra",
    "store_wrong",
    "outbox",
    "open_write",
    "temporary",
]
INDEX = "index.db"
STATE = "state.db"
STORE = "chroma"
EXACT = "exact"
"""The mapped vectors that belong to the store."""
NOT_READ: frozenset[Kind] = frozenset({"not_indexed", "changed", "gone", "hidden", "wrong_passages", "no_vector"})
"""What only reading the notes again can mend."""

_LEDGER = "It is made anew from the ledger, without embedding."
_SCAN = "The next scan reads it."
_START = "The next start finishes it or takes it back."


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One thing that is not as it should be. `subject` is a note, a file or empty; `repair` says what mends it."""

    kind: Kind
    subject: str
    message: str
    repair: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A note: the hash of its bytes, and one of the passages that it is cut into. Empty is what could not be made."""

    hash: str
    passages: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What each of them says at one moment. Hidden notes are those that policy keeps from everybody's eyes."""

    disk: Mapping[VaultPath, Seen] = field(default_factory=dict)
    ledger: Mapping[VaultPath, Seen] = field(default_factory=dict)
    hidden: Set[VaultPath] = frozenset()
    note_of: Mapping[int, VaultPath] = field(default_factory=dict)
    """The occurrences."""
    words_due: Mapping[int, bytes] = field(default_factory=dict)
    words: Mapping[int, bytes] = field(default_factory=dict)
    """Hashes of the rows of the full text, as they should be and as they are."""
    contradiction: str = ""
    """What SQLite finds wrong within the full text."""
    vectors_due: Set[int] = frozenset()
    no_vector: Set[int] = frozenset()
    """Occurrences that should have a vector, and those of them that have none that can be used."""
    stored: Set[int] = frozenset()
    stored_otherwise: Set[int] = frozenset()
    """Occurrences whose vector in the store is not that of the ledger."""
    outbox: Set[int] = frozenset()
    damage: Mapping[str, str] = field(default_factory=dict)
    """What is wrong with a file as such."""
    temporary: Collection[str] = ()
    open_writes: Collection[int] = ()

    @property
    def words_apart(self) -> set[int]:
        """The rows of the full text that are missing, too many or not what they should be."""
        return {i for i in self.words_due.keys() | self.words.keys() if self.words_due.get(i) != self.words.get(i)}

    @property
    def readable(self) -> bool:
        """Whether there is a ledger that anything can be compared with."""
        return INDEX not in self.damage

    def counts(self) -> dict[str, int]:
        """How much was looked at."""
        return {
            "notes": len(self.disk),
            "indexed": len(self.ledger),
            "passages": len(self.note_of),
            "words": len(self.words),
            "vectors": len(self.vectors_due - self.no_vector),
            "stored": len(self.stored),
        }


def compare(seen: Snapshot) -> list[Disagreement]:
    """Everything that disagrees, the files first; of a damaged ledger nothing else is believed."""
    found = [damaged(file, why) for file, why in seen.damage.items()]
    if seen.readable:
        found += [*_notes(seen), *_passages(seen), *_words(seen), *_store(seen)]
    return [*found, *_writes(seen)]


def damaged(file: str, why: str) -> Disagreement:
    """A file that can not be trusted, and what becomes of it."""
    repairs = {
        INDEX: "It is put aside and made anew from the notes, by embedding.",
        STATE: "It is left as it is: see `famulus doctor --replace-state`.",
        STORE: _LEDGER,
    }
    return Disagreement("damaged", file, f"It can not be trusted: {why.rstrip('.')}.", repairs[file])


def _notes(seen: Snapshot) -> Iterator[Disagreement]:
    messages: dict[Kind, tuple[str, Iterable[VaultPath]]] = {
        "not_indexed": ("It is on the disk and not in the index.", seen.disk.keys() - seen.ledger.keys()),
        "changed": ("It was changed since it was indexed.", filter(lambda path: _changed(seen, path), seen.disk)),
        "gone": ("It is in the index and not on the disk.", seen.ledger.keys() - seen.disk.keys() - seen.hidden),
    }
    for kind, (message, paths) in messages.items():
        yield from (Disagreement(kind, path, message, _SCAN) for path in sorted(paths))
    if kept := seen.ledger.keys() & seen.hidden:
        yield Disagreement("hidden", "", f"{len(kept)} notes that nobody may see are in the index.", _SCAN)


def _changed(seen: Snapshot, path: VaultPath) -> bool:
    disk, known = seen.disk[path], seen.ledger.get(path)
    return known is not None and bool(disk.hash and known.hash) and disk.hash != known.hash


def wrong_passages(seen: Snapshot) -> set[VaultPath]:
    """Notes whose passages are not those that their text gives."""
    both = ((path, disk, known) for path, disk in seen.disk.items() if (known := seen.ledger.get(path)))
    return {path for path, disk, known in both if disk.hash == known.hash and disk.passages != known.passages}


def _passages(seen: Snapshot) -> Iterator[Disagreement]:
    for path in sorted(wrong_passages(seen) - seen.hidden):
        yield Disagreement("wrong_passages", path, "Its passages in the index are not those of its text.", _SCAN)
    yield from _by_note(seen, "no_vector", seen.no_vector, "passages have no vector that can be used", _SCAN)


def _words(seen: Snapshot) -> Iterator[Disagreement]:
    if seen.contradiction:
        yield Disagreement("words_damaged", "", f"The full text contradicts itself: {seen.contradiction}.", _LEDGER)
        return
    due, there = seen.words_due.keys(), seen.words.keys()
    yield from _by_note(seen, "words_missing", due - there, "passages are missing in the full text", _LEDGER)
    wrong = seen.words_apart & due & there
    yield from _by_note(seen, "words_wrong", wrong, "passages have other words in the full text", _LEDGER)
    if extra := there - due:
        yield Disagreement("words_extra", "", f"{len(extra)} rows of the full text belong to no passage.", _LEDGER)


def _store(seen: Snapshot) -> Iterator[Disagreement]:
    if seen.outbox:
        yield Disagreement("outbox", "", f"{len(seen.outbox)} changes have not reached the vector store.", _LEDGER)
    if STORE in seen.damage:
        return
    missing = seen.vectors_due - seen.stored
    yield from _by_note(seen, "store_missing", missing, "passages are missing in the vector store", _LEDGER)
    wrong = seen.stored_otherwise
    yield from _by_note(seen, "store_wrong", wrong, "passages have other vectors in the vector store", _LEDGER)
    if extra := seen.stored - seen.vectors_due:
        yield Disagreement("store_extra", "", f"{len(extra)} vectors in the store belong to no passage.", _LEDGER)


def _by_note(
    seen: Snapshot, kind: Kind, occurrences: Iterable[int], message: str, repair: str
) -> Iterator[Disagreement]:
    """One disagreement a note; hidden notes are counted together and not named."""
    paths = (seen.note_of[i] for i in occurrences)
    counts = Counter("" if path in seen.hidden else path for path in paths)
    for path in sorted(counts):
        yield Disagreement(kind, path, f"{counts[path]} {message}.", repair)


def _writes(seen: Snapshot) -> Iterator[Disagreement]:
    for entry in seen.open_writes:
        yield Disagreement("open_write", f"journal entry {entry}", "This write was interrupted.", _START)
    for file in seen.temporary:
        message = "A temporary file of Famulus that the journal does not know."
        yield Disagreement("temporary", file, message, "Look into it, and delete it if it holds nothing of yours.")
