"""What Famulus itself proposes for a note beside links: tags and a description."""

import asyncio
from typing import TYPE_CHECKING

from agents.inbox.decisions import Write
from agents.inbox.suggestion import Suggestion
from agents.properties.properties import KIND, goal_of
from agents.properties.wishes import Wish
from daemon.linking.autolink import new_run
from vault_sync.errors import PropertiesError, UnreadableNoteError
from vault_sync.notes.frontmatter import description_of
from vault_sync.notes.note import Note
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath
from vault_sync.text import fold
from vault_sync.writing.properties import Wanted, edit_for, wanted

if TYPE_CHECKING:
    from daemon.compose import Famulus

FAMULUS, WRITER = _MAKERS = ("famulus", "writer")


class Enriching:
    """Proposes properties on save and by hand; in the mode `auto` it writes those that the gate lets through."""

    def __init__(self, famulus: "Famulus") -> None:
        self._famulus = famulus

    async def on_saved(self, path: VaultPath, mode: str) -> None:
        """A note has been quiet for a while."""
        data = await asyncio.to_thread(self._famulus.read, path)
        if data is None:
            return
        found = await self._wishes(path, data)
        gate = self._famulus.gate
        written = [wish for wish in found if gate.decide(KIND, wish.score, mode) == "apply"]
        if written:
            await self._write(path, data, written)
        self._keep(path, data, [wish for wish in found if wish not in written])

    async def suggest(self, path: VaultPath, *, keep: bool) -> list[Suggestion]:
        """What is proposed for a note now; kept in the inbox where `keep` is set."""
        data = await asyncio.to_thread(self._famulus.read, path)
        if data is None or not self._famulus.policy.current.writable(path):
            return []
        found = await self._wishes(path, data)
        if not keep:
            return self._made(path, data, found)
        self._keep(path, data, found)
        return self._pending(path)

    async def _wishes(self, path: VaultPath, data: bytes) -> list[Wish]:
        note = _parsed(path, data)
        if note is None:
            return []
        refused, described = self._decided(note)
        found = await self._famulus.wisher.of(note, undescribed=not described)
        return [wish for wish in found if not refused & set(map(fold, wish.goal.tags))]

    def _decided(self, note: Note) -> tuple[set[str], bool]:
        """Tags that the user refused or took out again, and whether a description was proposed and still stands."""
        tags: set[str] = set()
        described = False
        for one in self._famulus.inbox.list(None, note.path, KIND):
            if one.path == note.path and one.state in ("rejected", "applied"):
                tags |= set(map(fold, one.detail["tags"].split()))
            if one.path == note.path and "description" in one.detail:
                described |= one.state != "pending" or one.evidence in note.text
        return tags, described

    def _made(self, path: VaultPath, data: bytes, wishes: list[Wish]) -> list[Suggestion]:
        try:
            made = [self._suggestion(path, data, wish) for wish in wishes]
        except PropertiesError:
            return []  # frontmatter that can not be changed is the user's, and the note's status says what is wrong
        return [suggestion for suggestion in made if suggestion is not None]

    def _suggestion(self, path: VaultPath, data: bytes, wish: Wish) -> Suggestion | None:
        maker = WRITER if wish.generated else FAMULUS
        return self._famulus.properties.suggest(
            path, data, wish.goal, wish.reason, score=wish.score, evidence=wish.evidence, produced_by=maker
        )

    def _keep(self, path: VaultPath, data: bytes, wishes: list[Wish]) -> None:
        self._withdraw(path, data, wishes)
        known = {one.id for one in self._pending(path)}
        kept = [self._famulus.inbox.add(made) for made in self._made(path, data, wishes)]
        fresh = [one for one in kept if one.state == "pending" and one.id not in known]
        if fresh:
            self._famulus.bus.publish("suggestion.new", path=path, count=len(fresh))

    def _withdraw(self, path: VaultPath, data: bytes, wishes: list[Wish]) -> None:
        """What waits and is not wished any more: the note has it by now, or what spoke for it is gone."""
        note = _parsed(path, data)
        if note is not None:
            waits = self._pending(path)
            self._famulus.inbox.withdraw(one.id for one in waits if not _holds(one, note, wishes))

    def _pending(self, path: VaultPath) -> list[Suggestion]:
        """What Famulus itself proposed; what other tools did is none of its business."""
        found = self._famulus.inbox.list("pending", path, KIND)
        return [one for one in found if one.path == path and one.produced_by in _MAKERS]

    async def _write(self, path: VaultPath, data: bytes, wishes: list[Wish]) -> None:
        """All at once: the note is written, and can be undone, as a whole."""
        made = self._made(path, data, wishes)
        known = {one.id: one for one in self._famulus.inbox.load([one.id for one in made])}
        fresh = [one for one in made if one.id not in known or known[one.id].state in ("pending", "stale")]
        edit = edit_for(parse_note(path, data), data, _joined(fresh)) if fresh else None
        if edit is not None:
            run = new_run()
            digest = await self._famulus.applier.apply(edit, feature=KIND, run=run)
            self._famulus.inbox.wrote(fresh, Write(run, digest, silent=True))


def _parsed(path: VaultPath, data: bytes) -> Note | None:
    try:
        return parse_note(path, data)
    except UnreadableNoteError:
        return None


def _holds(waiting: Suggestion, note: Note, wishes: list[Wish]) -> bool:
    """Whether something still speaks for a suggestion of ours. A description that waits is not wished anew while its
    sentence stands in the note."""
    goal = goal_of(waiting.detail)
    if goal.description is None:
        wished = {fold(tag) for wish in wishes for tag in wish.goal.tags}
        return set(map(fold, goal.tags)) <= wished
    if description_of(note.frontmatter):
        return False
    newer = any(wish.goal.description not in (None, goal.description) for wish in wishes)
    return waiting.evidence in note.text or (waiting.produced_by == WRITER and not newer)


def _joined(made: list[Suggestion]) -> Wanted:
    goals = [goal_of(one.detail) for one in made]
    described = next((goal.description for goal in goals if goal.description is not None), None)
    return wanted([tag for goal in goals for tag in goal.tags], described)
