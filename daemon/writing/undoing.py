"""Undo: taking back what Famulus wrote, newest first, each through the same door as every other change."""

import asyncio
import difflib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from agents.inbox.decisions import Write
from agents.related.linked import KIND as LINKS
from daemon.linking.autolink import new_run
from vault_sync.errors import UndoRefusedError, VaultError
from vault_sync.paths import VaultPath
from vault_sync.writing.edit import outcome
from vault_sync.writing.journal import Entry, Images, Selection
from vault_sync.writing.undo import reverse

if TYPE_CHECKING:
    from daemon.compose import Famulus

FEATURE = "undo"
MOST = 10_000
_BY_NAME = frozenset({FEATURE, "rescued"})
"""Features whose entries a note, run or day does not mean: they are undone only by id or by their name."""

Result = Literal["undone", "would_undo", "refused", "nothing"]


@dataclass(frozen=True, slots=True)
class Undone:
    """What became of one entry. `diff` is what changes, or would change, in the note, as a unified diff."""

    entry: Entry
    outcome: Result
    reason: str = ""
    diff: str = ""


class Undoing:
    """Undoes a selection of the journal. What can not be taken back is refused with the reason, and the rest undone."""

    def __init__(self, famulus: "Famulus") -> None:
        self._famulus = famulus

    def chosen(self, wanted: Selection) -> list[Entry]:
        """The entries that a selection means, newest first; none about a note that policy hides."""
        famulus = self._famulus
        entries = famulus.view.entries(famulus.journal, replace(wanted, state="done"), MOST)
        return [e for e in entries if wanted.ids or e.feature == wanted.feature or e.feature not in _BY_NAME]

    async def undo(self, wanted: Selection, *, dry_run: bool = False) -> list[Undone]:
        """Undo, or only tell what would be undone."""
        await self._famulus.applier.sweep()
        run, seen = new_run(), dict[VaultPath, bytes | None]()
        entries = await asyncio.to_thread(self.chosen, wanted)
        chosen = {entry.id for entry in entries}
        results = []
        for entry in entries:
            try:
                results.append(await self._one(entry, run, seen if dry_run else None))
            except UndoRefusedError as error:
                later = self._later(entry, chosen)
                cause = f"Famulus wrote there again: undo {later} too." if later else error.cause
                results.append(Undone(entry, "refused", cause))
            except VaultError as error:
                results.append(Undone(entry, "refused", error.cause or error.effect))
        return results

    async def _one(self, entry: Entry, run: str, seen: dict[VaultPath, bytes | None] | None) -> Undone:
        """Undo one entry; with `seen`, only there."""
        famulus = self._famulus
        images = await asyncio.to_thread(famulus.journal.images, entry.id) or Images(None, None)
        now = await asyncio.to_thread(famulus.read, entry.path)
        if seen is not None:
            now = seen.get(entry.path, now)
        change = reverse(entry.path, images, now)
        if change is None:
            if seen is None:
                famulus.journal.mark(entry.id, "undone")
                self._remember(entry)
            return Undone(entry, "nothing", "The note is as it was before.")
        then = outcome(change, now)
        diff = diff_of(entry.path, now, then)
        if seen is not None:
            seen[entry.path] = then
            return Undone(entry, "would_undo", "", diff)
        await famulus.applier.apply(change, feature=FEATURE, run=run, undoes=entry.id)
        self._remember_links(entry.path, now, then)
        self._remember(entry)
        return Undone(entry, "undone", "", diff)

    def _remember(self, entry: Entry) -> None:
        """What was taken back is not wanted; what came back, because an undo was undone, is."""
        verdicts = self._famulus.inbox.verdicts
        verdicts.undone(Write(entry.run, entry.after_hash))
        if entry.undoes is not None:
            for undone in self._famulus.journal.entries(Selection((entry.undoes,)), 1):
                verdicts.redone(Write(undone.run, undone.after_hash))

    def _remember_links(self, path: VaultPath, was: bytes | None, now: bytes | None) -> None:
        """The same for what stands in the section of links, whichever write put it there."""
        gone = self._famulus.linker.taken_back(path, was, now)
        self._famulus.inbox.verdicts.taken_out(path, LINKS, gone)

    def _later(self, entry: Entry, chosen: set[int]) -> str:
        """Later writes to the same note that are not undone with this one; what undo itself wrote is none of them."""
        others = self._famulus.journal.entries(Selection(path=entry.path, state="done"), limit=MOST)
        after = (e for e in others if e.id > entry.id and e.path == entry.path and e.feature != FEATURE)
        later = [e.id for e in after if e.id not in chosen]
        return ", ".join(map(str, reversed(later)))


def diff_of(path: str, was: bytes | None, now: bytes | None) -> str:
    """A unified diff of a note; empty where nothing differs."""
    before, after = (_lines(data) for data in (was, now))
    names = ("/dev/null" if was is None else path, "/dev/null" if now is None else path)
    return "\n".join(difflib.unified_diff(before, after, *names, lineterm=""))


def _lines(data: bytes | None) -> list[str]:
    return [] if data is None else data.decode(errors="replace").split("\n")
