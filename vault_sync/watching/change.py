"""When a hint of a change is due: after a quiet time, at the latest after a longest wait."""

import heapq
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Wait:
    first: float
    last: float
    place: int
    """How many paths began to wait before this one."""


@dataclass(slots=True)
class Coalescer:
    """Gathers hints by path. Time is given, never read, so that every decision can be tested; it never goes back.

    `quiet` and `longest` are seconds; editors save in bursts and by rename, and a sync tool may write for minutes.
    A hint costs the logarithm of how many paths wait, one for a path that waits already nothing.
    """

    quiet: float = 0.5
    longest: float = 2.0
    _waiting: dict[str, _Wait] = field(default_factory=dict)
    _order: list[tuple[float, int, str]] = field(default_factory=list)
    """A heap with one entry a path, due then or later: a new hint moves the time, and the entry is put right when it
    comes up."""
    _seen: int = 0

    def hint(self, path: str, now: float) -> None:
        """Something happened to `path`."""
        wait = self._waiting.get(path)
        if wait is not None:
            wait.last = now
            return
        self._waiting[path] = wait = _Wait(now, now, self._seen)
        self._seen += 1
        heapq.heappush(self._order, (self._due(wait), wait.place, path))

    def due_at(self, path: str) -> float:
        """When this path is to be looked at."""
        return self._due(self._waiting[path])

    def _due(self, wait: _Wait) -> float:
        return min(wait.last + self.quiet, wait.first + self.longest)

    def next_due(self) -> float | None:
        """The earliest time at which something is due; None while nothing waits."""
        while self._order:
            due, place, path = self._order[0]
            now_due = self.due_at(path)
            if now_due == due:
                return due
            heapq.heapreplace(self._order, (now_due, place, path))
        return None

    def take(self, now: float) -> list[str]:
        """The paths that are due, taken out, in the order of their first hint.

        A rename is two hints; what is young but would be due within half the quiet time goes along, so that both
        halves are seen together.
        """
        due = self.next_due()
        if due is None or due > now:
            return []
        taken = []
        while (due := self.next_due()) is not None and due <= now + self.quiet / 2:
            _, place, path = heapq.heappop(self._order)
            del self._waiting[path]
            taken.append((place, path))
        return [path for _, path in sorted(taken)]

    def clear(self) -> None:
        """Forget all that waits: somebody is about to look at everything."""
        self._waiting.clear()
        self._order.clear()

    def __len__(self) -> int:
        return len(self._waiting)
