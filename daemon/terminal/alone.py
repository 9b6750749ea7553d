"""A command without a daemon: the whole of Famulus in this process, behind the same routes.

The one place where a command imports what is heavy; beside a daemon none does.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from daemon.app import build_app
from daemon.bus import BusEvent
from daemon.compose import compose
from daemon.config import Settings
from daemon.terminal.client import TIMEOUT, Client, Heard
from daemon.terminal.progress import Progress


@asynccontextmanager
async def client(settings: Settings, *, quiet: bool, thorough: bool, work: bool, heard: Heard) -> AsyncIterator[Client]:
    """A client of a Famulus in this process, whose index is first brought up to date; as `connect` says."""
    famulus = compose(settings)
    famulus.bus.listen(heard)
    try:
        with Progress(shown=not quiet) as progress:
            end = famulus.bus.listen(lambda event: _show(progress, event))
            try:
                await famulus.catch_up(thorough=thorough)
            finally:
                end()
        transport = httpx.ASGITransport(build_app(famulus, serve=False), raise_app_exceptions=False)
        headers = {"Authorization": f"Bearer {famulus.token}"}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost", headers=headers, timeout=TIMEOUT
        ) as http:
            if work:
                famulus.work()
            yield Client(http, alone=True)
    except asyncio.CancelledError:
        famulus.upkeep.stop()
        raise
    finally:
        await famulus.close()


def _show(progress: Progress, event: BusEvent) -> None:
    if event.name == "index.progress":
        progress.update(event.data)
