"""What the judged sample says of all that a job found: by kind the precision, and the threshold that is proposed. Pure."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from agents.jobs.precision import Judged, Precision, precision, threshold


@dataclass(frozen=True, slots=True)
class KindVerdict:
    """Of one kind: how many were found, the precision of all, the threshold that is proposed (None: apply none but those
    that you accepted), and, at it, how many reach it and their precision."""

    kind: str
    found: int
    precision: Precision
    threshold: float | None
    above: int
    precision_above: Precision

    def json(self) -> dict[str, object]:
        """As the API shows it."""
        told = asdict(self)
        return told | {"precision": shown(self.precision), "precision_above": shown(self.precision_above)}


@dataclass(frozen=True, slots=True)
class Judgement:
    """All kinds, and all together."""

    kinds: tuple[KindVerdict, ...]
    precision: Precision

    @property
    def thresholds(self) -> dict[str, float]:
        """What is proposed, for the kinds of which something may be applied."""
        return {each.kind: each.threshold for each in self.kinds if each.threshold is not None}

    def json(self) -> dict[str, object]:
        """As the API shows it."""
        return {"precision": shown(self.precision), "kinds": [each.json() for each in self.kinds]}


def verdict(judged: Sequence[Judged], scores: Mapping[str, Sequence[float]], goal: float) -> Judgement:
    """`scores` holds by kind those of all that was found, in ascending order; `goal` is the precision aimed at."""
    kinds = tuple(_of_kind(kind, [one for one in judged if one.kind == kind], scores[kind], goal) for kind in scores)
    return Judgement(kinds, precision(judged))


def _of_kind(kind: str, judged: Sequence[Judged], scores: Sequence[float], goal: float) -> KindVerdict:
    proposed = threshold(judged, goal, scores[0])
    above = [] if proposed is None else [one for one in judged if one.score >= proposed]
    reached = 0 if proposed is None else len(scores) - bisect_left(scores, proposed)
    return KindVerdict(kind, len(scores), precision(judged), proposed, reached, precision(above))


def shown(found: Precision) -> dict[str, object]:
    """A precision as the API shows it."""
    return {"mean": round(found.mean, 4), "interval": [round(found.low, 4), round(found.high, 4)], "judged": found.n}
