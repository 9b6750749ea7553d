"""Choosing among the k likeliest tokens for many answers at a time. Pure but for the dice.

What `chance` does for each answer by itself is done here for all rows in the same few calls: with 32 answers most of the
time went into calls on a few dozen numbers each.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daemon.engines.llama_cpp.blocks import Logits, Numbers
from daemon.engines.llama_cpp.crew import Sharing, alone

Shares = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Few:
    """How one answer chooses: among the `top_k` likeliest, of which top-p and min-p may leave fewer."""

    top_k: int
    top_p: float
    min_p: float
    temperature: float
    dice: np.random.Generator


def among_few(logits: Logits, tops: Logits, few: Sequence[Few], share: Sharing = alone) -> list[int]:
    """A token for each row of `logits` (n, vocabulary), of which `tops` (n, blocks) are the highest of each block.

    Each `top_k` is at least 1, in each row that many blocks have a token that can be, and each temperature is above zero.
    """
    top_k = np.array([each.top_k for each in few])
    from_below = tops.shape[1] - top_k
    # where k blocks have a token of this height, none below is among the k likeliest
    bars = np.take_along_axis(np.partition(tops, np.unique(from_below), axis=1), from_below[:, np.newaxis], axis=1)
    tokens, values = _table(*_reaching(logits, bars, share))
    kept = _kept(values, few, top_k)
    heat = np.array([each.temperature for each in few])[:, np.newaxis]
    weights = np.where(np.arange(values.shape[1]) < kept[:, np.newaxis], _against_best(values, heat), 0.0)
    sums = np.cumsum(weights, axis=1)
    thrown = np.array([each.dice.random() for each in few])[:, np.newaxis]
    places = np.minimum((sums <= thrown * sums[:, -1:]).sum(axis=1), kept - 1)
    return [int(token) for token in tokens[np.arange(len(few)), places]]


def _reaching(logits: Logits, bars: Logits, share: Sharing) -> tuple[Numbers, Numbers, Logits]:
    """Row, token and logit of all that reach the bar of their row: at least the k likeliest of it."""
    vocabulary = logits.shape[1]
    parts = share(lambda some: np.flatnonzero(logits[some] >= bars[some]) + some.start * vocabulary, len(logits))
    rows, tokens = np.divmod(np.concatenate(parts), vocabulary)
    return rows, tokens, logits[rows, tokens]


def _table(rows: Numbers, tokens: Numbers, values: Logits) -> tuple[Numbers, Logits]:
    """A line for each row, the likeliest first, of equal ones the first; filled up with minus infinity."""
    order = np.lexsort((-values, rows))
    rows, tokens, values = rows[order], tokens[order], values[order]
    counts = np.bincount(rows)
    column = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    of_tokens = np.zeros((len(counts), counts.max()), np.int64)
    of_values = np.full(of_tokens.shape, -np.inf, np.float32)
    of_tokens[rows, column], of_values[rows, column] = tokens, values
    return of_tokens, of_values


def _kept(values: Logits, few: Sequence[Few], top_k: Numbers) -> Numbers:
    """How many of the likeliest each row keeps."""
    weights = _against_best(values, 1.0)
    weights[np.arange(values.shape[1]) >= top_k[:, np.newaxis]] = 0.0
    top_p, min_p = np.array([each.top_p for each in few]), np.array([each.min_p for each in few])
    counts = np.minimum(top_k, np.isfinite(values).sum(axis=1))
    reached = (np.cumsum(weights, axis=1) < (top_p * weights.sum(axis=1))[:, np.newaxis]).sum(axis=1) + 1
    counts = np.where(top_p < 1, np.minimum(counts, reached), counts)
    likely = np.maximum(1, ((weights >= min_p[:, np.newaxis]) & (weights > 0)).sum(axis=1))
    found: Numbers = np.where(min_p > 0, np.minimum(counts, likely), counts)
    return found


def _against_best(values: Logits, heat: Shares | float) -> Shares:
    """The weight of each, of which the first one of a row has 1."""
    found: Shares = np.exp((values - values[:, :1]).astype(np.float64) / heat)
    return found
