"""A few threads that share a piece of work of about a millisecond."""

import threading
from collections.abc import Callable, Sequence
from functools import partial
from queue import SimpleQueue
from typing import Protocol, TypeVar

Part = TypeVar("Part")
Result = TypeVar("Result")


class Sharing(Protocol):
    """How a look at many rows is shared: the results of `work` on slices of so many rows, in their order."""

    def __call__(self, work: Callable[[slice], Result], rows: int) -> list[Result]: ...  # noqa: D102


def alone(work: Callable[[slice], Result], rows: int) -> list[Result]:
    """The work on all rows in the thread that asks."""
    return [work(slice(0, rows))]


class Crew:
    """The thread that asks and `size - 1` others. A pool of the library takes half as long again to wake them."""

    def __init__(self, size: int, name: str) -> None:
        self.size = max(1, size)
        self._orders: list[SimpleQueue[Callable[[], None]]] = [SimpleQueue() for _ in range(self.size - 1)]
        self._done: SimpleQueue[None] = SimpleQueue()
        for number, orders in enumerate(self._orders):
            threading.Thread(target=self._serve, args=(orders,), name=f"{name}-{number}", daemon=True).start()

    def share(self, work: Callable[[Sequence[Part]], Result], parts: Sequence[Part], least: int) -> list[Result]:
        """The results of the work on slices of the parts, in their order; no slice but the last has fewer than `least`.

        Raises what the work raised first.
        """
        if not parts:
            return []
        length = max(least, -(-len(parts) // self.size))
        slices = [parts[start : start + length] for start in range(0, len(parts), length)]
        results: dict[int, Result] = {}
        errors: dict[int, BaseException] = {}

        def do(number: int) -> None:
            try:
                results[number] = work(slices[number])
            except BaseException as error:  # noqa: BLE001 - raised again in the thread that asked
                errors[number] = error

        for number, orders in zip(range(1, len(slices)), self._orders, strict=False):
            orders.put(partial(do, number))
        do(0)
        for _ in slices[1:]:
            self._done.get()
        for number in sorted(errors):
            raise errors[number]
        return [results[number] for number in range(len(slices))]

    def _serve(self, orders: "SimpleQueue[Callable[[], None]]") -> None:
        while True:
            orders.get()()
            self._done.put(None)
