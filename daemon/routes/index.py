"""`/api/index/verify`: does the index agree with the notes?"""

from typing import Any

from fastapi import APIRouter

from daemon.compose import Famulus


def router(famulus: Famulus) -> APIRouter:
    """The routes, bound to one vault."""
    routes = APIRouter(prefix="/api/index", tags=["status"])

    @routes.post("/verify")
    async def verify() -> dict[str, Any]:
        """Compare notes, ledger, full text and vectors; mend from the ledger what can be mended without embedding."""
        return await famulus.verifying.run()

    return routes
