"""How well a ranking found what it should, and how far chance alone may have moved the figure. Pure.

The means are resampled by clusters (bootstrap): queries from the same note are not independent of each other.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DEPTH = 10
DRAWS = 4000
LEVEL = 0.95

Sample = Sequence[tuple[Hashable, float]]
"""Values, each with the cluster that it belongs to."""
Draws = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean of `n` values, and the interval in which it lies at the level asked for."""

    mean: float
    low: float
    high: float
    n: int

    @property
    def beyond_chance(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.n > 0 and (self.low > 0 or self.high < 0)


def recall(rank: int | None, depth: int = DEPTH) -> float:
    """1 where the rank (from 1, None: not found) is among the first `depth`, else 0."""
    return float(rank is not None and rank <= depth)


def reciprocal(rank: int | None, depth: int = DEPTH) -> float:
    """1 over the rank where that is among the first `depth`, else 0."""
    return 1 / rank if rank is not None and rank <= depth else 0.0


def estimate(sample: Sample, *, seed: int = 0, level: float = LEVEL) -> Estimate:
    """The mean of a sample with its interval; zeros for an empty one."""
    return combined({"": sample}, seed=seed, level=level)


def combined(samples: Mapping[str, Sample], *, seed: int = 0, level: float = LEVEL) -> Estimate:
    """The mean of the samples' means, each counting the same however large it is; empty ones are left out."""
    full = {name: sample for name, sample in samples.items() if sample}
    if not full:
        return Estimate(0.0, 0.0, 0.0, 0)
    random = np.random.default_rng(seed)
    drawn = np.mean([_means(sample, random) for sample in full.values()], axis=0)
    mean = float(np.mean([np.mean([value for _, value in sample]) for sample in full.values()]))
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(mean, min(float(low), mean), max(float(high), mean), sum(map(len, full.values())))


def _means(sample: Sample, random: np.random.Generator) -> Draws:
    """Means of resampled clusters, shape (DRAWS,)."""
    numbers = {cluster: number for number, cluster in enumerate(dict.fromkeys(cluster for cluster, _ in sample))}
    sums, counts = np.zeros(len(numbers)), np.zeros(len(numbers))
    for cluster, value in sample:
        sums[numbers[cluster]] += value
        counts[numbers[cluster]] += 1
    rows = random.integers(0, len(numbers), (DRAWS, len(numbers)))
    return np.asarray(sums[rows].sum(axis=1) / counts[rows].sum(axis=1))
