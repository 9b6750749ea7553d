"""What each command asks: one call of the API, shown for people or as JSON."""

import argparse
import asyncio
from typing import Any

from daemon.bus import BusEvent
from daemon.config import ConfigError, Settings
from daemon.terminal import jobcommands, measures, reasons, show
from daemon.terminal.client import connect
from daemon.terminal.printing import Terminal
from daemon.terminal.progress import Steps

console = Terminal(highlight=False, soft_wrap=True)


async def index(arguments: argparse.Namespace, settings: Settings) -> int:
    """Bring the index up to date and say what is in it."""
    async with connect(settings, quiet=arguments.json, thorough=True) as client:
        data = await client.get("/api/health")
    return console.answer(data, show.health(data), as_json=arguments.json)


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
    return console.answer(data, show.passages(data["results"]), as_json=arguments.json)


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
    private = False
    if data["verdict"] == "unknown" and not arguments.json:
        from daemon.evaluation.explaining import asks_to_be_left_alone

        private = await asyncio.to_thread(asks_to_be_left_alone, settings, arguments.note)
    return console.answer(data, reasons.private(data) if private else reasons.why(data), as_json=arguments.json)


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
        return console.answer(data, "", as_json=arguments.json)
    console.print(*measures.tables(data), sep="\n")
    return 0


async def ask(arguments: argparse.Namespace, settings: Settings) -> int:
    """Ask; the answer appears as it is written, its sources after it."""
    body: dict[str, Any] = {"model": arguments.model, "messages": [{"role": "user", "content": arguments.question}]}
    if arguments.note:
        body["famulus"] = {"path": arguments.note}
    async with connect(settings, quiet=arguments.json) as client:
        if arguments.json:
            return console.answer(await client.post("/v1/chat/completions", body), "", as_json=arguments.json)
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
        raise ConfigError("Nothing was linked.", "Name a note or give --all, not both.", "See `famulus link --help`.")
    if arguments.all:
        return await jobcommands.link_all(arguments, settings)
    body = {"path": arguments.note, "section": arguments.section}
    async with connect(settings, quiet=arguments.json) as client:
        data = await client.post("/api/suggestions", body, dry_run=arguments.dry_run)
    return console.answer(
        data, show.suggestions(data["suggestions"], kept=not arguments.dry_run), as_json=arguments.json
    )


async def undo(arguments: argparse.Namespace, settings: Settings) -> int:
    """Take writes back; without a choice, list what could be."""
    day = arguments.day.isoformat() if arguments.day else None
    wanted = {"path": arguments.note, "feature": arguments.feature, "run": arguments.of_run, "day": day}
    async with connect(settings, quiet=arguments.json) as client:
        if not arguments.edit and not any(wanted.values()):
            data = await client.get("/api/journal")
            return console.answer(data, show.journal(data["entries"]), as_json=arguments.json)
        body = {**wanted, "ids": arguments.edit, "dry_run": arguments.dry_run}
        data = await client.post("/api/journal/undo", body)
    console.answer(data, show.undone(data["results"]), as_json=arguments.json)
    return 1 if any(result["outcome"] == "refused" for result in data["results"]) else 0


async def digest(arguments: argparse.Namespace, settings: Settings) -> int:
    """List digests or run one."""
    async with connect(settings, quiet=arguments.json) as client:
        if arguments.action == "run":
            data = await client.post("/api/digests/run", {"name": arguments.name})
            return console.answer(data, show.digest_run(data), as_json=arguments.json)
        data = await client.get("/api/digests")
    return console.answer(data, show.digests(data["digests"]), as_json=arguments.json)
