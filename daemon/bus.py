"""Events for whoever listens: the plugin, the terminal's progress bar, tests."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

_KEPT = 256
"""Events a slow listener may be behind before it loses the oldest."""
_END = "bus.end"


@dataclass(frozen=True, slots=True)
class BusEvent:
    """Something that happened: `name` such as `note.indexed`, and its data."""

    name: str
    data: dict[str, Any] = field(default_factory=dict)
    to: str = ""
    """The one plugin that it is meant for; empty for everybody."""


class Bus:
    """Publishes from any thread to any number of listeners."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: list[Callable[[BusEvent], None]] = []
        self.may_tell: Callable[[BusEvent], bool] = lambda event: True
        """Whether an event may leave the daemon; asked at the last moment."""

    def publish(self, name: str, *, to: str = "", **data: Any) -> None:
        """Tell every listener, or with `to` the stream of one plugin."""
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener(BusEvent(name, data, to))

    def listen(self, listener: Callable[[BusEvent], None]) -> Callable[[], None]:
        """Call `listener` for each event, in the publisher's thread; returns what ends that."""
        with self._lock:
            self._listeners.append(listener)

        def end() -> None:
            with self._lock:
                self._listeners.remove(listener)

        return end

    def end_streams(self) -> None:
        """End all streams, because the daemon ends: who listens would keep it waiting."""
        self.publish(_END)

    async def stream(self, plugin: str = "", beat: float = 15.0) -> AsyncIterator[BusEvent | None]:
        """Events from now on, as far as they may be told, and those for `plugin`; None after `beat` seconds without one."""
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[BusEvent] = asyncio.Queue(_KEPT)

        def put(event: BusEvent) -> None:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(event)

        def heard(event: BusEvent) -> None:
            if event.to in ("", plugin):
                _hand_over(loop, put, event)

        end = self.listen(heard)
        try:
            while True:
                try:
                    # `wait_for` can swallow a cancellation that comes together with an event.
                    async with asyncio.timeout(beat):
                        event = await queue.get()
                except TimeoutError:
                    yield None
                    continue
                if event.name == _END:
                    return
                # What a plugin is asked to do was decided by policy before: it is asked, or the write would hang.
                if event.to or self.may_tell(event):
                    yield event
        finally:
            end()


def _hand_over(loop: asyncio.AbstractEventLoop, put: Callable[[BusEvent], None], event: BusEvent) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(put, event)
