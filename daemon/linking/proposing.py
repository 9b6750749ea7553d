"""Properties that any tool proposes for a note: checked, made a suggestion, and kept in the inbox for the user."""

import asyncio
from typing import TYPE_CHECKING

from agents.inbox.suggestion import Suggestion
from vault_sync.errors import NoteNotFoundError, WriteRefusedError
from vault_sync.paths import VaultPath
from vault_sync.writing.properties import Wanted

if TYPE_CHECKING:
    from daemon.compose import Famulus


class Proposing:
    """Takes proposals of tags and descriptions."""

    def __init__(self, famulus: "Famulus") -> None:
        self._famulus = famulus

    async def propose(self, path: VaultPath, goal: Wanted, reason: str, *, keep: bool) -> list[Suggestion]:
        """The suggestion, in the inbox beside others where `keep` is set; none where the note has it all.

        One that the user refused before comes back as rejected. Raises PropertiesError, WriteRefusedError where
        policy forbids the note to be written, NoteNotFoundError.
        """
        if not self._famulus.policy.current.writable(path):
            raise WriteRefusedError(
                f"Nothing can be proposed for {path!r}.", "Policy forbids writing there.", "Change famulus.toml."
            )
        data = await asyncio.to_thread(self._famulus.read, path)
        if data is None:
            raise NoteNotFoundError(f"Nothing can be proposed for {path!r}.", "The note is gone.", "List the notes.")
        made = await asyncio.to_thread(self._famulus.properties.suggest, path, data, goal, reason)
        if made is None or not keep:
            return [made] if made else []
        kept = self._famulus.inbox.add(made)
        if kept.state == "pending":
            self._famulus.bus.publish("suggestion.new", path=path, count=1)
        return [kept]
