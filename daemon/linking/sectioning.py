"""Sections by the user's own prompts: made on save and by hand, kept in the inbox or written."""

import asyncio
from typing import TYPE_CHECKING

from agents.inbox.decisions import Write
from agents.inbox.suggestion import Suggestion
from agents.sections.section_prompt import SectionPrompt, SectionPromptError
from agents.sections.sections import KIND, Made
from daemon.linking.autolink import new_run
from vault_sync.errors import UnreadableNoteError
from vault_sync.notes.note import Note
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath

if TYPE_CHECKING:
    from daemon.compose import Famulus


class Sectioning:
    """What auto-linking, routes and commands do with sections."""

    def __init__(self, famulus: "Famulus") -> None:
        self._famulus = famulus
        self._one = asyncio.Lock()
        famulus.sections.on_taken_out = self._taken_out

    async def on_saved(self, path: VaultPath, mode: str) -> None:
        """A note has been quiet for a while. Raises SectionPromptError where it asks for a section and can not."""
        await asyncio.to_thread(self._famulus.sections.check, path)
        async with self._one:
            waiting = []
            for prompt in await asyncio.to_thread(self._wanted, path, None):
                made = await self._made(path, prompt, remember=True)
                if made is None:
                    continue
                score = made.suggestion.score
                if self._famulus.gate.decide(KIND, score, mode, standing=made.standing and mode == "auto") == "apply":
                    await self._write(made.suggestion)
                else:
                    waiting.append(made.suggestion)
            self._keep(path, waiting)

    async def suggest(self, path: VaultPath, *, keep: bool, name: str | None = None) -> list[Suggestion]:
        """The sections that are proposed for a note, or the one of this name; kept in the inbox where `keep` is set.

        One that is asked for by its name is made also where it was refused before. Raises SectionPromptError where
        there is none of this name.
        """
        async with self._one:
            prompts = await asyncio.to_thread(self._wanted, path, name)
            if name is not None and not prompts:
                raise self._unknown(path, name)
            if name is not None and keep:
                for prompt in prompts:
                    self._famulus.sections.book.forgive(path, prompt.name)
                    self._famulus.inbox.verdicts.forgive(path, prompt.path, KIND)
            found = [made for prompt in prompts if (made := await self._made(path, prompt, remember=keep))]
            suggestions = [made.suggestion for made in found]
            return self._keep(path, suggestions) if keep else suggestions

    def _unknown(self, path: VaultPath, name: str) -> SectionPromptError:
        found, wrong = self._famulus.sections.prompts()
        known = ", ".join(sorted(prompt.name for prompt in found)) or "none"
        cause = f"Sections that the vault knows: {known}. " + " ".join(f"{each.effect} {each.cause}" for each in wrong)
        fix = f"Write a note for it in {self._famulus.settings.sections.folder!r} (see docs/how-to/sections.md)."
        return SectionPromptError(f"There is no section {name!r} for {path!r}.", cause.strip(), fix)

    def _wanted(self, path: VaultPath, name: str | None) -> list[SectionPrompt]:
        note = self._note(path)
        refused = self._famulus.inbox.refused(path, KIND) if name is None else set()
        found = self._famulus.sections.wanted(note[0], name) if note else []
        return [prompt for prompt in found if prompt.path not in refused]

    def _note(self, path: VaultPath) -> tuple[Note, bytes] | None:
        data = self._famulus.read(path)
        try:
            return (parse_note(path, data), data) if data is not None else None
        except UnreadableNoteError:
            return None

    async def _made(self, path: VaultPath, prompt: SectionPrompt, *, remember: bool) -> Made | None:
        note = await asyncio.to_thread(self._note, path)
        return await self._famulus.sections.make(*note, prompt, remember=remember) if note else None

    async def _write(self, suggestion: Suggestion) -> None:
        run = new_run()
        digest = await self._famulus.applier.apply(suggestion.edit, feature=KIND, run=run)
        self._famulus.inbox.wrote([suggestion], Write(run, digest, silent=True))

    def _keep(self, path: VaultPath, found: list[Suggestion]) -> list[Suggestion]:
        known = {one.id for one in self._famulus.inbox.list("pending", path, KIND)}
        kept = self._famulus.inbox.replace(path, KIND, found)
        fresh = sum(one.id not in known for one in kept)
        if fresh:
            self._famulus.bus.publish("suggestion.new", path=path, count=fresh)
        return kept

    def _taken_out(self, path: VaultPath, prompt: VaultPath) -> None:
        self._famulus.inbox.verdicts.taken_out(path, KIND, {prompt})
        self._famulus.inbox.verdicts.refuse(path, prompt, KIND)
