"""Auto-linking on save: when a note has been quiet for a while, suggest, or write the managed section."""

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable

from agents.errors import AgentError
from daemon.config import LinkingSection
from vault_sync.errors import NoteBusyError, VaultError
from vault_sync.paths import VaultPath
from vault_sync.watching.change import Coalescer

log = logging.getLogger(__name__)

LinkOne = Callable[[VaultPath, str], Awaitable[None]]
"""Link one note in a mode (`review` or `auto`)."""


class AutoLink:
    """Waits for notes to be quiet, then has them linked one after the other."""

    def __init__(
        self,
        settings: LinkingSection,
        link: LinkOne,
        on_trouble: Callable[[VaultPath, VaultError | AgentError], None] = lambda path, error: None,
    ) -> None:
        """`on_trouble` is told of a note that could not be linked."""
        self._settings = settings
        self._on_trouble = on_trouble
        self._link = link
        self._coalescer = Coalescer(quiet=settings.quiet_seconds, longest=float("inf"))
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; call from the event loop."""
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._run(), name="autolink")

    async def stop(self) -> None:
        """End; a note that waits is linked after its next save."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def saved(self, path: VaultPath) -> None:
        """A note was saved; may be called from any thread."""
        if self._settings.mode_for(path) != "off" and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._hint, path)

    def _hint(self, path: str) -> None:
        self._coalescer.hint(path, time.monotonic())
        self._wake.set()

    async def _run(self) -> None:
        while True:
            await self._quiet()
            for path in self._coalescer.take(time.monotonic()):
                await self._one(VaultPath(path))

    async def _quiet(self) -> None:
        due = self._coalescer.next_due()
        self._wake.clear()
        try:
            # `wait_for` can swallow a cancellation that comes together with a hint, and `stop` would wait for ever.
            async with asyncio.timeout(None if due is None else max(0.0, due - time.monotonic())):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _one(self, path: VaultPath) -> None:
        mode = self._settings.mode_for(path)
        if mode == "off":
            return
        try:
            await self._link(path, mode)
        except NoteBusyError as error:
            log.info("%s is linked later: %s", path, error)
            self._hint(path)
        except (VaultError, AgentError) as error:
            log.warning("%s was not linked: %s", path, error)
            self._on_trouble(path, error)
        except Exception:  # one note that nobody foresaw must not end the linking of all others
            log.exception("%s was not linked.", path)


def new_run() -> str:
    """A name for one run of a feature, by which it can be undone."""
    return uuid.uuid4().hex[:12]
