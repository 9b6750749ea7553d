"""Choosing a token from logits: penalties, then top-k, top-p and min-p, then temperature and chance. Pure but for its dice.

Written for many answers at a time on vocabularies of 150,000 tokens: whole arrays are compared, and summed up for top-p
without top-k, never sorted, unless a distribution is so flat that most of its tokens could be chosen.
"""

import math
from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from daemon.engines.llama_cpp.blocks import Logits, highest
from daemon.engines.llama_cpp.crew import Sharing, alone
from daemon.engines.llama_cpp.drawing import COLD, drawn
from daemon.engines.llama_cpp.few import Few, among_few
from daemon.engines.worker.requests import Sampling

_REMEMBERED = 256
"""Tokens of an answer that the penalties look back on."""
_REACH = 12.0
"""Tokens that are e to this power less likely than the likeliest one are looked at only if the others do not suffice."""
_ROUNDED = 1e-3
"""How far rounding may put a logarithm off."""


class Chance:
    """Chooses the tokens of one answer. The order of the steps is llama.cpp's."""

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling
        self.temperature = sampling.temperature
        self.dice = np.random.default_rng(sampling.seed)
        self._said: deque[int] = deque(maxlen=_REMEMBERED)

    @property
    def plain(self) -> bool:
        """Whether nothing but temperature decides."""
        sampling = self._sampling
        return not (sampling.penalised or sampling.top_k or sampling.top_p < 1 or sampling.min_p)

    def few(self, blocks: int) -> Few | None:
        """How it chooses where it chooses among few: fewer than a quarter of the `blocks` that have a token at all."""
        sampling = self._sampling
        if sampling.penalised or not 0 < 4 * sampling.top_k <= blocks or sampling.temperature < COLD:
            return None
        return Few(sampling.top_k, sampling.top_p, sampling.min_p, sampling.temperature, self.dice)

    def choose(self, logits: Logits, tops: Logits | None = None) -> int:
        """A token; `logits` (vocabulary,) are left as they are. `tops` are the highest of each block, where known.

        Where the highest is no finite number, nothing can be drawn: that token itself, for the caller to see.
        """
        sampling = self._sampling
        if sampling.penalised and self._said:
            logits, tops = self._penalised(logits), None
        if sampling.temperature <= 0:
            return int(np.argmax(logits))
        tops = highest(logits[np.newaxis])[0] if tops is None else tops
        if self.plain or not np.isfinite(tops.max()):
            return drawn(logits[np.newaxis], tops[np.newaxis], [self.temperature], [self.dice])[0]
        likely = likeliest(logits, tops, sampling)
        return int(likely[self._draw_few(logits[likely])])

    def said(self, token: int) -> None:
        """Let the penalties count a token."""
        if self._sampling.penalised:
            self._said.append(token)

    def _penalised(self, logits: Logits) -> Logits:
        tokens, counts = np.unique(np.fromiter(self._said, np.int64), return_counts=True)
        logits = logits.copy()
        penalty = counts * self._sampling.frequency_penalty + self._sampling.presence_penalty
        logits[tokens] -= penalty.astype(np.float32)
        return logits

    def _draw_few(self, logits: Logits) -> int:
        weights = np.exp((logits - logits.max()).astype(np.float64) / self._sampling.temperature)
        return _picked(weights, self.dice.random())


def chosen(logits: Logits, tops: Logits, chances: Sequence[Chance], share: Sharing = alone) -> list[int]:
    """A token for each row of `logits` (n, vocabulary), of which `tops` (n, blocks) are the highest of each block.

    Those for whom nothing but temperature decides are drawn together, and so are those who choose among few, for whom
    `share` shares one more look at their rows. A row whose highest is no finite number has that token.
    """
    found: dict[int, int] = {}
    sound = np.isfinite(tops.max(axis=1))
    plain = [row for row, chance in enumerate(chances) if chance.plain or not sound[row]]
    if plain:
        temperatures, dice = [chances[row].temperature for row in plain], [chances[row].dice for row in plain]
        found |= zip(plain, drawn(*_of(logits, tops, plain), temperatures, dice), strict=True)
    can_be = np.isfinite(tops).sum(axis=1)
    others = [(row, chance) for row, chance in enumerate(chances) if row not in found]
    few = {row: each for row, chance in others if (each := chance.few(int(can_be[row]))) is not None}
    if len(few) > 1:
        found |= zip(few, among_few(*_of(logits, tops, list(few)), list(few.values()), share), strict=True)
    return [found[row] if row in found else chance.choose(logits[row], tops[row]) for row, chance in enumerate(chances)]


def _of(logits: Logits, tops: Logits, rows: Sequence[int]) -> tuple[Logits, Logits]:
    """These rows, all of them without a copy."""
    return (logits, tops) if len(rows) == len(logits) else (logits[rows], tops[rows])


def likeliest(logits: Logits, tops: Logits, sampling: Sampling) -> NDArray[np.int64]:
    """The tokens that top-k, top-p and min-p leave, the likeliest first."""
    best = tops.max()
    whole = float(np.exp(logits - best).sum(dtype=np.float64)) if sampling.top_p < 1 and not sampling.top_k else 0.0
    bar = _bar(tops, sampling)
    reach = best - _REACH
    for lowest, complete in ((max(bar, reach), bar >= reach), (bar, True)):
        tokens = np.flatnonzero(logits >= lowest)
        tokens = tokens[np.argsort(-logits[tokens], kind="stable")]
        count = _kept(np.exp((logits[tokens] - best).astype(np.float64)), whole, sampling, complete=complete)
        if count:
            return tokens[:count]
    raise AssertionError("All tokens suffice.")


def _bar(tops: Logits, sampling: Sampling) -> float:
    """A logit that no token is below that top-k and min-p leave.

    Where k blocks have a token of this height, k tokens have it: so none below is among the k likeliest.
    """
    bar = float(np.finfo(np.float32).min)
    if 0 < sampling.top_k < len(tops):
        bar = max(bar, float(np.partition(tops, -sampling.top_k)[-sampling.top_k]))
    if sampling.min_p and not (sampling.top_k and sampling.top_p < 1):  # these weigh what min-p then takes away
        bar = max(bar, float(tops.max()) + math.log(sampling.min_p) - _ROUNDED)
    return bar


def _kept(weights: NDArray[np.float64], whole: float, sampling: Sampling, *, complete: bool) -> int:
    """How many of these descending weights are kept, 0 where it takes more than these to tell."""
    count = len(weights)
    if sampling.top_k:
        if count < sampling.top_k and not complete:
            return 0
        count = min(count, sampling.top_k)
        whole = float(weights[:count].sum())
    if sampling.top_p < 1:
        count = min(count, int(np.searchsorted(np.cumsum(weights[:count]), sampling.top_p * whole)) + 1)
    if sampling.min_p:
        count = min(count, max(1, int(np.count_nonzero(weights[:count] >= sampling.min_p))))
    return count if complete or count < len(weights) else 0


def _picked(weights: NDArray[np.float64], dice: float) -> int:
    """The index that a number in 0..1 falls on."""
    sums = np.cumsum(weights)
    return min(int(np.searchsorted(sums, dice * sums[-1], side="right")), len(weights) - 1)
