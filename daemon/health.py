"""What `/api/health` tells of one vault."""

from dataclasses import asdict
from typing import Any

from daemon import inuse
from daemon.compose import Famulus
from daemon.models.loads import load_json
from vault_sync.index.progress import coverage as coverage_of


def coverage(famulus: Famulus) -> float:
    """The share of the readable notes that is in the index as it is on the disk, as far as is known now."""
    notes, failed, _ = famulus.ledger.counts()
    status = famulus.upkeep.status()
    seen = 0 if status.ready else famulus.indexer.readable
    return coverage_of(max(notes + failed, seen), status.pending + failed)


def told(famulus: Famulus, *, owner: bool, version: str) -> dict[str, Any]:
    """What `/api/health` tells; strangers learn the state of the index only."""
    notes, failed, chunks = famulus.ledger.counts()
    status = famulus.upkeep.status()
    index = {
        "notes": notes,
        "chunks": chunks,
        "pending": status.pending,
        "failed": failed,
        "embedded_since_start": famulus.indexer.embedded + famulus.generations.embedded,
        "ready": status.ready,
        "progress": status.underway.json() if status.underway is not None else None,
    }
    answer: dict[str, Any] = {"status": "degraded" if status.problem else "ok", "index": index}
    if owner:
        answer = {"status": answer["status"], "version": version, "vault": str(famulus.vault.root), "index": index}
        answer |= {"settings": inuse.told(famulus.settings)}
        answer |= {"store": _store(famulus), "model_change": _change(famulus)}
        answer |= {"devices": famulus.host.residency.memory()}
        answer |= {"engines": _engines(famulus), "problem": status.problem, "watching": status.watching.json()}
        answer["reranker"] = {"problem": famulus.reranker.problem} if famulus.reranker else None
    return answer


def _engines(famulus: Famulus) -> list[dict[str, Any]]:
    """Those that chat with their load, those that hold memory with how much; two roles of one engine share it."""
    names = {device["name"]: device["engines"] for device in famulus.host.residency.memory()}
    rows: list[dict[str, Any]] = []
    for row in famulus.host.states():
        name, told = row["name"], dict[str, Any](row)
        if name in famulus.tallies:
            told["load"] = load_json(famulus.tallies[name])
        if famulus.host.residency.knows(name):
            told["memory_mib"] = {device: engines[name] for device, engines in names.items() if name in engines}
        rows.append(told)
    return rows


def _store(famulus: Famulus) -> dict[str, Any]:
    trouble = famulus.generations.trouble()
    return {"url": famulus.settings.store.url or None, "problem": str(trouble) if trouble is not None else ""}


def _change(famulus: Famulus) -> dict[str, Any] | None:
    change = famulus.generations.status()
    return asdict(change) if change is not None else None
