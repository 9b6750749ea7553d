"""What a saved note costs, part by part, without a model: all that the daemon does once a note was quiet for a while.

    python -m tests.bench.save_cost [NOTES]

The vault is made (see `generated`) with real text; its vectors stand in, so embedding costs nothing, and each note gets a few
links. Each note is really edited, looked at by the index, and then by all that proposes something for it, as in the
daemon, after what it reads ahead. Processor time of the process, all threads together.
"""

import asyncio
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from agents.related.linked import KIND
from daemon.compose import Famulus, compose
from daemon.config import Settings
from daemon.engines.e5.embedder import E5Embedder
from tests.bench.generated import StandIn
from tests.bench.link_cost import add_links, linked_from
from tests.bench.start import built
from vault_sync.paths import VaultPath
from vault_sync.vault import Vault

NOTES = 10_000
SAVES = 50
BEFORE = 10
"""Saves that are not counted: what is loaded at the first use is loaded by them."""
GOAL_MS = 50.0
PARTS = ("index", "mentions", "related notes", "tags, description", "sections")


@dataclass(frozen=True, slots=True)
class Part:
    """Milliseconds of processor time: the median, and the slowest of ten."""

    notes: int
    what: str
    cpu_ms: float
    worst_ms: float


@dataclass(slots=True)
class Clock:
    """Milliseconds of each save, by part."""

    spent: dict[str, list[float]] = field(default_factory=dict)

    async def take(self, what: str, work: Callable[[], Awaitable[object]]) -> None:
        began = time.process_time()
        await work()
        self.spent.setdefault(what, []).append(1000 * (time.process_time() - began))


def compare(notes: int = NOTES) -> list[Part]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "made"
        shutil.copytree(built(notes), place)
        made = place / "data" / "vaults"
        next(made.iterdir()).rename(made / Vault(place / "vault").id)
        # A model that happens to be on this machine would be asked to describe notes.
        with patch.dict(os.environ, FAMULUS_MODELS=str(place / "no models")):
            return asyncio.run(_measured(place))


@asynccontextmanager
async def _open(place: Path) -> AsyncIterator[Famulus]:
    famulus = compose(Settings(vault=place / "vault", data_dir=place / "data"))
    object.__setattr__(famulus.embedder, "inner", StandIn(E5Embedder()))
    try:
        yield famulus
    finally:
        await famulus.close()


async def _measured(place: Path) -> list[Part]:
    async with _open(place) as famulus:
        add_links(famulus.ledger)
        famulus.names.warm(lambda: False)
        famulus.linker.warm(lambda: False)
        notes, clock = famulus.ledger.counts()[0], Clock()
        chosen = random.Random(2).sample(famulus.ledger.paths(), SAVES)
        for path in chosen:
            _write(famulus, path, "\n\n" + " ".join(f"[[{target}]]" for target in linked_from(famulus.ledger, path)))
        await asyncio.to_thread(famulus.indexer.look, chosen)
        for path in chosen:
            await _save(famulus, path, clock)
    parts = {what: each[BEFORE:] for what, each in clock.spent.items()}
    linked = [what for what in PARTS if what != "index"]
    shown = {
        **parts,
        "all but the index": [sum(each) for each in zip(*(parts[what] for what in linked), strict=True)],
        "the same, the first note after a start": [sum(clock.spent[what][0] for what in linked)],
    }
    return [
        Part(notes, what, statistics.median(each), sorted(each)[-1 - len(each) // 10]) for what, each in shown.items()
    ]


def _write(famulus: Famulus, path: VaultPath, more: str) -> None:
    with (famulus.vault.root / path).open("a", encoding="utf-8") as file:
        file.write(more)


async def _save(famulus: Famulus, path: VaultPath, clock: Clock) -> None:
    _write(famulus, path, "\nOne more sentence stands here now.\n")
    linking = famulus.linking
    await clock.take("index", lambda: asyncio.to_thread(famulus.indexer.look, [path]))
    await clock.take("mentions", lambda: linking._mentioning.suggest(path, keep=True))
    await clock.take("related notes", lambda: _related(famulus, path))
    await clock.take("tags, description", lambda: famulus.enriching.on_saved(path, "review"))
    await clock.take("sections", lambda: famulus.sectioning.on_saved(path, "review"))


async def _related(famulus: Famulus, path: VaultPath) -> None:
    """As `Linking.suggest` does after the mentions."""
    data = await asyncio.to_thread(famulus.read, path)
    found = await famulus.linker.review(path, data, remember=True) if data is not None else None
    if found is not None:
        famulus.linking._keep(path, KIND, found)


def table(parts: Sequence[Part]) -> str:
    lines = ["| notes | what | processor ms | slowest of ten | of the goal |", "|---|---|---|---|---|"]
    for one in parts:
        share = "" if one.what == "index" else f"{one.cpu_ms / GOAL_MS:.2f}"
        lines.append(f"| {one.notes:,} | {one.what} | {one.cpu_ms:.1f} | {one.worst_ms:.1f} | {share} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(compare(int(sys.argv[1]) if len(sys.argv) > 1 else NOTES)))
