"""Ends what shows no progress while somebody waits for it. Progress is what the engine says, not that it listens."""

import asyncio
import time
from collections.abc import Callable


class Watchdog:
    """Calls `bite` once nothing has come for `seconds` while at least one caller waits. Used in one event loop at a time."""

    def __init__(self, seconds: float, bite: Callable[[], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._bite = bite
        self._clock = clock
        self._waiting = 0
        self._last = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def expect(self) -> None:
        """A caller waits for the engine from now on."""
        if not self._waiting:
            self._last = self._clock()
            self._arm(self._seconds)
        self._waiting += 1

    def progress(self) -> None:
        """The engine said something, to whomever."""
        self._last = self._clock()

    def calm(self) -> None:
        """A caller does not wait for the engine any more."""
        self._waiting -= 1

    def left(self) -> float:
        """Seconds until it would bite."""
        return self._last + self._seconds - self._clock()

    def look(self) -> None:
        """Bite, or look again when it may be time."""
        self._timer = None
        if not self._waiting:
            return
        if self.left() > 0:
            self._arm(self.left())
        else:
            self._last = self._clock()
            self._arm(self._seconds)
            self._bite()

    def _arm(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        if self._timer is None or self._loop is not loop:
            self._loop, self._timer = loop, loop.call_later(seconds, self.look)
