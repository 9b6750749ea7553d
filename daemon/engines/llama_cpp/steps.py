"""How the tokens of one step are shared out between answers that are written and prompts that are read. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

STEP_SECONDS = 0.1
"""What a step should take while somebody reads an answer as it is written: a tenth of a second is not noticed."""
_LEAST = 16
_WORTHWHILE = 512
"""Tokens, or half a step, that cost little more each than those of a whole step: half a step is 3 % on two cores."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Tokens a second at which prompts are read, 0 before anything was measured."""

    rate: float = 0.0

    def after(self, tokens: int, seconds: float) -> "Pace":
        """With one more measurement."""
        if tokens < _LEAST or seconds <= 0:
            return self
        seen = tokens / seconds
        return Pace(seen if not self.rate else 0.7 * self.rate + 0.3 * seen)

    def budget(self, most: int, *, answering: bool, unhurried: bool = False) -> int:
        """Tokens of the next step: `most`, or what takes STEP_SECONDS while answers are written that somebody reads.

        An `unhurried` step, in which nobody waits for anything, is kept short, too, for somebody may come meanwhile;
        but not so short that its tokens would cost more.
        """
        if not self.rate or not (answering or unhurried):
            return most
        least = min(_WORTHWHILE, most // 2) if unhurried else _LEAST
        return max(least, min(most, int(self.rate * STEP_SECONDS)))


def shares(remaining: Sequence[int], urgency: Sequence[int], budget: int) -> list[int]:
    """Tokens that each prompt may read in a step, of what remains of it; a lower `urgency` number goes first.

    A quarter is left to the others, so that a long prompt does not stop them.
    """
    given = [0] * len(remaining)
    left = budget
    for level in sorted(set(urgency)):
        rows = [row for row, of in enumerate(urgency) if of == level]
        others = sum(tokens for tokens, of in zip(remaining, urgency, strict=True) if of > level)
        most = left - min(others, left // 4)
        for row, share in zip(rows, _among_equals([remaining[row] for row in rows], most), strict=True):
            given[row] = share
            left -= share
    return given


def _among_equals(remaining: Sequence[int], budget: int) -> list[int]:
    """Those that can be finished go first, the shortest ahead; beside them a longer one gets a quarter of the step.

    So a short request beside a long one has its first token after one short step, and none ever starves.
    """
    if sum(remaining) <= budget:
        return list(remaining)
    given = [0] * len(remaining)
    quarter = budget // 4
    left = budget - quarter
    for row in sorted(range(len(remaining)), key=lambda row: remaining[row]):
        if remaining[row] > left:
            break
        given[row] = remaining[row]
        left -= remaining[row]
    first = next(row for row, share in enumerate(given) if not share)
    given[first] = min(remaining[first], quarter if any(given) else budget)
    return given
