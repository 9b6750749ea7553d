"""How an Edit gets into a note: by the app while one is connected, otherwise by the Writer, and at a quiet moment."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from daemon.bus import Bus
from daemon.config import WritingSection
from daemon.writing.plugins import Answer, Plugins
from vault_sync.errors import NoteBusyError, StaleEditError, WriteRefusedError
from vault_sync.paths import VaultPath, folder_of
from vault_sync.watching.syncing import Syncing
from vault_sync.writing.edit import Edit, Removal
from vault_sync.writing.write import Begun, Writer

T = TypeVar("T")

_LOOK_AGAIN = 1.0
"""Seconds between looks at whether a sync has ended."""


class Applier:
    """Applies one Edit at a time. Whatever wants to change a note in the daemon comes through here."""

    def __init__(
        self,
        writer: Writer,
        plugins: Plugins,
        syncing: Syncing,
        bus: Bus,
        settings: WritingSection,
        problem: Callable[[], str] = lambda: "",
    ) -> None:
        """`problem` says why the vault can not be written at all now, such as that it is not mounted."""
        self._writer = writer
        self._plugins = plugins
        self._syncing = syncing
        self._bus = bus
        self._settings = settings
        self._problem = problem
        self._one = asyncio.Lock()

    async def apply(self, change: Edit | Removal, *, feature: str, run: str, undoes: int | None = None) -> str:
        """Apply an Edit; returns the hash of the note's new bytes.

        Raises StaleEditError, WriteRefusedError, and NoteBusyError where the note or the vault was not quiet for as
        long as patience lasts: the Edit is to be tried again later. In all cases the note is as it was.
        """
        await self._quiet(change.path)
        async with self._one:
            begun = await _to_the_end(
                asyncio.to_thread(self._writer.begin, change, feature=feature, run=run, undoes=undoes)
            )
            if begun.entry is not None:
                await _to_the_end(self._carry_out(begun))
        if begun.entry is not None:
            self._bus.publish("note.written", path=change.path, feature=feature, run=run, hash=begun.digest)
        return begun.digest

    async def sweep(self) -> int:
        """Look after writes that a crash interrupted, while none is under way; returns how many files were removed."""
        async with self._one:
            return await _to_the_end(asyncio.to_thread(self._writer.sweep))

    async def _quiet(self, path: VaultPath) -> None:
        until = time.monotonic() + self._settings.patience_seconds
        while True:
            seconds, reason = await asyncio.to_thread(self._obstacle, path)
            if not reason:
                return
            if time.monotonic() + seconds > until:
                raise NoteBusyError(f"{path!r} was not changed yet.", reason, "It can be tried again in a while.")
            await asyncio.sleep(seconds)

    def _obstacle(self, path: VaultPath) -> tuple[float, str]:
        """What is in the way of a write, and in how many seconds to look again."""
        reason = self._problem() or self._syncing.under_way(folder_of(path))
        if reason:
            return _LOOK_AGAIN, reason
        seconds = self._writer.unsettled_seconds(path)
        return seconds, "It was saved a moment ago; somebody may be writing." if seconds else ""

    async def _carry_out(self, begun: Begun) -> None:
        plugin = self._plugins.ready()
        if plugin is None:
            await asyncio.to_thread(self._writer.finish, begun)
            return
        answer = await self._plugins.ask(plugin, begun)
        done = answer is not None and answer.outcome == "applied" and answer.digest == begun.digest
        if not await asyncio.to_thread(self._writer.settle, begun, done=done):
            raise _not_applied(begun, answer)


def _not_applied(begun: Begun, answer: Answer | None) -> StaleEditError | NoteBusyError | WriteRefusedError:
    effect = f"{begun.change.path!r} was not changed."
    if answer is None:
        return NoteBusyError(effect, "Obsidian was asked to, and did not answer.", "It can be tried again.")
    if answer.outcome == "stale":
        return StaleEditError(
            effect, answer.reason or "The note was changed meanwhile.", "Ask for the suggestion again."
        )
    if answer.outcome == "busy":
        return NoteBusyError(effect, answer.reason or "The note is being edited in Obsidian.", "Try again in a moment.")
    return WriteRefusedError(effect, answer.reason or "Obsidian could not write it.", "Look at the note in Obsidian.")


async def _to_the_end(work: Awaitable[T]) -> T:
    """Let `work` end also when the waiting for it is cancelled: a write is never left to itself."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
