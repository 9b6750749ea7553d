"""When a digest is due: pure decisions over a cron line's fire times."""

from collections.abc import Callable
from datetime import datetime, timedelta

NextFire = Callable[[str, datetime], datetime | None]
"""The first fire time of a cron line after a moment (both with a time zone), None where it never fires again.

Raises ValueError where the cron line can not be read.
"""
_FALLBACK = timedelta(days=1)


def missed(cron: str, since: datetime, now: datetime, next_fire: NextFire) -> bool:
    """Whether a run was due after `since` and not later than `now`; however many were missed, one makes up for all.

    `since` is the last run, or the moment when the digest was first seen: a new digest has missed nothing.
    """
    due = next_fire(cron, since)
    return due is not None and due <= now


def period(cron: str, now: datetime, next_fire: NextFire) -> timedelta:
    """The time between the next two runs: how far the first digest looks back."""
    first = next_fire(cron, now)
    second = next_fire(cron, first) if first else None
    return second - first if first and second else _FALLBACK
