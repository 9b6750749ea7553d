"""Digest notes on a schedule, by APScheduler. What was missed while the machine was off is made up once."""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from tzlocal import get_localzone

from agents.digests.digest import Digests, DigestStatus
from agents.errors import AgentError
from daemon.bus import Bus, BusEvent
from daemon.writing.applier import Applier
from vault_sync.errors import VaultError
from vault_sync.paths import VaultPath

log = logging.getLogger(__name__)

ZONE = get_localzone()
"""The time zone of cron lines: the one of this machine."""


_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")


class WallTrigger(BaseTrigger):  # type: ignore[misc]
    """A cron line by the clock on the wall, one that is never changed.

    APScheduler's own trigger leaves out the midnight after a day of 23 hours, and fires twice in an hour that comes twice.
    """

    def __init__(self, cron: str) -> None:
        """Raises ValueError for a line that is none."""
        self._wall = CronTrigger.from_crontab(cron, timezone=UTC)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """The first time at or after `now`, or after the previous one where there is one and that is earlier."""
        start = now.astimezone(UTC)
        if previous_fire_time is not None:
            start = min(start, previous_fire_time.astimezone(UTC) + timedelta(microseconds=1))
        found: datetime | None = self._wall.get_next_fire_time(None, start.astimezone(ZONE).replace(tzinfo=UTC))
        if found is None:
            return None
        fires = found.replace(tzinfo=ZONE)
        later: datetime = fires if fires.astimezone(UTC) >= start else fires.replace(fold=1)
        return later.astimezone(UTC).astimezone(ZONE)  # a time that is left out that day is the one after the gap


def trigger_for(cron: str) -> WallTrigger:
    """The trigger of a cron line in this machine's time zone. Raises ValueError for a line that is none.

    APScheduler counts weekdays from Monday, cron from Sunday (0 or 7): the numbers are written as names, and a range
    that crosses Saturday as a list.
    """
    fields = cron.split()
    if len(fields) != 5:
        raise ValueError(f"a cron line has 5 fields, this one {len(fields)}")
    return WallTrigger(" ".join([*fields[:4], weekdays(fields[4])]))


def weekdays(field: str) -> str:
    """The weekday field of a cron line with names for numbers. Raises ValueError."""
    return ",".join(_part(part) for part in field.split(","))


def _part(part: str) -> str:
    days, _, step = part.partition("/")
    first, _, last = days.partition("-")
    if not first.isdigit():
        return part
    start, end = int(first), int(last or (6 if step else first))
    if not (0 <= start <= end <= 7):
        raise ValueError(f"{part!r} names no weekdays: they count from 0 (Sunday) to 7")
    return ",".join(_DAYS[day] for day in range(start, end + 1, int(step or 1)))


def next_fire(cron: str, after: datetime) -> datetime | None:
    """When a cron line fires next, later than a moment; raises ValueError for a line that is none."""
    found: datetime | None = trigger_for(cron).get_next_fire_time(None, after.astimezone(UTC) + timedelta(seconds=1))
    return found


class Schedule:
    """One job a digest note, under the note's path as its fixed id."""

    def __init__(self, digests: Digests, is_digest: Callable[[VaultPath], bool], applier: Applier, bus: Bus) -> None:
        self._digests = digests
        self._is_digest = is_digest
        self._applier = applier
        self._bus = bus
        self._scheduler = AsyncIOScheduler(
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        self._running = asyncio.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._unlisten: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Begin; the jobs are made as soon as the index is ready. Call from the event loop."""
        self._loop = asyncio.get_running_loop()
        self._scheduler.start()
        self._unlisten = self._bus.listen(self._heard)

    def _heard(self, event: BusEvent) -> None:
        if event.name == "index.ready":
            self.refresh_soon()

    def refresh_soon(self) -> None:
        """Make the jobs anew, from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            asyncio.run_coroutine_threadsafe(self._refreshed(), self._loop)

    def saved(self, path: VaultPath) -> None:
        """A note was saved, from any thread: where it is, or was, a digest note, its job is made anew."""
        if self._is_digest(path) or self._scheduler.get_job(path) is not None:
            self.refresh_soon()

    def stop(self) -> None:
        """End; a digest that is due meanwhile is made up at the next start."""
        self._unlisten()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def list(self) -> list[dict[str, Any]]:
        """The digest notes as the API shows them."""
        return [_json(status) for status in self._digests.find(time.time())]

    async def refresh(self) -> None:
        """Make the jobs fit the digest notes as they are now, and run what was missed."""
        statuses = await asyncio.to_thread(self._digests.find, time.time())
        wanted = {status.path for status in statuses if not status.error}
        for job in self._scheduler.get_jobs():
            if job.id not in wanted:
                job.remove()
        for status in statuses:
            if status.error:
                continue
            self._scheduler.add_job(
                self._scheduled,
                trigger_for(status.cron),
                args=[status.path],
                id=status.path,
                replace_existing=True,
            )
            if status.due:
                log.info("The digest %s was missed: it is made up now.", status.path)
                await self._scheduled(status.path)

    async def _refreshed(self) -> None:
        try:
            await self.refresh()
        except Exception:  # nobody waits for it, so nobody else would say it
            log.exception("The digests are not scheduled as they are now.")

    async def _scheduled(self, path: VaultPath) -> None:
        try:
            await self.run(path)
        except (VaultError, AgentError) as error:
            log.warning("The digest %s was not written: %s", path, error)
        except Exception:  # the other digests are written all the same
            log.exception("The digest %s was not written.", path)

    async def run_named(self, name: str) -> dict[str, Any]:
        """Run the digest whose path or title is `name`. Raises DigestError where there is none."""
        return await self.run(await asyncio.to_thread(self._digests.named, name))

    async def run(self, path: VaultPath) -> dict[str, Any]:
        """Run one digest now and write its note; `path` is null where nothing had changed."""
        async with self._running:
            now = time.time()
            result = await self._digests.run(path, now)
            written = None
            if result.edit is not None:
                await self._applier.apply(result.edit, feature="digest", run=self._digests.run_name(path))
                written = result.edit.path
            self._digests.finished(path, now, written)
        self._bus.publish("digest.done", digest=path, path=written)
        return {"digest": path, "path": written, "sources": list(result.sources), "message": result.message}


def _json(status: DigestStatus) -> dict[str, Any]:
    upcoming = None if status.error else next_fire(status.cron, datetime.now(ZONE))
    return {
        "path": status.path,
        "cron": status.cron,
        "last_run": status.last_run,
        "last_note": status.last_note,
        "next_run": upcoming.isoformat() if upcoming else None,
        "error": status.error,
        "warning": status.warning,
    }
