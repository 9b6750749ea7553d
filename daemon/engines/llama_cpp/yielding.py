"""Who takes part in a step when some answers are more urgent than others. Pure.

While somebody waits for an answer, the less urgent stand back with what the cache has of them: a step with a piece of
a long prompt takes many times as long as one that only writes. Now and then they take part all the same, so that
nobody who asks again and again stops them for ever.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from daemon.engines.worker.requests import INTERACTIVE

PATIENCE = 9
"""The less urgent stand back this many times as long as a step with them takes: they get a tenth of the time."""
LONGEST = 10.0
"""Seconds that they stand back at most, however long a step took."""


@dataclass(frozen=True, slots=True)
class Yielding:
    """`since` when the less urgent have stood back, None where nobody does; `cost` is what a step with them takes.

    Both are in seconds.
    """

    cost: float
    since: float | None = None

    def before(self, urgency: Sequence[int], now: float) -> "Yielding":
        """As it is before a step of answers with these urgencies, of which a lower number goes first."""
        if len(set(urgency)) < 2:
            return Yielding(self.cost)
        return self if self.since is not None else Yielding(self.cost, now)

    def taking_part(self, urgency: Sequence[int], now: float) -> list[bool]:
        """For each of them whether it takes part in a step that begins now."""
        everybody = self.since is None or now - self.since >= min(PATIENCE * self.cost, LONGEST)
        first = min(urgency, default=0)
        return [everybody or each == first for each in urgency]

    def after(self, urgency: Sequence[int], seconds: float, now: float) -> "Yielding":
        """As it is after a step of so many seconds in which answers with these urgencies took part."""
        if len(set(urgency)) > 1:
            return Yielding(seconds, now)
        alone = self.since is None and any(each > INTERACTIVE for each in urgency)
        return Yielding(seconds) if alone else self
