"""A job as the API and the terminal are told of it."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from agents.jobs.estimate import Estimate
from agents.jobs.job import Job
from agents.jobs.jobfinds import Find
from vault_sync.index.ledger import Ledger

if TYPE_CHECKING:
    from daemon.jobs.jobs import Jobs

_SECTION = 4096
"""Bytes that a write adds to a note, generously."""


def told(job: Job, jobs: "Jobs", now: float) -> dict[str, Any]:
    """Everything about a job but its sample; names no note."""
    counts, found, answers = jobs.book.counts(job.id), jobs.finds.counts(job.id), jobs.finds.answers(job.id)
    guess = jobs.estimate(job.id)
    done = counts["done"] + counts["failed"]
    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.state,
        "reason": job.reason,
        "resumes": job.resumes,
        "retry_at": job.retry_at,
        "wish": asdict(job.wish),
        "created_at": job.created_at,
        "changed_at": job.changed_at,
        "progress": {
            "done": done,
            "total": done + counts["waiting"],
            "failed": counts["failed"],
            "put_off": counts["put_off"],
            "notes_per_hour": _rate(guess),
            "seconds_left": _left(guess, counts["waiting"]),
        },
        "found": found,
        "estimate": jobs.book.estimate(job.id),
        "estimate_now": guess.json(),
        "sample": asdict(answers),
        "thresholds": dict(job.thresholds),
    }


def bytes_needed(job: Job, finds: Sequence[Find], ledger: Ledger) -> int:
    """Bytes of the journal that the writes of a job take: one a note, which keeps it before and after."""
    kinds = {(find.suggestion.path, find.suggestion.kind) for find in finds if find.verdict != "no"}
    sizes = {path: record.stamp.size for path, _ in kinds if (record := ledger.note(path)) is not None}
    return 2 * sum(sizes.values()) + _SECTION * len(kinds)


def _rate(guess: Estimate) -> float | None:
    return round(3600 * guess.notes / guess.seconds.mean, 1) if guess.seconds and guess.seconds.mean else None


def _left(guess: Estimate, waiting: int) -> dict[str, float] | None:
    return guess.seconds.times(waiting / guess.notes).json(1) if guess.seconds and guess.notes else None
