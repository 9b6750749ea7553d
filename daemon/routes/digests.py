"""`/api/digests`: list digest notes, run one now."""

import asyncio
from typing import Any

from fastapi import APIRouter

from daemon import wire
from daemon.compose import Famulus


def router(famulus: Famulus) -> APIRouter:
    """The routes, bound to one vault."""
    routes = APIRouter(prefix="/api/digests", tags=["digests"])

    @routes.get("")
    async def digests() -> Any:
        """The digest notes with schedule, last and next run, and what is wrong with them."""
        return {"digests": await asyncio.to_thread(famulus.schedule.list)}

    @routes.post("/run")
    async def run(body: wire.NameBody) -> Any:
        """Run a digest now; answers with the path of the note that was written, null where nothing had changed."""
        return await famulus.schedule.run_named(body.name)

    return routes
