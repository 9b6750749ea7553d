"""Whether another program needs a card's memory, so that work in bulk should yield. Pure."""

from dataclasses import dataclass, replace

from daemon.engines.hosting.placement import MIB

_LEAST = 256 * MIB
_SHARE = 50


@dataclass(frozen=True, slots=True)
class Reading:
    """One card now: bytes in all, free, and held by our engines (of these names)."""

    total: int
    free: int
    ours: int
    names: frozenset[str] = frozenset()

    @property
    def foreign(self) -> int:
        """Bytes that others hold, and what our own sizes are wrong by."""
        return max(0, self.total - self.free - self.ours)

    @property
    def margin(self) -> int:
        """What is too little to be of use: a fiftieth of the card."""
        return max(_LEAST, self.total // _SHARE)


@dataclass(frozen=True, slots=True)
class Pressure:
    """What is remembered of a card: the least that others held beside the same engines, what these held, and whether
    others need more."""

    least: int = -1
    ours: int = 0
    names: frozenset[str] = frozenset()
    on: bool = False

    def after(self, reading: Reading) -> "Pressure":
        """With one more reading. It begins when others took what was left, and ends when they gave it back, or when
        there is room beside them for what our engines held before."""
        if self.least < 0 or (reading.names != self.names and not self.on):
            return Pressure(reading.foreign, reading.ours, reading.names)
        grown = reading.foreign > self.least + reading.margin
        if self.on:
            wanted = max(0, self.ours - reading.ours) + 2 * reading.margin
            return replace(self, on=grown and reading.free < wanted)
        least = min(self.least, reading.foreign)
        return Pressure(least, reading.ours, reading.names, on=grown and reading.free < reading.margin)
