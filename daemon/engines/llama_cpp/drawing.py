"""Drawing tokens by temperature and chance alone, after one look at the logits. Pure but for the dice.

The vocabulary is cut into blocks, and the highest logit of each is found (`blocks`): whole arrays are compared, never
exponentiated, summed or sorted. A block is drawn as if each of its tokens were as likely as its likeliest one, a token of it evenly, and
that is accepted as often as it is likely against the block's likeliest. What is accepted first has the distribution that
was asked for, exactly (von Neumann, 1951). Where a few tokens have most of the weight, nearly all would be refused:
there the blocks with the likeliest tokens are summed up, and drawn from as they are. All rows are drawn together:
calls for each row by itself would take longer than what they compute.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daemon.engines.llama_cpp.blocks import Logits, Numbers, heights, members

Shares = NDArray[np.float64]
AT_ONCE = 24
"""Tokens of a row that are drawn at the same time, of which the first accepted one counts."""
SUMMED, PEAK = 4, 0.02
"""Blocks that are summed up where the likeliest one has more than this share of the bounds of all."""
COLD = 1e-5
"""At temperatures below, the likeliest token is taken: no other one has a chance that can be told from none."""


def drawn(
    logits: Logits, tops: Logits, temperatures: Sequence[float], dice: Sequence[np.random.Generator]
) -> list[int]:
    """A token for each row of `logits` (n, vocabulary), of which `tops` (n, blocks) are the highest of each block.

    Below COLD it is the likeliest. A row draws the same whichever others there are.
    """
    best = tops.max(axis=1)
    tokens = [0] * len(tops)
    warm = []
    for row, temperature in enumerate(temperatures):
        if temperature >= COLD and np.isfinite(best[row]):
            warm.append(row)
        else:
            tokens[row] = int(logits[row].argmax())
    if warm:
        all_warm = len(warm) == len(tops)
        chosen = logits if all_warm else logits[warm]
        scaled = _Scaled(chosen, tops if all_warm else tops[warm], np.array([temperatures[row] for row in warm]))
        for row, token in zip(warm, _by_chance(scaled, [dice[row] for row in warm]), strict=True):
            tokens[row] = token
    return tokens


@dataclass(frozen=True, slots=True)
class _Scaled:
    """Rows with their temperatures."""

    logits: Logits
    tops: Logits
    heat: Shares

    def weights(self, logits: Logits, rows: Numbers) -> Logits:
        """Of some logits of these rows (n, …), against each row's likeliest token, which has 1."""
        shape = (-1,) + (1,) * (logits.ndim - 1)
        best, heat = self.tops[rows].max(axis=1).reshape(shape), self.heat[rows].astype(np.float32).reshape(shape)
        with np.errstate(under="ignore"):
            found: Logits = np.exp((logits - best) / heat)
        return found


def _by_chance(scaled: _Scaled, dice: Sequence[np.random.Generator]) -> list[int]:
    count = scaled.tops.shape[1]
    height = heights(scaled.logits.shape[1])
    bounds, summed = _bounds(scaled, height)
    ends = _ends(bounds)
    tokens = np.empty(len(dice), np.int64)
    left = np.arange(len(dice))
    while left.size:
        column = left[:, np.newaxis]
        which, place, patience = _thrown([dice[int(row)] for row in left])
        block = np.minimum(ends.searchsorted(which + column, side="right") - count * column, count - 1)
        token = block + count * (place * height[block]).astype(np.int64)
        exact = summed[column, block]
        accepted = exact | (scaled.logits[column, token] + patience * scaled.heat[column] >= scaled.tops[column, block])
        first = (np.arange(len(left)), accepted.argmax(axis=1))
        done = accepted[first] & np.isfinite(scaled.tops[left, block[first]])
        tokens[left[done]] = token[first][done]
        inside = done & exact[first]
        if inside.any():
            tokens[left[inside]] = _within(scaled, left[inside], block[first][inside], place[first][inside])
        left = left[~done]
    return [int(token) for token in tokens]


def _bounds(scaled: _Scaled, height: Logits) -> tuple[Logits, NDArray[np.bool_]]:
    """(n, blocks): at least the weight of each block, and where it is the weight itself."""
    rows = np.arange(len(scaled.tops))
    bounds = scaled.weights(scaled.tops, rows) * height
    summed = np.zeros(bounds.shape, np.bool_)
    peaked = np.flatnonzero(bounds.max(axis=1) > PEAK * bounds.sum(axis=1)) if bounds.shape[1] > SUMMED else rows[:0]
    if peaked.size:
        hot = np.argpartition(scaled.tops[peaked], -SUMMED, axis=1)[:, -SUMMED:]
        among = (np.repeat(peaked, SUMMED), hot.ravel())
        bounds[among] = scaled.weights(members(scaled.logits, *among)[1], among[0]).sum(axis=1)
        summed[among] = True
    return bounds, summed


def _ends(bounds: Logits) -> Shares:
    """The rows' blocks one after the other: where in row..row + 1 the share of each ends."""
    ends = np.cumsum(bounds, axis=1, dtype=np.float64)
    ends /= ends[:, -1:]
    ends += np.arange(len(ends))[:, np.newaxis]
    return ends.ravel()


def _within(scaled: _Scaled, rows: Numbers, block: Numbers, place: Shares) -> Numbers:
    """A token of a block for each row, by their weights; `place` in 0..1."""
    tokens, logits = members(scaled.logits, rows, block)
    sums = np.cumsum(scaled.weights(logits, rows), axis=1, dtype=np.float64)
    within = (sums > place[:, np.newaxis] * sums[:, -1:]).argmax(axis=1)
    found: Numbers = tokens[np.arange(len(rows)), within]
    return found


def _thrown(dice: Sequence[np.random.Generator]) -> tuple[Shares, Shares, Shares]:
    """(n, AT_ONCE) of three kinds: two even ones in 0..1, and exponential ones of mean 1."""
    room = np.empty((len(dice), 3, AT_ONCE))
    for part, each in zip(room, dice, strict=True):
        each.random(out=part)
    return room[:, 0], room[:, 1], -np.log1p(-room[:, 2])
