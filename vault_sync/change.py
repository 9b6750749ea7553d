"""When a hint of a change is due: after a quiet time, at the latest after a longest wait."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Coalescer:
    """Gathers hints by path. Time is given, never read, so that every decision can be tested.

    `quiet` and `longest` are seconds; editors save in bursts and by rename, and a sync tool may write for minutes.
    """

    quiet: float = 0.5
    longest: float = 2.0
    _first: dict[str, float] = field(default_factory=dict)
    _last: dict[str, float] = field(default_factory=dict)

    def hint(self, path: str, now: float) -> None:
        """Something happened to `path`."""
        self._first.setdefault(path, now)
        self._last[path] = now

    def due_at(self, path: str) -> float:
        """When this path is to be looked at."""
        return min(self._last[path] + self.quiet, self._first[path] + self.longest)

    def next_due(self) -> float | None:
        """The earliest time at which something is due; None while nothing waits."""
        return min(map(self.due_at, self._first), default=None)

    def take(self, now: float) -> list[str]:
        """The paths that are due, taken out, in the order of their first hint.

        A rename is two hints; what is young but would be due within half the quiet time goes along, so that both
        halves are seen together.
        """
        if not any(self.due_at(path) <= now for path in self._first):
            return []
        due = [path for path in self._first if self.due_at(path) <= now + self.quiet / 2]
        for path in due:
            del self._first[path], self._last[path]
        return due

    def __len__(self) -> int:
        return len(self._first)
