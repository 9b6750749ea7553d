"""`/api/plugin`: what a connected plugin answers when it is asked to prove what it sees, or to apply an Edit."""

import asyncio
from typing import Any

from fastapi import APIRouter

from daemon import wire
from daemon.compose import Famulus
from daemon.writing.plugins import Answer


def router(famulus: Famulus) -> APIRouter:
    """The routes, bound to one vault."""
    routes = APIRouter(prefix="/api/plugin", tags=["plugin"])

    @routes.post("/proof")
    async def proof(body: wire.ProofBody) -> dict[str, Any]:
        """The hashes of the notes that the event `hello` named. Once they are right, Edits go through this plugin."""
        reason = await famulus.plugins.prove(body.plugin, body.hashes)
        return {"proven": not reason, "reason": reason}

    @routes.post("/edits")
    async def edits(body: wire.EditAnswerBody) -> dict[str, Any]:
        """What became of an Edit that the event `edit.apply` asked for; `ok` is false where nobody waits any more."""
        answer = Answer(body.outcome, body.hash, body.reason)
        ok = famulus.plugins.answer(body.plugin, body.id, answer)
        if not ok and body.outcome == "applied":
            await asyncio.to_thread(famulus.journal.applied_late, body.id.partition("-")[0], body.hash or "")
        return {"ok": ok}

    return routes
