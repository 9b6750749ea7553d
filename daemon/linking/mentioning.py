"""Mentions on save, by request and in the inbox: what linking one vault does with them."""

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from agents.inbox.decisions import Write
from agents.inbox.suggestion import Suggestion
from agents.mention.context import LedgerContext
from agents.mention.mentioner import KIND, Mentioner
from agents.mention.mentions import SURE
from agents.mention.name_index import NameIndex
from agents.mention.sense import Portraits
from vault_sync.paths import VaultPath

if TYPE_CHECKING:
    from daemon.compose import Famulus


def names_of(famulus: "Famulus") -> NameIndex:
    """The names that a vault's ledger knows."""

    def ours() -> set[tuple[str, str]]:
        rows = famulus.state.rows(
            "SELECT path, target FROM suggestions WHERE kind = ? AND state = 'applied' AND target IS NOT NULL", (KIND,)
        )
        return {(row["path"], row["target"]) for row in rows}

    headings = famulus.settings.linking.mentions.of_headings
    return NameIndex(famulus.ledger, famulus.policy, famulus.links, headings=headings, ours=ours)


def mentioner_of(famulus: "Famulus") -> Mentioner:
    """The mentioner for a vault, with its names."""
    habits, portraits = famulus.settings.linking.mentions.habits, Portraits(famulus.ledger, famulus.sample)
    return Mentioner(
        famulus.names.current, habits, lambda path, digest: LedgerContext(famulus.ledger, path, digest, portraits)
    )


class Mentioning:
    """Proposes mentions, or writes those that the gate lets through."""

    def __init__(self, famulus: "Famulus") -> None:
        self._famulus = famulus

    async def suggest(self, path: VaultPath, *, keep: bool) -> list[Suggestion]:
        """The mentions of a note that may become links; kept in the inbox where `keep` is set."""
        famulus, data = self._famulus, await self._read(path)
        if data is None:
            return []
        if not keep:
            found = await asyncio.to_thread(famulus.mentioner.suggest, path, data)
            refused = famulus.inbox.refused(path, KIND)
            return [each for each in found if each.target not in refused]
        return await self._kept(path, data)

    async def write(self, path: VaultPath, run: str) -> str | None:
        """Make links of what the gate lets through, in one write; the rest waits in the inbox.

        Returns the note's new hash, None where nothing was written. Raises as `Applier.apply` does.
        """
        famulus, data = self._famulus, await self._read(path)
        if data is None:
            return None
        found = await self._kept(path, data)
        least = SURE if famulus.gate.bar(KIND).chosen is None else 0.0
        sure = [each for each in found if each.score is not None and each.score >= least]
        ready = [each for each in sure if famulus.gate.decide(KIND, each.score) == "apply"]
        edit = famulus.mentioner.combined(ready, data)
        if edit is None:
            return None
        digest = await famulus.applier.apply(edit, feature=KIND, run=run)
        famulus.inbox.wrote(ready, Write(run, digest, silent=True))
        return digest

    async def _read(self, path: VaultPath) -> bytes | None:
        famulus = self._famulus
        if not famulus.settings.linking.mentions.enabled or not famulus.policy.current.writable(path):
            return None
        return await asyncio.to_thread(famulus.read, path)

    async def _kept(self, path: VaultPath, data: bytes) -> list[Suggestion]:
        """A new pass, in the inbox; what the user took out of the note since is a no."""
        famulus = self._famulus
        there = await asyncio.to_thread(famulus.mentioner.links, path, data)
        famulus.inbox.verdicts.taken_out(path, KIND, self._taken_out(path, there))
        found = await asyncio.to_thread(famulus.mentioner.suggest, path, data)
        kept, bar = famulus.inbox.replace(path, KIND, found), famulus.gate.bar(KIND)
        if kept:
            famulus.bus.publish("suggestion.new", path=path, count=sum(bar.shows(each.score) for each in kept))
        return kept

    def _taken_out(self, path: VaultPath, there: Counter[VaultPath]) -> set[VaultPath]:
        """The notes to which fewer links lead now than were written, as far as these notes are still there."""
        applied = [s.target for s in self._famulus.inbox.list("applied", path, KIND) if s.path == path]
        written = Counter(target for target in applied if target is not None)
        fewer = {target for target, count in written.items() if there[target] < count}
        return {target for target in fewer if self._famulus.ledger.note(target) is not None}
