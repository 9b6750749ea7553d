"""Jobs over the whole vault: made, told what to do, and carried on step by step while nobody else needs the machine."""

import asyncio
import logging
import math
import sqlite3
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from agents.errors import AgentError, BadRequestError
from agents.jobs import job as rules
from agents.jobs.estimate import FIRST, Estimate, estimate
from agents.jobs.job import Job, JobError, Mode, Verdict, Wish
from agents.jobs.jobbook import JobBook
from agents.jobs.jobfinds import JobFinds
from agents.jobs.produce import Producer, chosen
from agents.jobs.verdict import Judgement, verdict
from daemon.config import ConfigError
from daemon.jobs.jobapply import Applying
from daemon.jobs.joblook import Looking
from daemon.jobs.jobtell import bytes_needed, told
from daemon.linking.autolink import new_run
from vault_sync.errors import VaultError
from vault_sync.paths import VaultPath, within

if TYPE_CHECKING:
    from daemon.compose import Famulus

log = logging.getLogger(__name__)

KIND = "link"
"""The kind of the jobs that look for links in the whole vault."""
SAMPLED = 500
"""So many notes the estimate rests on at most."""
TELL = 1.0
"""Seconds between two events that say how far a job is."""
TELLING = 0.02
"""The share of the time that saying so may take: counting what a large job found takes a while."""
LOOKS = 3
"""How often a note that changes during the dry run is looked at, at most."""
_LONGEST_REST = 60.0


