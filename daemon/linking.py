"""Linking one vault: the linker proposes, the inbox keeps, the writer writes."""

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from agents.errors import AgentError
from agents.linked import KIND
from agents.suggestion import Suggestion
from daemon.autolink import new_run
from vault_sync.edit import Edit
from vault_sync.errors import VaultError
from vault_sync.paths import VaultPath

if TYPE_CHECKING:
    from daemon.compose import Famulus

log = logging.getLogger(__name__)


class Linking:
    """What routes, commands and auto-linking do with links."""

    def __init__(self, famulus: "Famulus") -> None:
        self._famulus = famulus
        self._one = asyncio.Lock()

    async def on_saved(self, path: VaultPath, mode: str) -> None:
        """A note has been quiet for a while: link it in its mode."""
        if not self._famulus.policy.current.writable(path):
            return
        written = None
        if mode == "auto":
            written = await self.write_section(path)
        else:
            await self.suggest(path, keep=True)
        self._famulus.bus.publish("autolink.looked", path=path, mode=mode, written=written is not None)

    async def write_section(self, path: VaultPath) -> str | None:
        """Bring the managed section up to date; returns the note's new hash, None where nothing changed."""
        async with self._one:
            data = await asyncio.to_thread(self._famulus.read, path)
            edit = await self._famulus.linker.section_edit(path, data) if data is not None else None
            if edit is None:
                return None
            digest = await self._apply(edit, "link", new_run())
            return digest

    async def suggest(self, path: VaultPath, *, keep: bool) -> list[Suggestion]:
        """The links that are proposed for a note; kept in the inbox where `keep` is set.

        A note whose own text is as it was at the last pass is not worked on again: what is pending is the answer.
        """
        async with self._one:
            data = await asyncio.to_thread(self._famulus.read, path)
            found = await self._famulus.linker.review(path, data, remember=keep) if data is not None else []
            if found is None:
                return [each for each in self._famulus.inbox.list("pending", path, KIND) if each.path == path]
            if keep:
                found = self._famulus.inbox.replace(path, KIND, found)
                self._famulus.bus.publish("suggestion.new", path=path, count=len(found))
            return found

    async def accept(self, suggestion: str) -> Suggestion:
        """Apply one suggestion. Raises StaleEditError, SuggestionError, WriteRefusedError."""
        feature, run = self._famulus.inbox.get(suggestion).kind, new_run()

        async def apply(edit: Edit) -> str:
            return await self._apply(edit, feature, run)

        return await self._famulus.inbox.accept(suggestion, apply)

    def reject(self, suggestion: str) -> Suggestion:
        """Refuse one suggestion for good."""
        return self._famulus.inbox.reject(suggestion)

    async def try_accept(self, suggestion: str) -> dict[str, Any]:
        """Accept as one of many: the outcome, never an exception."""
        try:
            return _outcome(await self.accept(suggestion))
        except (VaultError, AgentError) as error:
            return _failure(suggestion, error)

    def try_reject(self, suggestion: str) -> dict[str, Any]:
        """Reject as one of many."""
        try:
            return _outcome(self.reject(suggestion))
        except (VaultError, AgentError) as error:
            return _failure(suggestion, error)

    async def _apply(self, edit: Edit, feature: str, run: str) -> str:
        return await self._famulus.applier.apply(edit, feature=feature, run=run)


def _outcome(suggestion: Suggestion) -> dict[str, Any]:
    return {"id": suggestion.id, "state": suggestion.state, "reason": suggestion.state_reason}


def _failure(suggestion: str, error: VaultError | AgentError) -> dict[str, Any]:
    return {"id": suggestion, "state": None, "code": error.code, "reason": error.cause or error.effect}
