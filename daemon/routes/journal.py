"""`/api/journal`: what Famulus wrote, and taking it back."""

import asyncio
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query

from agents.errors import BadRequestError
from daemon import wire
from daemon.compose import Famulus
from daemon.writing.undoing import diff_of
from vault_sync.errors import NoteNotFoundError
from vault_sync.writing.journal import Selection


def router(famulus: Famulus) -> APIRouter:
    """The routes, bound to one vault."""
    routes = APIRouter(prefix="/api/journal", tags=["journal"])

    @routes.get("")
    async def journal(
        path: str = "",
        feature: str = "",
        run: str = "",
        day: date | None = None,
        limit: Annotated[int, Query(ge=1, le=10_000)] = 100,
    ) -> dict[str, Any]:
        """What Famulus wrote, newest first, without the texts; `path` is a note or a folder, `day` a local date."""
        wanted = Selection((), path.strip("/"), feature, run, day)
        entries = await asyncio.to_thread(famulus.view.entries, famulus.journal, wanted, limit)
        return {"entries": [wire.entry_json(entry) for entry in entries]}

    @routes.get("/{entry}")
    async def one(entry: wire.EntryId) -> dict[str, Any]:
        """One write, with what it changed as a unified diff."""
        found = await asyncio.to_thread(famulus.view.entries, famulus.journal, Selection((entry,)), 1)
        images = await asyncio.to_thread(famulus.journal.images, entry)
        if not found or images is None:
            raise NoteNotFoundError(
                f"There is no write {entry} in the journal.",
                "It may have been dropped for its age.",
                "List the journal.",
            )
        return {"entry": wire.entry_json(found[0]), "diff": diff_of(found[0].path, images.before, images.after)}

    @routes.post("/undo")
    async def undo(body: wire.UndoBody) -> dict[str, Any]:
        """Take writes back, newest first. What the user has edited since is refused with the reason, the rest undone."""
        wanted = body.selection()
        if not wanted:
            raise BadRequestError(
                "Nothing was undone.", "The request does not say what.", "Give ids, path, feature, run or day."
            )
        results = await famulus.undoing.undo(wanted, dry_run=body.dry_run)
        return {
            "results": [
                {**wire.entry_json(each.entry), "outcome": each.outcome, "reason": each.reason, "diff": each.diff}
                for each in results
            ]
        }

    return routes
