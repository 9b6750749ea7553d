"""What finding mentions costs a note, with many titles, beside parsing the note: CPU time in one run."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from agents.mention.mentions import Entry, Names, find_mentions
from tests.bench.linked_vaults import NAMES, read_vault
from tests.bench.plain_matcher import PlainMatcher
from vault_sync.notes.note import Note
from vault_sync.notes.parse import parse_note
from vault_sync.notes.visible import visible
from vault_sync.paths import VaultPath, title_of
from vault_sync.text import words

TITLES = (10_000, 50_000)
NOTES = 150
"""Real notes that are looked at, of all three vaults."""
LEAST_WORDS = 60


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds for building, and milliseconds a note for finding, parsing, and the plain matcher."""

    titles: int
    build_s: float
    find_ms: float
    parse_ms: float
    plain_ms: float


def measure_costs() -> list[Cost]:
    """The real notes of the shared vaults, with made titles beside the real ones."""
    known = [note for name in NAMES for note in read_vault(name).notes.values()]
    long = [note for note in known if len(words(note.text)) >= LEAST_WORDS]
    sample = random.Random(3).sample(long, min(NOTES, len(long)))
    pool = sorted({word for note in known for word in words(visible(note.text)) if len(word) > 3})
    return [_cost(size, known, sample, pool) for size in TITLES]


def _cost(size: int, known: Sequence[Note], sample: Sequence[Note], pool: Sequence[str]) -> Cost:
    entries = [Entry(n.path, title_of(n.path), n.aliases) for n in known]
    entries += [Entry(VaultPath(f"Made/{i}/{title}.md"), title) for i, title in enumerate(_titles(size, pool))]
    began = time.process_time()
    names = Names.build(entries[:size])
    built = time.process_time() - began
    plain = PlainMatcher((name, entry.path) for entry in entries[:size] for name in (entry.title, *entry.aliases))
    return Cost(
        size,
        built,
        _milliseconds(lambda note: find_mentions(note, names), sample),
        _milliseconds(lambda note: parse_note(note.path, note.text.encode()), sample),
        _milliseconds(plain.find, sample),
    )


def _titles(count: int, pool: Sequence[str]) -> Iterator[str]:
    """Titles of one to four words that stand in real notes, so that many begin to match."""
    draw = random.Random(7)
    for _ in range(count):
        yield " ".join(draw.choices(pool, k=draw.choices((1, 2, 3, 4), (2, 4, 3, 1))[0])).capitalize()


def _milliseconds(work: Callable[[Note], object], notes: Sequence[Note]) -> float:
    """The better of two rounds: the first one fills what remembers words."""
    times = []
    for _ in range(2):
        began = time.process_time()
        for note in notes:
            work(note)
        times.append(1000 * (time.process_time() - began) / len(notes))
    return min(times)
