"""A job over the whole vault: the states that it can be in, and what may follow what. Pure; nothing here is kept or done.

estimating ─► dry_run ─► judging ─► applying ─► done
     └──────────┴────── paused ────────┘            from every open state: cancelled, failed
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from agents.errors import AgentError

JobState = Literal["estimating", "dry_run", "judging", "applying", "paused", "done", "failed", "cancelled"]
Mode = Literal["auto", "review"]
Verdict = Literal["yes", "no", "skip"]

RUNNING: frozenset[JobState] = frozenset({"estimating", "dry_run", "applying"})
OPEN: frozenset[JobState] = RUNNING | {"judging", "paused"}

TRANSITIONS: Mapping[JobState, frozenset[JobState]] = {
    "estimating": frozenset({"dry_run", "paused", "failed", "cancelled"}),
    "dry_run": frozenset({"judging", "done", "paused", "failed", "cancelled"}),
    "judging": frozenset({"applying", "cancelled"}),
    "applying": frozenset({"done", "paused", "failed", "cancelled"}),
    "paused": frozenset({"estimating", "dry_run", "applying", "cancelled"}),
    "done": frozenset(),
    "failed": frozenset(),
    "cancelled": frozenset(),
}
"""From each state to those that may follow. Into `applying` leads one way only: `confirm`, out of `judging`; `resume` leads
back to it."""

WAITS = "The estimate is made; it waits for your word to begin."
FIRST_PAUSE, LONGEST_PAUSE = 30.0, 900.0
TRIES = 3
"""How often a note is tried at which an engine failed while it served others."""
LAST_TRIES = 6
"""The same where no other note is left that could tell whether the engine is away."""

MAKES_DO = 4
"""After so many failures one after the other (seven minutes) a job goes on without an engine, where its producers can."""


class JobError(AgentError):
    """A job can not do this now."""

    code = "job"


class JobNotFoundError(JobError):
    """There is no such job."""

    code = "job_not_found"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a job is to do. `kinds` are names of producers, `sample` is how many suggestions are shown for yes or no,
    `goal` the share of right ones (0..1) that the proposed threshold aims at; with `wait` it stops after the estimate.
    """

    folder: str = ""
    kinds: tuple[str, ...] = ("related",)
    mode: Mode = "auto"
    sample: int = 30
    seed: int = 0
    goal: float = 0.9
    wait: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """One job. `resumes` is the state that a paused one goes back to, by itself at `retry_at` where that is set;
    `tries` counts failures of engines one after the other. Times are in seconds since the epoch."""

    id: str
    kind: str
    state: JobState
    wish: Wish
    created_at: float
    changed_at: float
    reason: str = ""
    resumes: JobState | None = None
    retry_at: float | None = None
    tries: int = 0
    thresholds: Mapping[str, float] = field(default_factory=dict)
    """By kind of suggestion the least score that is applied; set when the user said so."""
    began_applying: float | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """How far the judging is: suggestions that were drawn, answered, and answered by yes or no."""

    drawn: int
    answered: int
    decided: int


def become(job: Job, state: JobState, now: float, reason: str = "") -> Job:
    """The job in another state. Raises JobError where that may not follow."""
    if state not in TRANSITIONS[job.state]:
        raise JobError(
            f"The job {job.id} can not become {state}.", f"It is {job.state} now.", f"See `famulus jobs show {job.id}`."
        )
    return replace(job, state=state, reason=reason, resumes=None, retry_at=None, changed_at=now)


def estimated(job: Job, now: float) -> Job:
    """The estimate is made: the dry run begins, or waits for the user's word."""
    running = become(job, "dry_run", now)
    return pause(running, now, WAITS) if job.wish.wait else running


def looked_at_all(job: Job, now: float, found: int, failed: int = 0) -> Job:
    """The dry run is through: what it found is to be judged, and nothing is left to do where it found nothing."""
    if found:
        return become(job, "judging", now)
    beside = f" {failed} notes could not be looked at." if failed else ""
    return become(job, "done", now, f"There was nothing to propose.{beside}")


def pause(job: Job, now: float, reason: str, retry_at: float | None = None) -> Job:
    """Stop for a while. Raises JobError where nothing runs."""
    return replace(become(job, "paused", now, reason), resumes=job.state, retry_at=retry_at)


def resume(job: Job, now: float) -> Job:
    """Go on where it was paused. Raises JobError where it is not paused."""
    if job.state != "paused" or job.resumes is None:
        raise JobError(f"The job {job.id} was not resumed.", f"It is {job.state}, not paused.", "List the jobs.")
    return become(job, job.resumes, now)


def confirm(job: Job, now: float, answers: Answers, thresholds: Mapping[str, float], mode: Mode) -> Job:
    """The user's word to apply. Raises JobError before every drawn suggestion was answered, one of them by yes or no."""
    if job.state != "judging":
        raise JobError(
            f"Nothing of the job {job.id} was applied.", f"It is {job.state}.", f"See `famulus jobs show {job.id}`."
        )
    missing = answers.drawn - answers.answered
    if missing or not answers.decided:
        cause = (
            f"{missing} of {answers.drawn} suggestions were not shown to you yet." if missing else "All were skipped."
        )
        raise JobError(
            f"Nothing of the job {job.id} was applied.", cause, f"Say yes or no: `famulus jobs judge {job.id}`."
        )
    applying = become(job, "applying", now)
    wish = replace(job.wish, mode=mode)
    return replace(applying, wish=wish, thresholds=dict(thresholds), began_applying=now)


def back_off(tries: int) -> float:
    """Seconds until an engine that failed so often is tried again."""
    return float(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(max(0, tries - 1), 10)))


def gives_up(note_tries: int, job_tries: int, *, others_wait: bool) -> bool:
    """Whether the note itself, and not the engine, is to blame for failures: the engine served others since the last one
    (then the job's count began anew), or there is no other left to ask about."""
    if others_wait:
        return note_tries >= TRIES and job_tries <= 1
    return note_tries >= LAST_TRIES


def wanted(job: Job, kind: str, score: float | None, verdict: str) -> bool:
    """Whether the user's word covers a suggestion: their yes or no first, then the threshold of its kind."""
    if verdict in ("yes", "no"):
        return verdict == "yes"
    least = job.thresholds.get(kind)
    return least is not None and (score or 0.0) >= least


def failed_once(job: Job, now: float, reason: str) -> Job:
    """What the job needs is away: it waits, longer each time, and goes on by itself."""
    tries = job.tries + 1
    return replace(pause(job, now, reason, now + back_off(tries)), tries=tries)


def served(job: Job) -> Job:
    """What the job needs is there again."""
    return replace(job, tries=0)
