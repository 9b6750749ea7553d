"""Jobs that others have for a thread which owns something: it does them between its own turns."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


class Errands:
    """A queue of jobs; asked from any thread, done by one."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Callable[[], bool], Callable[[], None]]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def ask(self, job: Callable[[], T]) -> "Future[T]":
        """Put a job in the queue; what it returns or raises is the answer's. A cancelled answer is no longer done."""
        answer: Future[T] = Future()

        def do() -> None:
            if not answer.set_running_or_notify_cancel():
                return
            try:
                answer.set_result(job())
            except Exception as error:  # noqa: BLE001 — it belongs to whoever asked
                answer.set_exception(error)

        self._waiting.append((answer.cancel, do))
        return answer

    def do_all(self) -> None:
        """Do what waits."""
        while self._waiting:
            _, do = self._waiting.popleft()
            do()

    def refuse_all(self) -> None:
        """Cancel what waits: nobody will do it."""
        while self._waiting:
            cancel, _ = self._waiting.popleft()
            cancel()
