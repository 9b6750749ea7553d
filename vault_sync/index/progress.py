"""How far the index is, and how long the rest may take. Pure: times are given, never read."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from vault_sync.paths import VaultPath

ANY_NOTE = 500
"""What a note costs whatever its size, as if it had so many bytes more; also one whose size is not known."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Notes done of those to do, chunks that these notes have, and texts embedded since the start.

    `work` of `whole` is the same in bytes: notes differ in size by a factor of thousands.
    """

    done: int
    total: int
    chunks: int
    embedded: int
    work: float
    whole: float

    @property
    def left(self) -> float:
        """The bytes that are to be done yet."""
        return max(0.0, self.whole - self.work)


@dataclass(slots=True)
class Tally:
    """Counts what is done of one piece of work: notes to read, by size in bytes, and notes to forget."""

    sizes: Mapping[VaultPath, int]
    forgotten: int = 0
    done: int = 0
    chunks: int = 0
    _work: float = 0.0
    _whole: float = field(init=False)

    def __post_init__(self) -> None:
        self._whole = float(sum(self.sizes.values())) + ANY_NOTE * self.total

    @property
    def total(self) -> int:
        """Notes to do."""
        return len(self.sizes) + self.forgotten

    def read(self, paths: Iterable[VaultPath], chunks: int = 0) -> None:
        """These notes are done, and have so many chunks."""
        for path in paths:
            self.done += 1
            self._work += self.sizes.get(path, 0) + ANY_NOTE
        self.chunks += chunks

    def progress(self, embedded: int) -> Progress:
        """How far it is."""
        return Progress(self.done, self.total, self.chunks, embedded, self._work, self._whole)

    def end(self, embedded: int) -> Progress:
        """All is done."""
        return Progress(self.total, self.total, self.chunks, embedded, self._whole, self._whole)


@dataclass(slots=True)
class Pace:
    """How long the rest takes if it goes on as in the last `window` seconds.

    The cost of a byte differs: what is known already costs nearly nothing, what is to be embedded nearly all. Notes
    come newest first, so both come in runs; a window follows them, a mean over all would not.
    """

    window: float = 60.0
    evidence: float = 3.0
    """Seconds of work before anything is said."""
    _seen: deque[tuple[float, float]] = field(default_factory=deque)

    def saw(self, work: float, at: float) -> None:
        """At this time so many bytes were done; less than before means that another piece of work began."""
        if self._seen and work < self._seen[-1][1]:
            self._seen.clear()
        if len(self._seen) > 1 and at - self._seen[-2][0] < self.window / 600:
            self._seen.pop()  # small steps may come by the thousand
        self._seen.append((at, work))
        while len(self._seen) > 2 and self._seen[1][0] <= at - self.window:
            self._seen.popleft()

    def seconds_left(self, left: float, now: float) -> float | None:
        """Seconds for `left` bytes; None without evidence."""
        if left <= 0:
            return 0.0
        if not self._seen:
            return None
        (began, before), (_, work) = self._seen[0], self._seen[-1]
        span, did = now - began, work - before
        return left * span / did if did > 0 and span >= self.evidence else None


def in_words(seconds: float | None) -> str:
    """A time that is left, as people say it; empty where none is known."""
    if seconds is None:
        return ""
    if seconds < 90:
        return f"about {max(5, 5 * round(seconds / 5))} s left"
    minutes = round(seconds / 60)
    return f"about {minutes} min left" if minutes < 90 else f"about {minutes // 60} h {minutes % 60:02} min left"


def coverage(readable: int, missing: int) -> float:
    """The share of the readable notes that is in the index as it is on the disk, from 0 to 1."""
    return max(0.0, (readable - missing) / readable) if readable else 1.0
