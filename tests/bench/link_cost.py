"""What it costs to link a note on save, without a model: all of `Neighbours.of` in a large vault.

    python -m tests.bench.link_cost [CHUNKS]

The vault's text is real and varied, its vectors stand in (see `generated`), and each note gets a few links to notes of
its folder and of others, for the links of generated notes lead nowhere. Processor time, and beside it what one hybrid
search costs in the same run: times differ from machine to machine, their ratio hardly does.
"""

import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from agents.related.neighbours import Limits, Neighbours
from daemon.engines.e5.embedder import E5Embedder
from daemon.folder import open_embedded
from tests.bench.large import built
from vault_sync.index.ledger import Ledger
from vault_sync.paths import VaultPath, folder_of, title_of
from vault_sync.policy.policy import Policy
from vault_sync.search.search import Searcher
from vault_sync.text import fold

CHUNKS = 50_000
NOTES = 60
LINKS = 5


@dataclass(frozen=True, slots=True)
class Cost:
    """`cpu_ms` is the median of processor time in milliseconds, `worst_ms` the slowest of ten; `searches` is how many
    hybrid searches take as long."""

    notes: int
    chunks: int
    what: str
    cpu_ms: float
    worst_ms: float
    searches: float


def compare(chunks: int = CHUNKS) -> list[Cost]:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(built(chunks), Path(folder) / "index")
        ledger, store = open_embedded(Path(folder) / "index")
        add_links(ledger)
        embedder = E5Embedder()
        searcher = Searcher(ledger, store, embedder)
        costs = _measured(ledger, searcher)
        store.close()
        ledger.close()
    return costs


def add_links(ledger: Ledger) -> None:
    """Most links lead to a note of the same folder, and to the first ones of it more often."""
    draw, paths = random.Random(1), ledger.paths()
    by_folder: dict[str, list[VaultPath]] = {}
    for path in paths:
        by_folder.setdefault(folder_of(path), []).append(path)
    ids = dict(ledger.read().execute("SELECT path, id FROM notes").fetchall())
    rows = []
    for path in paths:
        near = by_folder[folder_of(path)]
        for _ in range(draw.randint(0, 2 * LINKS)):
            place = int(len(near) * draw.random() ** 2)
            target = near[place] if draw.random() < 0.8 else draw.choice(paths)
            rows.append((ids[path], "wikilink", target, fold(title_of(target)), f"[[{target}]]", 1))
    with ledger.database.write() as connection:
        connection.execute("DELETE FROM links")
        connection.executemany("INSERT INTO links VALUES (?, ?, ?, ?, ?, ?)", rows)


def linked_from(ledger: Ledger, path: VaultPath) -> list[str]:
    """Where the links of a note were made to lead."""
    sql = "SELECT l.target FROM links l JOIN notes n ON n.id = l.note_id WHERE n.path = ?"
    return [row[0] for row in ledger.read().execute(sql, (path,))]


def _measured(ledger: Ledger, searcher: Searcher) -> list[Cost]:
    neighbours = Neighbours(ledger, searcher, Policy(), Limits())
    chosen = random.Random(2).sample(ledger.paths(), NOTES)
    queries = [title_of(path) for path in chosen]
    searcher.search(queries[0])
    search = [_cpu(partial(searcher.search, query)) for query in queries]
    first = [_cpu(partial(neighbours.of, chosen[0], {}, set()))]
    ahead = [_cpu(neighbours.warm)]
    fresh, again = [], []
    for path in chosen[1:]:
        ledger.log_change("modified", path)
        fresh.append(_cpu(partial(neighbours.of, path, {}, set())))
        ledger.log_change("modified", path)
        again.append(_cpu(partial(neighbours.of, path, {}, set())))
    notes, _, chunks = ledger.counts()
    usual = statistics.median(search)
    return [
        Cost(
            notes,
            chunks,
            what,
            statistics.median(each),
            sorted(each)[-1 - len(each) // 10],
            statistics.median(each) / usual,
        )
        for what, each in (
            ("one hybrid search", search),
            ("the first note after a start, nothing read ahead", first),
            ("reading ahead, in the background", ahead),
            ("a note that was not linked before", fresh),
            ("the same note, saved again", again),
        )
    ]


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return 1000 * (time.process_time() - began)


def table(costs: Sequence[Cost]) -> str:
    lines = ["| notes | chunks | what | processor ms | slowest of ten | searches |", "|---|---|---|---|---|---|"]
    for one in costs:
        lines.append(
            f"| {one.notes:,} | {one.chunks:,} | {one.what} | {one.cpu_ms:.0f} | {one.worst_ms:.0f} | {one.searches:.1f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(compare(int(sys.argv[1]) if len(sys.argv) > 1 else CHUNKS)))
