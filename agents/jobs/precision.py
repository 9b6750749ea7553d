"""What judged suggestions say about all of them: the share of right ones with its interval, and a threshold. Pure.

Where parts of a whole were drawn at different rates, each judged suggestion stands for as many as its part has to one
judged. The interval is Wilson's (agents/inbox/threshold.py) at the effective size of the sample by Kish
(Survey Sampling, 1965), as compared with others by Franco, Little, Louis and Slud (J. Survey Statistics and Methodology
7, 2019): it does not shrink to nothing where all answers were yes, and what the parts gain is left out, on the safe side.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agents.inbox.threshold import interval

FEWEST = 5
"""A threshold rests on so many judged suggestions at least."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A suggestion that was answered by yes or no; `weight` is how many it stands for."""

    kind: str
    score: float
    weight: float
    right: bool


@dataclass(frozen=True, slots=True)
class Precision:
    """The share of right ones (0..1) and the interval that holds it at 95 %; `n` were judged. 0 to 1 where none were."""

    mean: float
    low: float
    high: float
    n: int


def precision(judged: Iterable[Judged]) -> Precision:
    """The weighted share of right ones with its interval."""
    each = [one for one in judged if one.weight > 0]
    total = sum(one.weight for one in each)
    if not total:
        return Precision(0.0, 0.0, 1.0, 0)
    # A sum of floats can end a hair above the total.
    mean = min(1.0, sum(one.weight for one in each if one.right) / total)
    effective = total * total / sum(one.weight**2 for one in each)
    low, high = interval(mean * effective, effective)
    return Precision(mean, min(low, mean), max(high, mean), len(each))


def threshold(judged: Sequence[Judged], goal: float, least: float) -> float | None:
    """The lowest score above which the judged of one kind are right often enough; None where no score is.

    `least` is the lowest score of all suggestions, judged or not: the threshold where all may pass. From the top down
    a longer list is better as long as its share of right ones reaches `goal`.
    """
    scores = sorted({one.score for one in judged})
    for place, score in enumerate(scores):
        above = [one for one in judged if one.score >= score]
        if len(above) >= min(FEWEST, len(judged)) and precision(above).mean >= goal:
            return least if place == 0 else score
    return None
