"""Notes on their way into the index, gathered so that the embedder gets many texts of like length."""

import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from vault_sync.index.ledger import NOT_EMBEDDED
from vault_sync.index.progress import Tally
from vault_sync.index.record import Keyed
from vault_sync.index.records import FileStamp
from vault_sync.notes.note import Note
from vault_sync.paths import VaultPath

LOT = 64
"""Texts that are sorted by length and recorded together: more would keep the first of them waiting for longer."""
LOT_NOTES = 64
EMBED_AT_ONCE = 16
"""Texts a call of the embedder: few enough that a stop takes effect soon."""


@dataclass(frozen=True, slots=True)
class Job:
    """A note that is to be recorded."""

    note: Note
    stamp: FileStamp
    hash: str
    chunks: list[Keyed]
    news: bool
    """Whether somebody wrote it; otherwise it is read because policy let it go, or wants it embedded or not."""

    @property
    def texts(self) -> dict[str, str]:
        """What is embedded of it, by vector key."""
        return {keyed.key: keyed.chunk.embed_text for keyed in self.chunks if keyed.key != NOT_EMBEDDED}


@dataclass(frozen=True, slots=True)
class Batch:
    """Texts for one call of the embedder, by vector key; with the last batch of a lot come the notes that are then
    complete."""

    texts: Mapping[str, str]
    complete: tuple[Job, ...] = ()


@dataclass(slots=True)
class Run:
    """One piece of work: what is gone and not found elsewhere, and what is under way."""

    gone: set[VaultPath]
    tally: Tally
    asked: set[str] = field(default_factory=set)
    """Vector keys that the embedder has, so that it is not asked twice."""
    failed: set[str] = field(default_factory=set)
    recorded: list[Job] = field(default_factory=list)
    """In the ledger, and on the way to the store."""
    stored: float = field(default_factory=time.monotonic)
    stopped: bool = False


def lots(jobs: Iterable[Job]) -> Iterator[list[Job]]:
    """The jobs in order, in lots of about `LOT` texts; the first is small, for the embedder waits for it."""
    lot: list[Job] = []
    texts, most = 0, EMBED_AT_ONCE
    for job in jobs:
        lot.append(job)
        texts += len(job.chunks)
        if texts >= most or len(lot) >= LOT_NOTES:
            yield lot
            lot, texts, most = [], 0, LOT
    if lot:
        yield lot


def batches(lot: Collection[Job], missing: Collection[str]) -> list[Batch]:
    """The texts of a lot that are `missing`, short ones first; at least one batch, which may be empty."""
    texts = {key: text for job in lot for key, text in job.texts.items() if key in missing}
    order = sorted(texts, key=lambda key: len(texts[key]))
    parts = [order[start : start + EMBED_AT_ONCE] for start in range(0, len(order), EMBED_AT_ONCE)] or [[]]
    made = [Batch({key: texts[key] for key in part}) for part in parts]
    return [*made[:-1], Batch(made[-1].texts, tuple(lot))]
