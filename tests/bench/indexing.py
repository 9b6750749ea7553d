"""Cold indexing beside the embedder alone on the same chunks, and how long queries wait while it runs.

    python -m tests.bench.indexing [SLICES]

Both read the same texts, slice by slice in turns, so that a busy machine is busy for both. Alone, the embedder gets the
distinct texts of a slice, short ones first, in batches of the same size, from one thread, and nothing else is done.
"""

import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from daemon.engines.e5.embedder import E5Embedder
from daemon.engines.hosting.turnstile import INTERACTIVE
from daemon.folder import open_embedded
from tests.bench.generated import Made, made
from tests.bench.processor import computed
from vault_sync.index.lots import EMBED_AT_ONCE
from vault_sync.index.sync import Indexer
from vault_sync.notes.chunk import chunk_note
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import Policy
from vault_sync.vault import Vault

SLICES = 4
NOTES = 180
"""Notes a slice: about 600 chunks, so that the beginning and the end of a run weigh little."""
ASKED_EVERY = 0.15
"""Seconds from one query to the next."""


@dataclass(frozen=True, slots=True)
class Cold:
    """Chunks a second, alone and while indexing; seconds of processor time a chunk for each."""

    slice: int
    chunks: int
    alone: float
    indexing: float
    alone_cpu: float
    indexing_cpu: float


@dataclass(frozen=True, slots=True)
class Waits:
    """Milliseconds that a query waits for its turn while a vault is indexed."""

    asked: int
    median: float
    p95: float
    longest: float


@dataclass(frozen=True, slots=True)
class Spent:
    wall: float
    cpu: float


class Ground:
    """A vault that grows by a slice at a time, with all that the daemon keeps of it."""

    def __init__(self, folder: Path, embedder: E5Embedder) -> None:
        self.root = folder / "vault"
        self.root.mkdir()
        self.ledger, self.store = open_embedded(folder)
        self.embedder = embedder
        self.indexer = Indexer(Vault(self.root), self.ledger, self.store, embedder, Policy())
        self.indexer.prepare()

    def grow(self, notes: Sequence[Made]) -> Spent:
        for note in notes:
            file = self.root / note.path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(note.text, encoding="utf-8")
        began, cpu = time.perf_counter(), computed(self.embedder.pid)
        self.indexer.scan()
        while self.store.behind:  # what the daemon leaves for a quiet moment belongs to the work
            self.store.catch_up()
        return Spent(time.perf_counter() - began, computed(self.embedder.pid) - cpu)

    def close(self) -> None:
        self.store.close()
        self.ledger.close()


def texts_of(notes: Sequence[Made]) -> list[str]:
    parsed = (parse_note(VaultPath(note.path), note.text.encode()) for note in notes)
    return list(dict.fromkeys(chunk.embed_text for note in parsed for chunk in chunk_note(note)))


def alone(embedder: E5Embedder, texts: Sequence[str]) -> Spent:
    order = sorted(texts, key=len)
    began, cpu = time.perf_counter(), computed(embedder.pid)
    for start in range(0, len(order), EMBED_AT_ONCE):
        embedder.embed_passages(order[start : start + EMBED_AT_ONCE])
    return Spent(time.perf_counter() - began, computed(embedder.pid) - cpu)


def cold(ground: Ground, embedder: E5Embedder, notes: Sequence[Made], slices: int) -> list[Cold]:
    found = []
    seen: set[str] = set()
    for number in range(slices):
        part = notes[number * NOTES : (number + 1) * NOTES]
        texts = [text for text in texts_of(part) if text not in seen]
        seen.update(texts)
        before = ground.indexer.embedded
        if number % 2:
            whole, only = ground.grow(part), alone(embedder, texts)
        else:
            only, whole = alone(embedder, texts), ground.grow(part)
        assert ground.indexer.embedded - before == len(texts), "both embed the same texts"
        size = len(texts)
        found.append(Cold(number, size, size / only.wall, size / whole.wall, only.cpu / size, whole.cpu / size))
    return found


def waits(ground: Ground, embedder: E5Embedder, notes: Sequence[Made]) -> Waits:
    found: list[float] = []
    ended = threading.Event()

    def index() -> None:
        ground.grow(notes)
        ended.set()

    indexing = threading.Thread(target=index)
    indexing.start()
    while not ended.wait(ASKED_EVERY):
        began = time.perf_counter()
        with embedder.turnstile.turn(INTERACTIVE):
            found.append(1000 * (time.perf_counter() - began))
        embedder.embed_query("how long does a query wait")
    indexing.join()
    return Waits(len(found), statistics.median(found), statistics.quantiles(found, n=20)[-1], max(found))


def compare(slices: int = SLICES) -> list[Cold | Waits]:
    notes = list(made((slices + 1) * NOTES))
    embedder = E5Embedder()
    embedder.embed_passages(texts_of(notes[-3:]) * 3)
    folder = Path(tempfile.mkdtemp())
    ground = Ground(folder, embedder)
    try:
        found: list[Cold | Waits] = [*cold(ground, embedder, notes, slices)]
        return [*found, waits(ground, embedder, notes[slices * NOTES :])]
    finally:
        ground.close()
        embedder.close()
        shutil.rmtree(folder)


def table(found: Sequence[Cold | Waits]) -> str:
    lines = [
        "| slice | chunks | embedder alone, chunks/s | indexing, chunks/s | share | processor ms a chunk, alone | indexing |",
        "|---|---|---|---|---|---|---|",
    ]
    slices = [each for each in found if isinstance(each, Cold)]
    for one in slices:
        lines.append(
            f"| {one.slice + 1} | {one.chunks} | {one.alone:.1f} | {one.indexing:.1f} | {one.indexing / one.alone:.3f}"
            f" | {1000 * one.alone_cpu:.1f} | {1000 * one.indexing_cpu:.1f} |"
        )
    whole = sum(s.chunks / s.alone for s in slices) / sum(s.chunks / s.indexing for s in slices)
    cpu = sum(s.chunks * s.alone_cpu for s in slices) / sum(s.chunks * s.indexing_cpu for s in slices)
    lines.append(f"| all | {sum(s.chunks for s in slices)} | | | {whole:.3f} | | {cpu:.3f} of it the embedder's |")
    lines += ["", "| queries while indexing | wait, median ms | p95 | longest | at most |", "|---|---|---|---|---|"]
    for each in found:
        if isinstance(each, Waits):
            lines.append(f"| {each.asked} | {each.median:.0f} | {each.p95:.0f} | {each.longest:.0f} | 250 |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(compare(int(sys.argv[1]) if len(sys.argv) > 1 else SLICES)))
