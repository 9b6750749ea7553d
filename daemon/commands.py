"""What each command does: one call of the API, shown for people or as JSON."""

import argparse
import asyncio
import json
import sys
from typing import Any

from rich.console import Console

from daemon import doctor as checks
from daemon import folder, jobcommands, measures, reasons, show
from daemon import models as stored
from daemon.bus import BusEvent
from daemon.client import connect
from daemon.config import ConfigError, Settings
from daemon.engines.spec import EngineSpec
from daemon.explaining import asks_to_be_left_alone
from daemon.lock import VaultLock
from daemon.progress import Steps
from daemon.serve import serve as run_daemon
from daemon.verifying import verify_alone
from vault_sync.vault import Vault

console = Console(highlight=False, soft_wrap=True)


def _output(arguments: argparse.Namespace, data: Any, shown: str) -> int:
    if arguments.json:
        sys.stdout.write(json.dumps(data, ensure_ascii=False) + "\n")
    else:
        console.print(shown)
    return 0


async def serve(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run the daemon until it is told to end."""
    await run_daemon(settings)
    return 0


async def index(arguments: argparse.Namespace, settings: Settings) -> int:
    """Bring the index up to date and say what is in it."""
    async with connect(settings, quiet=arguments.json, thorough=True) as client:
        data = await client.get("/api/health")
    return _output(arguments, data, show.health(data))


async def search(arguments: argparse.Namespace, settings: Settings) -> int:
    """Search."""
    async with connect(settings, quiet=arguments.json) as client:
        data = await client.get(
            "/api/search",
            q=arguments.query,
            k=arguments.k,
            mode=arguments.mode,
            folder=arguments.folder,
            tag=arguments.tag,
            after=arguments.after,
            before=arguments.before,
            rerank=arguments.rerank,
        )
    return _output(arguments, data, show.passages(data["results"]))


async def why(arguments: argparse.Namespace, settings: Settings) -> int:
    """Say why a note was not found; who can read the vault's folder is also told that a note asks to be left alone."""
    async with connect(settings, quiet=arguments.json) as client:
        data = await client.get(
            "/api/why",
            q=arguments.query,
            path=arguments.note,
            folder=arguments.folder,
            tag=arguments.tag,
            after=arguments.after,
            before=arguments.before,
        )
    unknown = data["verdict"] == "unknown" and not arguments.json
    private = unknown and await asyncio.to_thread(asks_to_be_left_alone, settings, arguments.note)
    return _output(arguments, data, reasons.private(data) if private else reasons.why(data))


async def evaluate(arguments: argparse.Namespace, settings: Settings) -> int:
    """Measure search and related notes on this vault; how far it is appears on stderr."""
    body = {name: getattr(arguments, name) for name in ("queries", "seed", "compare", "deep")}
    with Steps() as steps:

        def heard(event: BusEvent) -> None:
            if event.name == "eval.progress":
                steps.update(event.data["done"], event.data["total"], event.data["what"])

        async with connect(settings, quiet=arguments.json, patient=True, heard=heard) as client:
            data = await client.post("/api/eval", body)
    if arguments.json:
        return _output(arguments, data, "")
    console.print(*measures.tables(data), sep="\n")
    return 0


async def ask(arguments: argparse.Namespace, settings: Settings) -> int:
    """Ask; the answer appears as it is written, its sources after it."""
    body: dict[str, Any] = {"model": arguments.model, "messages": [{"role": "user", "content": arguments.question}]}
    if arguments.note:
        body["famulus"] = {"path": arguments.note}
    async with connect(settings, quiet=arguments.json) as client:
        if arguments.json:
            return _output(arguments, await client.post("/v1/chat/completions", body), "")
        citations: list[dict[str, Any]] = []
        async for chunk in client.stream("/v1/chat/completions", body | {"stream": True}):
            for choice in chunk["choices"]:
                console.print(choice["delta"].get("content") or "", end="", markup=False)
                citations = choice["delta"].get("citations") or citations
    console.print(f"\n\n{show.citations(citations)}" if citations else "")
    return 0


async def link(arguments: argparse.Namespace, settings: Settings) -> int:
    """Propose links, properties and sections for a note, which without --dry-run wait in the inbox; or for all notes."""
    if arguments.all == bool(arguments.note):
        raise ConfigError("Nothing was linked.", "Name a note, or give --all.", "See `famulus link --help`.")
    if arguments.all:
        return await jobcommands.link_all(arguments, settings)
    body = {"path": arguments.note, "section": arguments.section}
    async with connect(settings, quiet=arguments.json) as client:
        data = await client.post("/api/suggestions", body, dry_run=arguments.dry_run)
    return _output(arguments, data, show.suggestions(data["suggestions"], kept=not arguments.dry_run))


async def undo(arguments: argparse.Namespace, settings: Settings) -> int:
    """Take writes back; without a choice, list what could be."""
    day = arguments.day.isoformat() if arguments.day else None
    wanted = {"path": arguments.note, "feature": arguments.feature, "run": arguments.of_run, "day": day}
    async with connect(settings, quiet=arguments.json) as client:
        if not arguments.edit and not any(wanted.values()):
            data = await client.get("/api/journal")
            return _output(arguments, data, show.journal(data["entries"]))
        body = {**wanted, "ids": arguments.edit, "dry_run": arguments.dry_run}
        data = await client.post("/api/journal/undo", body)
    _output(arguments, data, show.undone(data["results"]))
    return 1 if any(result["outcome"] == "refused" for result in data["results"]) else 0


async def digest(arguments: argparse.Namespace, settings: Settings) -> int:
    """List digests or run one."""
    async with connect(settings, quiet=arguments.json) as client:
        if arguments.action == "run":
            data = await client.post("/api/digests/run", {"name": arguments.name})
            return _output(arguments, data, show.digest_run(data))
        data = await client.get("/api/digests")
    return _output(arguments, data, show.digests(data["digests"]))


async def doctor(arguments: argparse.Namespace, settings: Settings) -> int:
    """Check the set-up, or the index, or replace a state that can not be used."""
    if arguments.verify:
        return await _verify(arguments, settings)
    if arguments.replace_state:
        replaced = await asyncio.to_thread(folder.replace_state, settings)
        return _output(arguments, replaced, show.replaced(replaced))
    found = await checks.examine(settings)
    _output(arguments, {"checks": [check.json() for check in found]}, show.checks(found))
    return 0 if all(check.ok for check in found) else 1


async def _verify(arguments: argparse.Namespace, settings: Settings) -> int:
    holder = VaultLock(Vault(settings.vault).id).holder() if settings.vault else None
    if holder is None:
        data = await asyncio.to_thread(verify_alone, settings)
    else:
        async with connect(settings) as client:
            data = await client.post("/api/index/verify")
    _output(arguments, data, show.verified(data))
    return 0 if data["agree"] else 1


async def models(arguments: argparse.Namespace, settings: Settings) -> int:
    """List or fetch models."""
    specs = settings.engine_specs()
    if arguments.action == "pull":
        await asyncio.to_thread(stored.pull, None if arguments.starter else _named(specs, arguments.name))
    found = [stored.status(spec) for spec in specs]
    _output(arguments, {"models": [each.json() for each in found]}, show.models(found))
    return 0 if arguments.action == "list" or not any(each.problem for each in found) else 1


def _named(specs: list[EngineSpec], name: str | None) -> list[EngineSpec]:
    chosen = [spec for spec in specs if name in (None, spec.name)]
    if not chosen:
        known = ", ".join(spec.name for spec in specs)
        raise ConfigError("Nothing was fetched.", f"There is no engine {name!r} with a role.", f"Name one of: {known}.")
    return chosen
