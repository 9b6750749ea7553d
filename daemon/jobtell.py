"""A job as the API and the terminal are told of it."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from agents.estimate import Estimate
from agents.job import Job
from agents.jobfinds import Find
from vault_sync.ledger import Ledger

if TYPE_CHECKING:
    from daemon.jobs import Jobs

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
    """Bytes of the journal that the writes of a job take: each keeps its note before and after."""
    writes = {(find.suggestion.path, find.suggestion.kind) for find in finds if find.verdict != "no"}
    sizes = {path: record.stamp.size for path, _ in writes if (record := ledger.note(path)) is not None}
    return sum(2 * sizes.get(path, 0) + _SECTION for path, _ in writes)


def _rate(guess: Estimate) -> float | None:
    return round(3600 * guess.notes / guess.seconds.mean, 1) if guess.seconds and guess.seconds.mean else None


def _left(guess: Estimate, waiting: int) -> dict[str, float] | None:
    return guess.seconds.times(waiting / guess.notes).json(1) if guess.seconds and guess.notes else None
