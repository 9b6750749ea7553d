"""Linking one vault: the linker proposes, the inbox keeps, the writer writes."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from agents.inbox.decisions import Write
from agents.inbox.suggestion import Suggestion
from agents.related.linked import KIND
from daemon.jobs.producers import left_so
from daemon.linking.autolink import new_run
from daemon.linking.mentioning import Mentioning
from vault_sync.paths import VaultPath
from vault_sync.writing.edit import Edit

if TYPE_CHECKING:
    from daemon.compose import Famulus


class Linking:
    """What routes, commands and auto-linking do with links."""

    def __init__(self, famulus: "Famulus") -> None:
        self._famulus = famulus
        self._mentioning = Mentioning(famulus)
        self._one = asyncio.Lock()

    async def on_saved(self, path: VaultPath, mode: str) -> None:
        """A note has been quiet for a while: link it in its mode."""
        if not self._famulus.policy.current.writable(path):
            return
        if await asyncio.to_thread(left_so, self._famulus, path):
            return
        written = None
        if mode == "auto":
            written = await self.write_links(path)
        else:
            await self.suggest(path, keep=True)
        await self._famulus.enriching.on_saved(path, mode)
        await self._famulus.sectioning.on_saved(path, mode)
        self._famulus.bus.publish("autolink.looked", path=path, mode=mode, written=written is not None)

    async def write_links(self, path: VaultPath) -> str | None:
        """Link mentions and bring the managed section up to date as far as the gate lets through; the rest waits.

        Mentions come first: they are in the user's own text, which the section is made for. Returns the note's new
        hash, None where nothing changed.
        """
        async with self._one:
            run = new_run()
            digest = await self._mentioning.write(path, run)
            return await self._write_section(path, run) or digest

    async def _write_section(self, path: VaultPath, run: str) -> str | None:
        data = await asyncio.to_thread(self._famulus.read, path)
        found = await self._famulus.linker.auto(path, data, self._famulus.gate) if data is not None else None
        if found is None:
            return None
        digest = None
        if found.edit is not None:
            digest = await self._apply(found.edit, KIND, run)
            self._famulus.inbox.wrote(found.written, Write(run, digest, silent=True))
        self._keep(path, KIND, found.waiting)
        return digest

    def _keep(self, path: VaultPath, kind: str, found: Sequence[Suggestion]) -> list[Suggestion]:
        """Put a new pass into the inbox, and tell of what is worth showing."""
        kept = self._famulus.inbox.replace(path, kind, found)
        bar = self._famulus.gate.bar(kind)
        self._famulus.bus.publish("suggestion.new", path=path, count=sum(bar.shows(each.score) for each in kept))
        return kept

    async def suggest(self, path: VaultPath, *, keep: bool) -> list[Suggestion]:
        """The links that are proposed for a note, related notes before mentions; kept in the inbox where `keep` is set.

        A note whose own text is as it was at the last pass is not worked on again: what is pending is the answer.
        """
        async with self._one:
            mentioned = await self._mentioning.suggest(path, keep=keep)
            data = await asyncio.to_thread(self._famulus.read, path)
            found = await self._famulus.linker.review(path, data, remember=keep) if data is not None else []
            if found is None:
                found = [each for each in self._famulus.inbox.list("pending", path, KIND) if each.path == path]
            elif keep:
                found = self._keep(path, KIND, found)
            return [*found, *mentioned]

    async def _apply(self, edit: Edit, feature: str, run: str) -> str:
        return await self._famulus.applier.apply(edit, feature=feature, run=run)
