"""How long a job may take and what it may find, told from its first notes. Pure.

The notes are looked at in an order that chance gives, so the first ones are a fair sample of all; the interval of the
mean is Student's, with the quantile of Abramowitz and Stegun 26.7.5. Few and uneven notes give a wide one, as they should.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from agents.jobs.jobbook import Cost

FIRST = 8
"""Notes that are looked at before anything is said."""
_Z = 1.959964


@dataclass(frozen=True, slots=True)
class Range:
    """An expectation, and the interval that holds it at 95 %."""

    mean: float
    low: float
    high: float

    def times(self, factor: float) -> "Range":
        """All three, so many times."""
        return Range(self.mean * factor, self.low * factor, self.high * factor)

    def json(self, digits: int = 2) -> dict[str, float]:
        """As the API shows it."""
        return {name: round(getattr(self, name), digits) for name in ("mean", "low", "high")}


@dataclass(frozen=True, slots=True)
class Estimate:
    """Of `notes` notes, `sampled` of which were looked at: suggestions to expect, requests and tokens of models (read
    anew and written), and seconds of work, times in which others are served not counted. A range is None while
    fewer than two notes tell."""

    notes: int
    sampled: int
    candidates: Range | None
    requests: Range | None
    tokens: Range | None
    seconds: Range | None

    def json(self) -> dict[str, object]:
        """As the API shows it; `hours` is `seconds` in hours."""
        told: dict[str, object] = {"notes": self.notes, "sampled": self.sampled}
        for name in ("candidates", "requests", "tokens"):
            told[name] = found.json(0) if (found := getattr(self, name)) else None
        return told | {"hours": self.seconds.times(1 / 3600).json(4) if self.seconds else None}


def estimate(notes: int, costs: Sequence[Cost], found: Sequence[int]) -> Estimate:
    """What all `notes` may take and give; `costs` and `found` are what the first ones took and gave."""
    seconds = [cost.seconds for cost in costs if cost.seconds is not None]
    return Estimate(
        notes,
        len(costs),
        _whole(found, notes),
        _whole([cost.requests for cost in costs], notes),
        _whole([cost.tokens for cost in costs], notes),
        _whole(seconds, notes),
    )


def _whole(values: Sequence[float], of: int) -> Range | None:
    """What `of` things have in all, as some of them have so much each."""
    if len(values) < 2:
        return Range(values[0], values[0], values[0]) if of == len(values) == 1 else None
    mean = fmean(values)
    left = max(0, of - len(values))
    half = quantile(len(values) - 1) * stdev(values) * math.sqrt(left / max(of, 1) / len(values))
    return Range(mean * of, max(0.0, mean - half, sum(values) / max(of, 1)) * of, (mean + half) * of)


def quantile(degrees: int) -> float:
    """Student's t at 97.5 %, within 3 % from three degrees of freedom on."""
    if degrees < 3:
        return (12.706, 4.303)[degrees - 1]
    first, second = (_Z**3 + _Z) / 4, (5 * _Z**5 + 16 * _Z**3 + 3 * _Z) / 96
    third = (3 * _Z**7 + 19 * _Z**5 + 17 * _Z**3 - 15 * _Z) / 384
    return _Z + first / degrees + second / degrees**2 + third / degrees**3
