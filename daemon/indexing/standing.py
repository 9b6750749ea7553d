"""How far the index is, as others are told: what waits, what is under way, how long it may take, how changes are found."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from vault_sync.errors import WatchLimitError
from vault_sync.index.progress import Pace, Progress

Phase = Literal["looking", "reading"]
"""Comparing the folder with the ledger; reading, embedding and storing what differs."""


_NOTHING = Progress(0, 0, 0, 0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Watching:
    """How changes are found: by the system's events, or every few seconds by looking, with the reason where nobody
    asked for that."""

    polling: bool = False
    every: float | None = None
    problem: WatchLimitError | None = None

    def json(self) -> dict[str, Any]:
        """As the API shows it."""
        every = None if self.every is None else round(self.every, 1)
        cause, fix = (self.problem.cause, self.problem.fix) if self.problem else ("", "")
        return {"polling": self.polling, "every": every, "problem": cause, "fix": fix}


@dataclass(frozen=True, slots=True)
class Underway:
    """Work on the index: `left` are the seconds that it may still take, None while nobody can say."""

    phase: Phase
    progress: Progress = _NOTHING
    left: float | None = None

    def json(self) -> dict[str, Any]:
        """As the API shows it, and as the event `index.progress` says it."""
        return {
            "phase": self.phase,
            "done": self.progress.done,
            "total": self.progress.total,
            "chunks_done": self.progress.chunks,
            "embedded": self.progress.embedded,
            "seconds_left": None if self.left is None else round(self.left, 1),
        }


@dataclass(frozen=True, slots=True)
class UpkeepStatus:
    """`ready` once the first scan is complete and nothing waits; `problem` says why the vault can not be read."""

    ready: bool
    pending: int
    problem: str
    watching: Watching = Watching()
    underway: Underway | None = None


class Course:
    """Follows one piece of work after the other. Told of by one thread, asked by any."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._phase: Phase | None = None
        self._progress: Progress | None = None
        self._pace = Pace()

    def look(self) -> None:
        """The folder is compared with the ledger."""
        with self._lock:
            self._phase, self._progress = "looking", None

    def read(self, progress: Progress) -> None:
        """So much is done."""
        with self._lock:
            self._phase, self._progress = "reading", progress
            self._pace.saw(progress.work, self._clock())

    def rest(self) -> None:
        """Nothing is under way."""
        with self._lock:
            self._phase, self._progress = None, None
            self._pace = Pace()

    def underway(self) -> Underway | None:
        """What is going on, None while nothing is."""
        with self._lock:
            if self._phase is None or self._progress is None:
                return None if self._phase is None else Underway(self._phase)
            left = self._pace.seconds_left(self._progress.left, self._clock())
            return Underway(self._phase, self._progress, left)
