"""How many texts one call of an embedder may hold, so that a query that comes in between waits a bounded time. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

SECONDS = 0.12
"""What a call should take at most: half of what a query may wait, for a machine gets busy from one call to the next."""
MOST = 16
"""Texts a call: more of them make it no quicker."""
EXPECTED = 1e-4
"""Seconds a character before anything is measured: two slow cores."""
SLOWER, QUICKER = 0.5, 0.2
"""How much of a new measurement is believed: a machine that got busy is noticed sooner than one that got idle."""
BESIDES = 40
"""Characters that a text costs besides its own: prefix, special tokens, the call."""


@dataclass(slots=True)
class Pace:
    """Learns from each call what the next one may hold. Used from one thread at a time."""

    seconds: float = SECONDS
    most: int = MOST
    cost: float = EXPECTED
    """Seconds a character."""

    def fitting(self, lengths: Sequence[int]) -> int:
        """How many of the texts with these lengths in characters go into the next call: the first ones, at least one."""
        room = self.seconds / self.cost
        for number, length in enumerate(lengths[: self.most]):
            room -= length + BESIDES
            if room < 0:
                return max(1, number)
        return min(len(lengths), self.most)

    def took(self, lengths: Sequence[int], seconds: float) -> None:
        """A call with texts of these lengths took so long."""
        measured = seconds / (sum(lengths) + BESIDES * len(lengths))
        self.cost += (SLOWER if measured > self.cost else QUICKER) * (measured - self.cost)
