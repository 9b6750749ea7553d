"""What the user's decisions on one kind of suggestion teach about its scores.

Two lines come of them. Suggestions at or below the *low* line are not worth showing: so many of them were refused. From
the *high* line on they are good enough to be written without a question. Both are found by E. B. Wilson's score interval
for a proportion ("Probable inference, the law of succession, and statistical inference", 1927), the low line also by
the isotonic regression of Ayer and others ("An empirical distribution function for sampling with incomplete
information", 1955): how often a suggestion is wanted does not fall with its score. One more refusal never lowers a line,
one more acceptance never raises one, but for a high line that was a guess: where no score is good enough, all above the
highest refused one is taken for good, until the first that is known to be. It is not above what was just accepted.
`tests/property/test_threshold.py` says so.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

HALF_LIFE = 180 * 86400.0
"""Seconds after which a decision counts half: a vault and its owner change."""
FAINT = 1 / 16
"""The weight below which a decision is forgotten."""
FEW = 10.0
"""The least weight of decisions that moves a line."""
_Z = 0.8416
"""The normal deviate of a one-sided bound with 80 % confidence."""
_Z_INTERVAL = 1.96


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of a suggestion: `wanted` or not; `at` in seconds since the epoch.

    `weight` is less than 1 for one that nobody looked at: written by itself, and never taken out.
    """

    score: float
    wanted: bool
    at: float
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Share:
    """Of so many decisions so many were refusals."""

    refused: int
    decided: int


@dataclass(frozen=True, slots=True)
class Lesson:
    """What was taught of one kind. Scores up to `low` are not shown, from `high` on they may be applied; None for a
    line that the decisions are too few for.

    `below` counts the decisions up to the low line, `above` those from the high line on, `all` counts all.
    """

    low: float | None = None
    high: float | None = None
    below: Share = Share(0, 0)
    above: Share = Share(0, 0)
    all: Share = Share(0, 0)


@dataclass(frozen=True, slots=True)
class _Point:
    """The weights of what was wanted and refused at one score."""

    score: float
    yes: float
    no: float

    @property
    def weight(self) -> float:
        return self.yes + self.no


def learn(decisions: Iterable[Decision], *, precision: float, worth: float, now: float) -> Lesson:
    """The lesson of the decisions on one kind.

    `precision` is the share that has to be wanted of what is written without a question, `worth` the share below
    which showing is not worth the user's time; both in 0..1. `now` is the time by which decisions fade.
    """
    known = [each for each in decisions if _weight(each, now) >= FAINT]
    points = _points(known, now)
    low, high = _low(points, worth), _high(points, precision)
    return Lesson(
        low,
        high,
        _share(each for each in known if low is not None and each.score <= low),
        _share(each for each in known if high is not None and each.score >= high),
        _share(known),
    )


def interval(wanted: float, decided: float, z: float = _Z_INTERVAL) -> tuple[float, float]:
    """Wilson's interval for the share that is wanted, by default with 95 % confidence; (0, 1) where nothing is decided."""
    if decided <= 0:
        return 0.0, 1.0
    share, spread = wanted / decided, z * z / decided
    middle = share + spread / 2
    reach = z * math.sqrt(share * (1 - share) / decided + spread / (4 * decided))
    return max(0.0, (middle - reach) / (1 + spread)), min(1.0, (middle + reach) / (1 + spread))


def least_good(decisions: Iterable[Decision], precision: float, now: float) -> float | None:
    """The least score of a wanted suggestion from which on the share of wanted ones is, with 80 % confidence, at least
    `precision`; None where there is no such score."""
    return _least_good(_points(decisions, now), precision)


def _weight(decision: Decision, now: float) -> float:
    return decision.weight * math.exp2(-max(0.0, now - decision.at) / HALF_LIFE)


def _points(decisions: Iterable[Decision], now: float) -> list[_Point]:
    """By score, the least first."""
    sums: dict[float, list[float]] = {}
    for each in decisions:
        sums.setdefault(each.score, [0.0, 0.0])[0 if each.wanted else 1] += _weight(each, now)
    return [_Point(score, yes, no) for score, (yes, no) in sorted(sums.items())]


def _low(points: Sequence[_Point], worth: float) -> float | None:
    """The highest refused score around which, and up to which, less than `worth` are wanted."""
    found, yes, weight = None, 0.0, 0.0
    for point, fitted in zip(points, _isotonic(points), strict=True):
        yes, weight = yes + point.yes, weight + point.weight
        if point.no and weight >= FEW and fitted < worth and interval(yes, weight, _Z)[1] < worth:
            found = point.score
    return found


def _high(points: Sequence[_Point], precision: float) -> float | None:
    """The least score that is good enough; where none is, all above the highest refused one."""
    if sum(point.weight for point in points) < FEW:
        return None
    good = _least_good(points, precision)
    refused = [point.score for point in points if point.no]
    return good if good is not None or not refused else math.nextafter(refused[-1], math.inf)


def _least_good(points: Sequence[_Point], precision: float) -> float | None:
    found, yes, weight = None, 0.0, 0.0
    for point in reversed(points):
        yes, weight = yes + point.yes, weight + point.weight
        if point.yes and interval(yes, weight, _Z)[0] >= precision:
            found = point.score
    return found


def _isotonic(points: Sequence[_Point]) -> list[float]:
    """The shares that are wanted, as near to the points as a sequence can be that never falls."""
    blocks: list[tuple[float, float, int]] = []
    for point in points:
        yes, weight, size = point.yes, point.weight, 1
        while blocks and blocks[-1][0] * weight >= yes * blocks[-1][1]:
            before = blocks.pop()
            yes, weight, size = yes + before[0], weight + before[1], size + before[2]
        blocks.append((yes, weight, size))
    return [yes / weight for yes, weight, size in blocks for _ in range(size)]


def _share(decisions: Iterable[Decision]) -> Share:
    wanted = [each.wanted for each in decisions]
    return Share(len(wanted) - sum(wanted), len(wanted))
