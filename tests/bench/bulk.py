"""Many files at once: 20,000 that arrive within a minute, what a hint costs meanwhile, and what looking costs.

python -m tests.bench.bulk
"""

import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from watchdog.utils.dirsnapshot import DirectorySnapshot, DirectorySnapshotDiff

from daemon.bus import Bus, BusEvent
from daemon.indexing import upkeep as keeping
from daemon.indexing.upkeep import Upkeep
from tests.fakes.embedder import WordEmbedder
from tests.property.test_change import Simple
from vault_sync.index.ledger import Ledger
from vault_sync.index.sync import Indexer
from vault_sync.policy.policy import Policy
from vault_sync.stores.chroma import ChromaStore
from vault_sync.vault import Vault
from vault_sync.watching import poll
from vault_sync.watching.change import Coalescer

ARRIVING = 20_000
WITHIN = 55.0
LARGE = 50_000
LONG = 900
TEXT = "Note {0} tells of subject {1}.\n\n## Part {2}\n\nIt was brought by a sync tool together with {3} others.\n"


@dataclass(frozen=True, slots=True)
class Cost:
    """A cost of one way, and how often it is that of the way that is used."""

    what: str
    way: str
    cost: float
    unit: str
    ratio: float = 1.0


def compared(what: str, unit: str, ways: Sequence[tuple[str, float]]) -> list[Cost]:
    """The first way is the one that is used."""
    return [Cost(what, way, cost, unit, cost / ways[0][1] if ways[0][1] else 1.0) for way, cost in ways]


def hints(waiting: int = ARRIVING, asked: int = 300) -> list[Cost]:
    """One more hint and the question when something is due, while so many paths wait."""

    def cost(gathers: Simple | Coalescer) -> float:
        for number in range(waiting):
            gathers.hint(f"Folder {number % 100}/Note {number}.md", 0.0)
        began = time.perf_counter()
        for number in range(asked):
            gathers.hint(f"New {number}.md", 0.1)
            gathers.next_due()
        return 1e6 * (time.perf_counter() - began) / asked

    ways = [("heap", cost(Coalescer(60, 60))), ("looking at each (before)", cost(Simple(60, 60)))]
    return compared(f"a hint while {waiting:,} wait", "µs", ways)


@dataclass(frozen=True, slots=True)
class Arrival:
    after: float
    cpu: float
    found: int


def arrive(folder: Path, flood: int, count: int = ARRIVING) -> Arrival:
    """So many files come into a watched vault within a minute."""
    root = folder / "vault"
    root.mkdir()
    ledger, store = Ledger(folder / "index.db"), ChromaStore(folder / "chroma")
    indexer = Indexer(Vault(root), ledger, store, WordEmbedder(), Policy())
    bus, done, ready = Bus(), threading.Event(), threading.Event()
    upkeep = Upkeep(indexer, bus, Coalescer(), 3600, polling=False)
    bus.listen(lambda event: ready.set() if event.name == "index.ready" else None)
    indexed: set[str] = set()

    def heard(event: BusEvent) -> None:
        if event.name == "note.indexed":
            indexed.add(event.data["path"])
            if len(indexed) == count:
                done.set()

    bus.listen(heard)
    before, keeping.FLOOD = keeping.FLOOD, flood
    try:
        upkeep.start()
        assert ready.wait(LONG)
        cpu, writing = time.process_time(), 0.0
        began = time.monotonic()
        for number in range(count):
            own = time.thread_time()
            part = root / f"Folder {number // 1000:02}"
            part.mkdir(exist_ok=True)
            (part / f"Note {number}.md").write_text(TEXT.format(number, number * 7, number % 13, number + 1))
            writing += time.thread_time() - own
            ahead = WITHIN * number / count - (time.monotonic() - began)
            if ahead > 0.05:
                time.sleep(ahead)
        written = time.monotonic()
        assert done.wait(LONG), len(indexed)
        return Arrival(time.monotonic() - written, time.process_time() - cpu - writing, ledger.counts()[0])
    finally:
        keeping.FLOOD = before
        upkeep.stop()
        ledger.close()
        store.close()


def arrivals() -> list[Cost]:
    found = []
    for way, flood in (("flood answered by a scan", keeping.FLOOD), ("path by path", 10 * ARRIVING)):
        with tempfile.TemporaryDirectory() as folder:
            found.append((way, arrive(Path(folder), flood)))
    assert all(each.found == ARRIVING for _, each in found)
    what = f"{ARRIVING:,} files within {WITHIN:.0f} s, all found"
    return [
        *compared(f"{what}: after the last one", "s", [(way, each.after) for way, each in found]),
        *compared(f"{what}: time of the processor", "s", [(way, each.cpu) for way, each in found]),
    ]


def looking(files: int = LARGE) -> list[Cost]:
    """The share of one core that it takes to look at a vault of so many notes again and again."""

    def took(look: Callable[[], object]) -> float:
        look()
        began = time.perf_counter()
        look()
        return time.perf_counter() - began

    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for number in range(files):
            part = root / f"Folder {number // 1000:02}"
            part.mkdir(exist_ok=True)
            (part / f"Note {number}.md").touch()
        first, known = DirectorySnapshot(name), dict(poll._files(root, lambda: False))
        ours = took(lambda: poll.differing(known, dict(poll._files(root, lambda: False))))
        theirs = took(lambda: DirectorySnapshotDiff(first, DirectorySnapshot(name)))
    every = ours + poll.pause(ours)
    ways = [
        (f"looking every {every:.1f} s", 100 * ours / every),
        ("watchdog's polling, every 2 s (before)", 100 * theirs / (theirs + 2)),
    ]
    return compared(f"polling {files:,} notes", "% of a core", ways)


def measure() -> list[Cost]:
    return [*hints(), *looking(), *arrivals()]


compare = measure


def table(costs: Sequence[Cost]) -> str:
    lines = ["| what | way | cost | ratio |", "|---|---|---|---|"]
    return "\n".join(lines + [f"| {c.what} | {c.way} | {c.cost:.2f} {c.unit} | {c.ratio:.1f} |" for c in costs])


if __name__ == "__main__":
    print(table(measure()))
