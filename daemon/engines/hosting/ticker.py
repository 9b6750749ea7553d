"""Keeps the time for the residency: looks when it is called, and when it is time."""

import logging
import math
import threading
import time
from collections.abc import Callable

from agents.errors import EngineError
from daemon.engines.hosting.residency import Residency

log = logging.getLogger(__name__)


class Ticker:
    """A thread that begins with the first call. `residency` is set once it is made, since each needs the other."""

    residency: Residency

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._called = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopped = False

    def call(self) -> None:
        """Look soon."""
        with self._lock:
            if self._thread is None and not self._stopped:
                self._thread = threading.Thread(target=self._run, name="residency", daemon=True)
                self._thread.start()
        self._called.set()

    def stop(self) -> None:
        """End the thread; returns when it has ended."""
        with self._lock:
            self._stopped = True
            thread = self._thread
        self._called.set()
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        again = math.inf
        while not self._stopped:
            left = again - self._clock()
            self._called.wait(None if math.isinf(left) else max(0.0, left))
            self._called.clear()
            if not self._stopped:
                again = self._look()

    def _look(self) -> float:
        try:
            return self.residency.look()
        except Exception as error:
            log.exception("The engines could not be looked after.")
            cause = f"Looking for room failed: {type(error).__name__}."
            self.residency.give_up(EngineError("The engine can not be loaded.", cause, "See the log."))
            return math.inf
