"""Events for whoever listens: the plugin, the terminal's progress bar, tests."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

_KEPT = 256
"""Events a slow listener may be behind before it loses the oldest."""


@dataclass(frozen=True, slots=True)
class BusEvent:
    """Something that happened: `name` such as `note.indexed`, and its data."""

    name: str
    data: dict[str, Any] = field(default_factory=dict)


class Bus:
    """Publishes from any thread to any number of listeners."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: list[Callable[[BusEvent], None]] = []

    def publish(self, name: str, **data: Any) -> None:
        """Tell every listener."""
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener(BusEvent(name, data))

    def listen(self, listener: Callable[[BusEvent], None]) -> Callable[[], None]:
        """Call `listener` for each event, in the publisher's thread; returns what ends that."""
        with self._lock:
            self._listeners.append(listener)

        def end() -> None:
            with self._lock:
                self._listeners.remove(listener)

        return end

    async def stream(self) -> AsyncIterator[BusEvent]:
        """Events from now on."""
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[BusEvent] = asyncio.Queue(_KEPT)

        def put(event: BusEvent) -> None:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(event)

        end = self.listen(lambda event: _hand_over(loop, put, event))
        try:
            while True:
                yield await queue.get()
        finally:
            end()


def _hand_over(loop: asyncio.AbstractEventLoop, put: Callable[[BusEvent], None], event: BusEvent) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(put, event)
