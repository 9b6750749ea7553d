"""The other step of a job: what the user's word covers is written into a note, or put into the inbox."""

import asyncio
import logging
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from agents.errors import AgentError
from agents.inbox.suggestion import Suggestion, UnknownSuggestionError
from agents.jobs.job import Job
from agents.jobs.jobbook import JobBook
from agents.jobs.jobfinds import Find, JobFinds, Outcome
from daemon.courtesy import Courtesy
from vault_sync.errors import NoteBusyError, VaultError, VaultUnavailableError
from vault_sync.paths import VaultPath
from vault_sync.writing.edit import Edit
from vault_sync.writing.journal import feature_of

if TYPE_CHECKING:
    from daemon.compose import Famulus

log = logging.getLogger(__name__)

BUSY = 30.0
"""Seconds until a note that could not be written for now is tried again."""
LOOKS = 4
"""A note that changes again and again is looked at so often at most."""
Came = tuple[str, Outcome, str]


class Applying:
    """Carries out what was decided, note by note. Repeating a step that a crash cut short writes nothing twice."""

    def __init__(self, famulus: "Famulus", book: JobBook, finds: JobFinds, courtesy: Courtesy) -> None:
        self._famulus = famulus
        self._book = book
        self._finds = finds
        self._courtesy = courtesy

    async def apply(self, job: Job, path: VaultPath, now: float) -> None:
        """Carry out all that is open for one note, or put it off. Raises VaultUnavailableError."""
        await self._courtesy.quiet()
        finds = self._finds.open_of(job.id, path)
        self.refuse(job, [find for find in finds if find.verdict == "no"])
        wanted = [find for find in finds if find.verdict != "no"]
        try:
            came = await self._carry_out(job, wanted)
        except VaultUnavailableError:
            raise
        except NoteBusyError as error:
            self._book.put_off(job.id, path, now + BUSY, error.cause)
            return
        except (VaultError, AgentError) as error:
            came = [(find.suggestion.id, "refused", error.cause or error.effect) for find in wanted]
        self._finds.came_to(job.id, came)
        await asyncio.to_thread(self._settle, path)

    def _settle(self, path: VaultPath) -> None:
        """What the user left out is not proposed again when Famulus' own write is read."""
        data = self._famulus.read(path)
        try:
            if data is not None:
                self._famulus.linker.settle(path, data)
        except (VaultError, AgentError) as error:
            log.info("The links of %s are proposed again at its next save: %s", path, error)

    def refuse(self, job: Job, finds: Sequence[Find]) -> None:
        """Remember the user's no, so that it is not proposed again."""
        inbox = self._famulus.inbox
        for find in finds:
            if inbox.add(find.suggestion).state in ("pending", "stale"):
                inbox.reject(find.suggestion.id)
        self._finds.came_to(job.id, [(find.suggestion.id, "rejected", "You said no.") for find in finds])

    async def _carry_out(self, job: Job, finds: Sequence[Find]) -> list[Came]:
        came = [each for find in finds if (each := self._is_done(job, find)) is not None]
        done = {each[0] for each in came}
        kept = [self._famulus.inbox.add(find.suggestion) for find in finds if find.suggestion.id not in done]
        came += [
            (each.id, "refused", each.state_reason or "You refused it.") for each in kept if each.state != "pending"
        ]
        pending = [each for each in kept if each.state == "pending"]
        if not pending:
            return came
        if job.wish.mode == "review":
            self._famulus.bus.publish("suggestion.new", path=pending[0].path, count=len(pending))
            return came + [(each.id, "kept", "") for each in pending]
        silent = {find.suggestion.id for find in finds if find.verdict != "yes"}
        return came + await self._write(job, pending, silent)

    async def _write(self, job: Job, pending: Sequence[Suggestion], silent: Collection[str]) -> list[Came]:
        async def apply(edit: Edit, kinds: tuple[str, ...]) -> str:
            return await self._famulus.applier.apply(edit, feature=feature_of(kinds), run=job.id)

        path = pending[0].path
        results = await self._famulus.inbox.accept_together([each.id for each in pending], apply, job.id, silent)
        stale = [each for each in results if each.state != "applied"]
        note = self._book.note(job.id, path)
        again = bool(stale) and note is not None and note.looks < LOOKS
        if again:
            self._book.look_again(job.id, path)
        came: list[Came] = [(each.id, "applied", "") for each in results if each.state == "applied"]
        return came if again else came + [(each.id, "refused", each.state_reason) for each in stale]

    def _is_done(self, job: Job, find: Find) -> Came | None:
        """Whether it was written already, just before a crash."""
        try:
            known = self._famulus.inbox.get(find.suggestion.id)
        except UnknownSuggestionError:
            return None
        began = job.began_applying
        just_now = began is not None and known.decided_at is not None and known.decided_at >= began
        return (known.id, "applied", "") if known.state == "applied" and just_now else None
