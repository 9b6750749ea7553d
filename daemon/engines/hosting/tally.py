"""What one engine does and has done since the start: who waits, what is answered, how fast. In the event loop only."""

import time
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from agents.ports import ChatDelta, Priority
from daemon.engines.hosting.admission import ORDER, check

Outcome = Literal["answered", "failed", "gone", "refused"]
OUTCOMES: tuple[Outcome, ...] = ("answered", "failed", "gone", "refused")
BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds of the histogram of first tokens, in seconds."""
_WINDOW = 10
"""Seconds over which tokens a second are counted."""
_NEWEST = 0.2
"""The weight of the newest answer in how long one takes to leave the queue."""


@dataclass(slots=True)
class Tally:
    """The figures of one engine; `most_waiting` is how many may wait for their first token."""

    engine: str
    most_waiting: int
    clock: Callable[[], float] = time.monotonic
    on_change: Callable[[], None] = lambda: None
    waiting: dict[Priority, int] = field(default_factory=lambda: dict.fromkeys(ORDER, 0))
    running: int = 0
    outcomes: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    first_tokens: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    """How many requests had their first token within each bound and above the one before; the last: later."""
    first_seconds: float = 0.0
    """Seconds until the first token, of all requests together."""
    _pieces: list[int] = field(default_factory=lambda: [0] * _WINDOW)
    _second: int = 0
    _left_at: float = 0.0
    _seconds_each: float = 0.0

    def enter(self, priority: Priority) -> "Turn":
        """Take a place in the queue. Raises EngineBusyError where there is none."""
        try:
            check(self.engine, self.waiting, priority, most=self.most_waiting, seconds_each=self._seconds_each)
        except Exception:
            self.outcomes["refused"] += 1
            raise
        self.waiting[priority] += 1
        self.on_change()
        return Turn(self, priority, self.clock())

    @property
    def tokens_a_second(self) -> float:
        """Pieces of all answers together in each of the last ten seconds; a piece is a token, nearly always."""
        self._turn_to(int(self.clock()))
        return sum(self._pieces) / _WINDOW

    def piece(self, now: float) -> None:
        """A piece of an answer came."""
        second = int(now)
        if second != self._second:
            self._turn_to(second)
        self._pieces[second % _WINDOW] += 1

    def first(self, asked_at: float, now: float) -> None:
        """A request had its first token."""
        self.first_tokens[bisect_left(BOUNDS, now - asked_at)] += 1
        self.first_seconds += now - asked_at
        # a queue that was empty for a while says nothing of how fast it moves
        since = now - max(self._left_at, asked_at)
        self._seconds_each += _NEWEST * (since - self._seconds_each)
        self._left_at = now

    def _turn_to(self, second: int) -> None:
        for gone in range(max(self._second + 1, second - _WINDOW + 1), second + 1):
            self._pieces[gone % _WINDOW] = 0
        self._second = second


@dataclass(slots=True)
class Turn:
    """One request's place: it waits, then it runs, then it is over."""

    _tally: Tally
    _priority: Priority
    _asked_at: float
    _runs: bool = False

    def heard(self, delta: ChatDelta) -> None:
        """A piece of its answer came."""
        tally = self._tally
        now = tally.clock()
        if not self._runs:
            self._runs = True
            tally.waiting[self._priority] -= 1
            tally.running += 1
            tally.first(self._asked_at, now)
        if delta.text or delta.reasoning:
            tally.piece(now)
        if (usage := delta.usage) is not None:
            tally.prompt_tokens += usage.prompt_tokens
            tally.cached_tokens += usage.cached_tokens
            tally.completion_tokens += usage.completion_tokens

    def over(self, outcome: Outcome) -> None:
        """Give the place back."""
        tally = self._tally
        if self._runs:
            tally.running -= 1
        else:
            tally.waiting[self._priority] -= 1
        tally.outcomes[outcome] += 1
        tally.on_change()