class Jobs:
    """The jobs of one vault. One of a kind is open at a time; one step of one job is made at a time."""

    def __init__(
        self, famulus: "Famulus", makers: Mapping[str, Producer], clock: Callable[[], float] = time.time
    ) -> None:
        """`makers` are what suggestions come from, by the names that `--kinds` takes; `clock` gives seconds since the epoch."""
        self._famulus = famulus
        self._clock = clock
        self.book = JobBook(famulus.state)
        self.finds = JobFinds(famulus.state, self.book)
        self._producers = dict(makers)
        self._looking = Looking(famulus, self.book, self.finds, famulus.courtesy)
        self._applying = Applying(famulus, self.book, self.finds, famulus.courtesy)
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._tell_from = 0.0

    # What the user says.

    def create(self, wish: Wish) -> Job:
        """Make a job and begin with the estimate. Raises JobError where one is open, BadRequestError, ConfigError."""
        if (other := self.book.open(KIND)) is not None:
            raise JobError(
                "No job was made.",
                f"The job {other.id} is {other.state}.",
                f"Go on with it, or end it: `famulus jobs cancel {other.id}`.",
            )
        chosen(self._producers, wish.kinds)
        paths = self._paths(wish)
        if not paths:
            raise BadRequestError(
                "No job was made.", "There is no note to look at.", "Check the folder, and the rules for writing."
            )
        now = self._clock()
        made = Job(new_run(), KIND, "estimating", wish, now, now)
        self.book.put(made)
        self.book.add_notes(made, paths)
        self._changed(made)
        return made

    @property
    def kinds(self) -> tuple[str, ...]:
        """The names that `--kinds` takes."""
        return tuple(self._producers)

    def pause(self, job: str, reason: str = "You paused it.") -> Job:
        """Stop after the present step. Raises JobError."""
        return self._keep(rules.pause(self.book.get(job), self._clock(), reason))

    def resume(self, job: str) -> Job:
        """Go on. Raises JobError."""
        return self._keep(rules.resume(self.book.get(job), self._clock()))

    def cancel(self, job: str) -> Job:
        """End it for good: what was written stays, what was judged is remembered. Raises JobError."""
        ended = self._keep(rules.become(self.book.get(job), "cancelled", self._clock(), "You cancelled it."))
        self._applying.refuse(
            ended, [find for find in self.finds.sample(job) if find.verdict == "no" and not find.outcome]
        )
        return ended

    def judge(self, job: str, verdicts: Mapping[str, Verdict]) -> Job:
        """Take the user's word on suggestions of the sample. Raises JobError."""
        self.finds.judge(self.book.get(job), verdicts)
        return self.book.get(job)

    def judgement(self, job: Job) -> Judgement:
        """What the answers so far say."""
        return verdict(self.finds.judged(job.id), self.finds.scores(job.id), job.wish.goal)

    def apply(self, job_id: str, least: float | Mapping[str, float] | None = None, mode: Mode | None = None) -> Job:
        """The user's word: apply what they accepted, and what reaches the threshold (by kind; None: as it is proposed).

        Raises JobError before all of the sample was judged, ConfigError where the journal could not undo it all.
        """
        job = self.book.get(job_id)
        found = self.finds.scores(job_id)
        thresholds = self._thresholds(job, least, found)
        confirmed = rules.confirm(job, self._clock(), self.finds.answers(job_id), thresholds, mode or job.wish.mode)
        if confirmed.wish.mode == "auto":
            self._room(confirmed)
        self.finds.begin_applying(confirmed)
        return self._changed(confirmed)

    def _thresholds(
        self, job: Job, least: float | Mapping[str, float] | None, found: Mapping[str, object]
    ) -> Mapping[str, float]:
        if least is None:
            return self.judgement(job).thresholds
        given = dict.fromkeys(found, float(least)) if isinstance(least, int | float) else dict(least)
        if strange := [kind for kind in given if kind not in found or not math.isfinite(given[kind])]:
            raise BadRequestError(
                "Nothing was applied.",
                f"There is no threshold for {', '.join(strange)}.",
                f"The job found: {', '.join(found)}.",
            )
        return given

    def _room(self, job: Job) -> None:
        """Raises ConfigError where the journal would drop the first writes of the job before its last."""
        need = bytes_needed(job, self.finds.open_of(job.id), self._famulus.ledger)
        limit = self._famulus.settings.journal.max_mb * 2**20
        if need > limit:
            raise ConfigError(
                "Nothing was applied.",
                f"The journal keeps {limit / 2**20:.0f} MB, and to undo this job it needs {need / 2**20:.0f} MB.",
                "Raise `max_mb` below [journal] in famulus.toml, or do it folder by folder.",
            )

    # What goes on.

    def start(self) -> None:
        """Carry on with what is open, now and from now on. Call from the event loop."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run(), name="jobs")

    async def stop(self) -> None:
        """End; an open job goes on at the next start, and repeats one note at most."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                until = await self._turn()
            except Exception:
                log.exception("Jobs wait: how they stand can not be read or kept.")
                until = _LONGEST_REST
            if until is not None:
                await self._rest(until)

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(min(max(seconds, 0.0), _LONGEST_REST)):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _turn(self) -> float | None:
        """Make one step; seconds to rest until the next, None for none."""
        job = self.book.open()
        if job is None or job.state == "judging":
            return _LONGEST_REST
        now = self._clock()
        if job.state == "paused":
            if job.retry_at is None or job.retry_at > now:
                return _LONGEST_REST if job.retry_at is None else job.retry_at - now
            job = self._keep(rules.resume(job, now))
        if not self._famulus.upkeep.scanned:
            return 0.5
        try:
            return await self._step(job)
        except (VaultError, AgentError) as error:
            self._away(job.id, error)
        except (OSError, sqlite3.OperationalError) as error:
            self._away(job.id, VaultError("It was interrupted.", f"The system says: {error}."))
        except Exception as error:
            log.exception("The job %s failed.", job.id)
            self._fail(job.id, error)
        return None

    async def _step(self, job: Job) -> float | None:
        now = self._clock()
        note = self.book.next_note(job.id, now)
        if job.state == "estimating" and self._begun(job, note is None):
            return None
        if note is not None:
            served = await self._looking.look(job, note, chosen(self._producers, job.wish.kinds), now)
            self._worked(job, served=served)
            return None
        waiting = self.book.next_time(job.id)
        if job.state == "dry_run":
            return waiting - now if waiting is not None else await self._looked_at_all(job)
        if (path := self.finds.next_open(job.id, now)) is not None:
            await self._applying.apply(job, path, now)
            self._worked(job, served=True)
            return None
        times = [at for at in (waiting, self.finds.next_time(job.id)) if at is not None]
        if times:
            return min(times) - now
        self._keep(rules.become(job, "done", now))
        return None

    def _begun(self, job: Job, nothing_now: bool) -> bool:
        """Whether the estimate is made: from the first notes, or from fewer where the others can not be looked at now."""
        counts = self.book.counts(job.id)
        if counts["done"] + counts["failed"] < FIRST and not nothing_now:
            return False
        fresh = self.book.get(job.id)
        if fresh.state == "estimating":
            begun = rules.estimated(fresh, self._clock())
            self.book.keep_estimate(begun, self.estimate(job.id).json())
            self._changed(begun)
        return True

    def estimate(self, job: str) -> Estimate:
        """What the whole job may take and give, by what is known now."""
        costs = self.book.costs(job, SAMPLED)
        counts = self.book.counts(job)
        total = counts["waiting"] + counts["done"] + counts["failed"]
        return estimate(total, [cost for cost, _ in costs], [found for _, found in costs])

    async def _looked_at_all(self, job: Job) -> float | None:
        """All notes are looked at: see what the user changed or made meanwhile, then draw the sample."""
        if await asyncio.to_thread(self._changed_notes, job):
            return None
        await asyncio.to_thread(self.finds.draw, job)
        fresh = self.book.get(job.id)
        if fresh.state == "dry_run":
            found = sum(each["found"] for each in self.finds.counts(job.id).values())
            failed = self.book.counts(job.id)["failed"]
            self._keep(rules.looked_at_all(fresh, self._clock(), found, failed))
        return None

    def _changed_notes(self, job: Job) -> bool:
        ledger = self._famulus.ledger
        changed = [
            note.path
            for note in self.book.notes(job.id)
            if note.looks < LOOKS and (record := ledger.note(note.path)) is not None and record.hash != note.hash
        ]
        for path in changed:
            self.book.look_again(job.id, path)
        return self.book.add_notes(job, self._paths(job.wish)) > 0 or bool(changed)

    def _paths(self, wish: Wish) -> list[VaultPath]:
        """The notes that a job looks at: those that may be linked and written, but where linking is off for the folder."""
        famulus = self._famulus
        policy, linking = famulus.policy.current, famulus.settings.linking
        return [
            path
            for path in famulus.view.paths("links")
            if within(path, wish.folder) and policy.writable(path) and not linking.off_for(path)
        ]

    def _worked(self, job: Job, *, served: bool) -> None:
        fresh = self.book.get(job.id)
        if fresh.tries and served:
            self.book.put(rules.served(fresh))
        if self._clock() >= self._tell_from:
            self._tell(fresh)

    def _away(self, job: str, error: VaultError | AgentError) -> None:
        fresh = self.book.get(job)
        if fresh.state in rules.RUNNING:
            log.warning("The job %s waits: %s %s", job, error.effect, error.cause)
            self._keep(rules.failed_once(fresh, self._clock(), f"{error.effect} {error.cause}".strip()))

    def _fail(self, job: str, error: Exception) -> None:
        fresh = self.book.get(job)
        if fresh.state in rules.RUNNING:
            self._keep(rules.become(fresh, "failed", self._clock(), f"{type(error).__name__}. See the daemon's log."))

    def _keep(self, job: Job) -> Job:
        self.book.put(job)
        return self._changed(job)

    def _changed(self, job: Job) -> Job:
        self._tell(job)
        self._wake.set()
        return job

    def _tell(self, job: Job) -> None:
        began = time.perf_counter()
        self._famulus.bus.publish("job.progress", **self.told(job))
        self._tell_from = self._clock() + max(TELL, (time.perf_counter() - began) / TELLING)

    def told(self, job: Job) -> dict[str, Any]:
        """A job as the API shows it."""
        return told(job, self, self._clock())
