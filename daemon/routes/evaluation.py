"""`/api/eval`: how good search and related notes are on this vault."""

import asyncio
import threading
from typing import Any

from fastapi import APIRouter, Request

from daemon import sse, wire
from daemon.compose import Famulus
from daemon.evaluation.evaluating import Evaluating, Wish


def router(famulus: Famulus) -> APIRouter:
    """The routes, bound to one vault."""
    routes = APIRouter(prefix="/api", tags=["search"])
    evaluating = Evaluating(famulus)

    @routes.post("/eval")
    async def evaluate(body: wire.EvalBody, request: Request) -> dict[str, Any]:
        """Measure search and related notes by the links, headings, descriptions and names of the vault itself.

        Takes about a minute, with `deep` several; `eval.progress` tells how far it is. It ends when the client hangs up.
        409 while another one is under way.
        """
        wish = Wish(body.queries, body.seed, body.compare, body.deep)
        stop = threading.Event()
        try:
            return await sse.until_gone(request, asyncio.to_thread(evaluating.run, wish, stop.is_set))
        finally:
            stop.set()

    return routes
