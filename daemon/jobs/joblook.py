"""One step of a job: a note is looked at, and what is proposed for it is kept in the job."""

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agents.errors import AgentError, EngineError
from agents.inbox.suggestion import Suggestion
from agents.jobs.job import MAKES_DO, Job, back_off, gives_up
from agents.jobs.jobbook import Cost, JobBook, JobNote, with_reason
from agents.jobs.jobfinds import JobFinds
from agents.jobs.produce import Producer
from daemon.courtesy import Courtesy, Meter, in_bulk
from vault_sync.errors import EmbedderError, IndexBusyError, NoteBusyError, StoreBrokenError, VaultError
from vault_sync.errors import VaultUnavailableError as VaultAwayError
from vault_sync.paths import VaultPath, folder_of
from vault_sync.writing.edit import content_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daemon.compose import Famulus

log = logging.getLogger(__name__)

AWAY = (EngineError, EmbedderError, StoreBrokenError, IndexBusyError, VaultAwayError)
"""Errors that say nothing of the note: what is needed is away for now."""
EDITED = 15.0
"""Seconds until a note that somebody edits is tried again."""
UNREAD = 2.0
"""The same for one that the index has not read yet, the first time."""
UNREAD_TRIES = 8
_GONE = "The note is gone, or may not be read."


class AwayError(AgentError):
    """Something that the job needs is away; the note is to be looked at again."""

    code = "engine_failed"


@dataclass(frozen=True, slots=True)
class _Made:
    """`trouble` is what was away; `makes_do` says that the producers found an answer without it."""

    found: list[Suggestion]
    trouble: VaultError | AgentError | None
    makes_do: bool
    reasons: tuple[str, ...]


class Looking:
    """Looks at notes, one after the other."""

    def __init__(self, famulus: "Famulus", book: JobBook, finds: JobFinds, courtesy: Courtesy) -> None:
        self._famulus = famulus
        self._book = book
        self._finds = finds
        self._courtesy = courtesy
        self._warm = False
        """Whether models are loaded: the first note of a process pays for that, and says nothing of the others."""

    async def look(self, job: Job, note: JobNote, makers: "Sequence[Producer]", now: float) -> bool:
        """Look at a note, or put it off; whether all that it needed served it.

        Raises AwayError where something is away; the note then waits, too.
        """
        data = await asyncio.to_thread(self._famulus.read, note.path)
        if data is None:
            self._finds.keep(job, with_reason(note, "done", _GONE), "", [], Cost(None))
            return False
        digest = content_hash(data)
        try:
            await asyncio.to_thread(self._settled, note, digest)
        except NoteBusyError as error:
            self._book.put_off(job.id, note.path, now + EDITED, error.cause)
            return False
        except IndexBusyError as error:
            self._wait_for_index(job, note, now, digest, error)
            return False
        except VaultError as error:
            self._finds.keep(job, with_reason(note, "failed", error.cause), digest, [], Cost(None))
            return False
        return await self._produce(job, note, data, digest, makers, now)

    def _settled(self, note: JobNote, digest: str) -> None:
        famulus = self._famulus
        busy = famulus.syncing.under_way(folder_of(note.path))
        if not busy and famulus.writer.unsettled_seconds(note.path):
            busy = "It was saved a moment ago; somebody may be writing."
        if busy:
            raise NoteBusyError("It was put off.", busy)
        record = famulus.ledger.note(note.path)
        if record is not None and record.state == "failed":
            raise VaultError("It was not looked at.", record.reason or "It could not be indexed.", record.fix)
        if record is None or record.hash != digest:
            raise IndexBusyError("It was put off.", "The index has not read it yet.")

    def _wait_for_index(self, job: Job, note: JobNote, now: float, digest: str, error: IndexBusyError) -> None:
        if note.tries >= UNREAD_TRIES:
            self._finds.keep(job, with_reason(note, "failed", "The index never read it."), digest, [], Cost(None))
        else:
            self._book.put_off(job.id, note.path, now + UNREAD * 2**note.tries, error.cause, failed=True)

    async def _produce(
        self, job: Job, note: JobNote, data: bytes, digest: str, makers: "Sequence[Producer]", now: float
    ) -> bool:
        with in_bulk() as meter:
            meter.waited += await self._courtesy.quiet()
            began = time.monotonic()
            waited = meter.waited
            made = await self._made(note.path, data, makers, meter)
            seconds = time.monotonic() - began - (meter.waited - waited)
        if made.trouble is not None and not self._goes_on(job, note, makes_do=made.makes_do):
            self._book.put_off(job.id, note.path, now + back_off(job.tries + 1), _said(made.trouble), failed=True)
            raise AwayError(made.trouble.effect, made.trouble.cause, made.trouble.fix)
        reasons = (*made.reasons, *([_said(made.trouble)] if made.trouble else []))
        cost = Cost(seconds if self._warm and not made.trouble else None, meter.requests, meter.tokens)
        self._warm = True
        failed = made.reasons or (made.trouble and not made.makes_do)
        state = with_reason(note, "failed" if failed else "done", " ".join(reasons))
        self._finds.keep(job, state, digest, made.found, cost)
        return made.trouble is None

    def _goes_on(self, job: Job, note: JobNote, *, makes_do: bool) -> bool:
        """Whether the note is done with, although something is away."""
        if makes_do and job.tries >= MAKES_DO:
            return True
        others = self._book.counts(job.id)["waiting"] > 1
        return gives_up(note.tries + 1, job.tries + 1, others_wait=others)

    async def _made(self, path: VaultPath, data: bytes, makers: "Sequence[Producer]", meter: Meter) -> _Made:
        """What all producers make of a note; one that fails does not keep the others from it."""
        found, reasons, trouble = list[Suggestion](), list[str](), None
        for maker in makers:
            try:
                found += await maker.propose(path, data)
            except AWAY as error:
                trouble = error
            except (VaultError, AgentError) as error:
                reasons.append(_said(error))
            except Exception as error:
                log.exception("A note could not be looked at.")
                reasons.append(f"Famulus failed: {type(error).__name__}.")
        return _Made(found, trouble or meter.trouble, trouble is None, tuple(reasons))


def _said(error: VaultError | AgentError) -> str:
    return " ".join(part for part in (error.effect, error.cause) if part)
