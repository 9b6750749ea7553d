"""Real vaults: how long indexing takes, that a second start embeds nothing, and which links `related` would find.

python -m tests.bench.vaults [VAULT …]
"""

import json
import statistics
import sys
import tempfile
import time
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from daemon.engines.e5.embedder import E5Embedder
from daemon.folder import open_embedded
from tests.bench.judged import FIXTURES
from vault_sync.index.ledger import Ledger
from vault_sync.index.sync import Indexer
from vault_sync.policy.policy import Policy
from vault_sync.ports import Embedder
from vault_sync.search.search import Searcher
from vault_sync.stores.routed import RoutedStore
from vault_sync.vault import Vault

NAMES = ("techwiki-en", "brainnet-ru", "dataeng-en")
DEPTHS = (5, 10, 20)


@dataclass(frozen=True, slots=True)
class VaultOutcome:
    """Times in seconds; `recall` is the share of a note's links among its first 5, 10 and 20 neighbours."""

    vault: str
    notes: int
    chunks: int
    first_start: float
    second_start: float
    embedded_again: int
    recall: tuple[float, ...]
    related_ms: float


def links(name: str) -> dict[str, set[str]]:
    """Targets by source: links between notes that an independent reading of the vault found."""
    found: dict[str, set[str]] = {}
    for line in (FIXTURES / "vaults" / f"{name}.links.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if not row["self"] and not row["comment"] and row["target"].endswith(".md"):
            source, target = (unicodedata.normalize("NFC", row[end]) for end in ("source", "target"))
            found.setdefault(source, set()).add(target)
    return found


def start(name: str, data: Path, embedder: Embedder) -> tuple[Ledger, RoutedStore, int, float]:
    """A start of the daemon's indexing: what was embedded, and the seconds until all was searchable."""
    began = time.perf_counter()
    ledger, store = open_embedded(data)
    indexer = Indexer(Vault(FIXTURES / "vaults" / name), ledger, store, embedder, Policy())
    indexer.prepare()
    indexer.scan()
    return ledger, store, indexer.embedded, time.perf_counter() - began


def measure(name: str, embedder: Embedder) -> VaultOutcome:
    embedder.embed_query("warm")
    with tempfile.TemporaryDirectory() as folder:
        ledger, store, _, first = start(name, Path(folder), embedder)
        ledger.close()
        store.close()
        ledger, store, again, second = start(name, Path(folder), embedder)
        recall, median = neighbours(name, ledger, Searcher(ledger, store, embedder))
        notes, _, chunks = ledger.counts()
        ledger.close()
        store.close()
    return VaultOutcome(name, notes, chunks, first, second, again, recall, median)


def compare(names: Sequence[str] = NAMES) -> list[VaultOutcome]:
    """Every vault with the starter embedder."""
    embedder = E5Embedder()
    return [measure(name, embedder) for name in names]


def neighbours(name: str, ledger: Ledger, searcher: Searcher) -> tuple[tuple[float, ...], float]:
    known = {path for path in ledger.paths() if ledger.occurrences_of(path)}
    shares: list[tuple[float, ...]] = []
    times = []
    for source, all_targets in links(name).items():
        targets = all_targets & known
        if source not in known or not targets:
            continue
        began = time.perf_counter()
        found = [passage.path for passage in searcher.related(source, max(DEPTHS))]
        times.append(time.perf_counter() - began)
        shares.append(tuple(len(targets & set(found[:depth])) / min(len(targets), depth) for depth in DEPTHS))
    return tuple(statistics.mean(column) for column in zip(*shares, strict=True)), 1000 * statistics.median(times)


def table(outcomes: Sequence[VaultOutcome]) -> str:
    lines = [
        "| vault | notes | chunks | first start (s) | second start (s) | embedded again | links at 5 | at 10 | at 20 | ms a note |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for one in outcomes:
        recall = " | ".join(f"{value:.3f}" for value in one.recall)
        lines.append(
            f"| {one.vault} | {one.notes} | {one.chunks} | {one.first_start:.0f} | {one.second_start:.1f}"
            f" | {one.embedded_again} | {recall} | {one.related_ms:.0f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(compare(sys.argv[1:] or NAMES)))
