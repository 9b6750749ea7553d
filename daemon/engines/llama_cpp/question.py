"""A request to a llama.cpp worker that has one answer, asked from a thread, under a watch on progress."""

import queue
from dataclasses import dataclass

from agents.errors import EngineError
from daemon.engines.worker.process import ChildProcess, Event
from daemon.engines.worker.worker import Worker, error_of


class _GoneError(EngineError):
    """The worker is gone, with all that it was asked."""


@dataclass(frozen=True, slots=True)
class Question:
    """Asks one worker. Times are in seconds."""

    worker: Worker
    stall_seconds: float
    load_seconds: float

    def process(self) -> ChildProcess:
        """The worker's process, as soon as it has loaded. Raises EngineError or EngineLoadingError."""
        try:
            return self.worker.start().result(self.load_seconds)
        except TimeoutError:
            raise self.worker.still_loading() from None

    def ask(self, message: dict[str, object]) -> Event:
        """The answer. Raises what the worker reports; a worker without progress is ended.

        A worker that ends before it has answered is started anew, once: others may have brought it down.
        """
        try:
            return self._once(message)
        except _GoneError as gone:
            self.worker.asked_again(gone.cause)
        return self._once(message)

    def _once(self, message: dict[str, object]) -> Event:
        process = self.process()
        events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        request = process.open(events.put)
        process.send({**message, "id": request})
        try:
            return self._answer(process, events)
        finally:
            process.close(request)

    def _answer(self, process: ChildProcess, events: "queue.SimpleQueue[Event]") -> Event:
        while True:
            try:
                event = events.get(timeout=self.stall_seconds)
            except queue.Empty:
                because = f"It showed no progress for {self.stall_seconds:g} s and was ended."
                process.terminate(because)
                raise self.worker.error(because) from None
            if event["event"] == "error":
                raise error_of(event)
            if event["event"] == "exit":
                error = self.worker.error(str(event["cause"]))
                raise _GoneError(error.effect, error.cause, error.fix)
            if event["event"] != "working":
                self.worker.answered()
                return event
