"""Reading ahead: what the first search and the first save would wait for is made in the background, once the vault has
been looked at."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from agents.errors import AgentError
from daemon.courtesy import Courtesy
from daemon.engines.guarded import GuardedEmbedder
from vault_sync.errors import VaultError

if TYPE_CHECKING:
    from daemon.compose import Famulus

log = logging.getLogger(__name__)

Hold = Callable[[], bool]
"""Waits a moment where somebody waits for an answer, and tells whether that was so."""
Warm = Callable[[Hold], None]
"""One thing that is made ahead; calls `hold` between its steps, again for as long as that is true."""

_LOOK = 0.25
_MOMENT = 0.05


def warming_of(famulus: "Famulus") -> "Warming":
    """The embedder, and what linking on save needs of the whole vault, the larger part last."""
    linking, embedder = famulus.settings.linking, famulus.embedder
    opened: list[Warm] = [lambda hold: embedder.start()] if isinstance(embedder, GuardedEmbedder) else []
    names: list[Warm] = [famulus.names.warm] if linking.mentions.enabled else []
    read: list[Warm] = [famulus.linker.warm, *names] if linking.on_save else []
    return Warming([*opened, *read], lambda: famulus.upkeep.scanned, famulus.courtesy)


class _EndedError(Exception):
    """The daemon ends."""


class Warming:
    """Makes things ahead, one after the other, in one thread, and gives way to whoever waits for an answer."""

    def __init__(self, things: Sequence[Warm], ready: Callable[[], bool], courtesy: Courtesy) -> None:
        """Begins when it is `ready`."""
        self._things = things
        self._ready = ready
        self._courtesy = courtesy
        self._ending = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; call from the event loop."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="warming")

    async def stop(self) -> None:
        """End within one step."""
        self._ending = True
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while not self._ready():
            if self._ending:
                return
            await asyncio.sleep(_LOOK)
        began = time.monotonic()
        try:
            for thing in self._things:
                await asyncio.to_thread(thing, self._hold)
        except _EndedError:
            return
        except (VaultError, AgentError) as error:
            log.warning("What the first search and the first save need was not made ahead: %s", error)
            return
        except Exception:
            log.exception("What the first search and the first save need was not made ahead.")
            return
        log.info("What the first search and the first save need was made ahead in %.1f s.", time.monotonic() - began)

    def _hold(self) -> bool:
        if self._ending:
            raise _EndedError
        busy = self._courtesy.busy
        time.sleep(_MOMENT if busy else 0)
        return busy
