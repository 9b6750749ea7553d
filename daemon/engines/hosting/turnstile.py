"""One at a time, in order of urgency and then of arrival; for threads."""

import heapq
import itertools
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Lock

INTERACTIVE = 0
BULK = 1


class Turnstile:
    """Lets one holder through. A lower `urgency` number goes first; equal ones in the order they came."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._busy = False
        self._order = itertools.count()
        self._waiting: list[tuple[int, int, Future[None]]] = []

    @property
    def waiting(self) -> int:
        """How many wait now."""
        with self._lock:
            return sum(not future.cancelled() for _, _, future in self._waiting)

    def enter(self, urgency: int) -> Future[None]:
        """A future that is done when it is the caller's turn; cancel it to give up the place."""
        turn: Future[None] = Future()
        with self._lock:
            if not self._busy:
                self._busy = True
                turn.set_running_or_notify_cancel()
                turn.set_result(None)
            else:
                heapq.heappush(self._waiting, (urgency, next(self._order), turn))
        return turn

    def leave(self) -> None:
        """End the turn and let the next one through."""
        with self._lock:
            turn = self._next()
            self._busy = turn is not None
        if turn is not None:
            turn.set_result(None)

    def _next(self) -> Future[None] | None:
        while self._waiting:
            turn = heapq.heappop(self._waiting)[2]
            if turn.set_running_or_notify_cancel():
                return turn
        return None

    @contextmanager
    def turn(self, urgency: int) -> Iterator[None]:
        """Hold the turn for the length of a block, in a thread."""
        self.enter(urgency).result()
        try:
            yield
        finally:
            self.leave()
