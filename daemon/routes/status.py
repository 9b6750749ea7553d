"""`/api/health`, `/api/notes`, `/api/notes/status`, `/api/events` and `/metrics`."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import PlainTextResponse, Response

from daemon import __version__, metrics, sse
from daemon.compose import Famulus
from daemon.health import coverage, told
from vault_sync.index.records import NoteRecord
from vault_sync.paths import vault_path, within


def router(famulus: Famulus) -> APIRouter:
    """The routes, bound to one vault."""
    routes = APIRouter(tags=["status"])

    @routes.get("/api/health")
    async def health(request: Request) -> dict[str, Any]:
        """Whether all is well. Strangers are told the state only, the owner also vault and engines."""
        return told(famulus, owner=bool(request.scope.get("famulus_authorized")), version=__version__)

    @routes.get("/api/notes")
    async def notes(
        path: str | None = None, folder: str = "", limit: Annotated[int, Query(ge=1, le=10_000)] = 1000
    ) -> Response:
        """The notes that are known, or one of them with its text's hash and links."""
        if path is not None:
            return await _answered(lambda: _one(famulus, path))
        return await _answered(lambda: _listed(famulus, folder, limit))

    @routes.get("/api/notes/status")
    async def notes_status(path: str | None = None, state: Literal["indexed", "failed"] | None = None) -> Response:
        """For every note, or one: is it indexed, since when, and if not, why and what to do.

        `coverage` is the share of the readable notes that is in the index as it is on the disk, `progress` what is
        under way with the seconds that it may still take, or null. `state=failed` lists the failed notes only.
        """
        return await _answered(lambda: _statuses(famulus, path, state))

    @routes.get("/api/events")
    async def events(plugin: Annotated[str, Query(max_length=64)] = "") -> Response:
        """What happens, as server-sent events: `index.progress`, `note.indexed`, `suggestion.new`, `note.written`, …

        A plugin that gives its name, 8 characters or more, is also asked to apply Edits, once it has proved to see
        the notes that `hello` names.
        """
        return sse.EventStream(_events(famulus, plugin if len(plugin) >= 8 else ""))

    @routes.get("/metrics")
    async def prometheus() -> PlainTextResponse:
        """Figures for Prometheus."""
        return PlainTextResponse(metrics.render(famulus), media_type=metrics.CONTENT_TYPE)

    return routes


async def _events(famulus: Famulus, plugin: str) -> AsyncGenerator[bytes, None]:
    prove = famulus.plugins.connect(plugin) if plugin else []
    try:
        yield sse.event({"version": __version__, "prove": prove}, "hello")
        async for happened in famulus.bus.stream(plugin):
            yield sse.event(happened.data, happened.name) if happened is not None else sse.PING
    finally:
        if plugin:
            famulus.plugins.disconnect(plugin)


async def _answered(made: Callable[[], dict[str, Any]]) -> Response:
    """What may hold every note of the vault, made and written as JSON in a thread: all other answers go on meanwhile."""
    body = await asyncio.to_thread(lambda: sse.as_json(made()))
    return Response(body, media_type="application/json")


def _one(famulus: Famulus, path: str) -> dict[str, Any]:
    note = famulus.known_note(vault_path(path))
    here, there = famulus.view.links(note.path)
    links = [{"target": link.target, "line": link.line} for link in here]
    backlinks = [{"source": link.source, "line": link.line} for link in there]
    return {"note": _note(note), "links": links, "backlinks": backlinks}


def _listed(famulus: Famulus, folder: str, limit: int) -> dict[str, Any]:
    found = [note for note in famulus.view.notes() if within(note.path, folder)]
    return {"notes": [_note(note) for note in found[:limit]], "total": len(found)}


def _statuses(famulus: Famulus, path: str | None, state: str | None) -> dict[str, Any]:
    notes = [famulus.known_note(vault_path(path))] if path is not None else famulus.view.notes()
    status = famulus.upkeep.status()
    return {
        "notes": [_status(note) for note in notes if state in (None, note.state)],
        "coverage": round(coverage(famulus), 4),
        "pending": status.pending,
        "failed": sum(note.state == "failed" for note in notes),
        "progress": status.underway.json() if status.underway is not None else None,
        "watching": status.watching.json(),
        "passed_over": [] if path else [{"path": p, "reason": r} for p, r in famulus.passed_over().items()],
    }


def _note(note: NoteRecord) -> dict[str, Any]:
    return {
        "path": note.path,
        "title": note.title,
        "language": note.language,
        "aliases": list(note.aliases),
        "tags": list(note.tags),
        "description": note.description,
        "hash": note.hash,
        "size": note.stamp.size,
        "modified_at": note.mtime,
        "state": note.state,
    }


def _status(note: NoteRecord) -> dict[str, Any]:
    return {
        "path": note.path,
        "state": note.state,
        "reason": note.reason,
        "fix": note.fix,
        "indexed_at": note.indexed_at,
        "modified_at": note.mtime,
    }
