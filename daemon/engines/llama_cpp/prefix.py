"""Which sequence of the key-value cache a prompt is read into, and how much of it need not be read again. Pure.

The scheme: the longest common beginning over all sequences; a conversation that goes on stays in its sequence, another
one that begins alike gets a copy of the beginning, so that neither destroys the other's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

WORTH_COPYING = 16
WORTH_KEEPING = 64
"""Tokens of a common beginning: fewer are read anew sooner than copied; as many are kept warm by themselves."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A sequence: the tokens that the cache has of it, whether somebody works in it, when it was used last.

    A `warm` one holds a beginning that several prompts share, and is given up last; a `spare` one before others, for
    work in bulk would else put the conversations of those who read out of the cache.
    """

    sequence: int
    tokens: Sequence[int]
    busy: bool = False
    used: int = 0
    warm: bool = False
    spare: bool = False


@dataclass(frozen=True, slots=True)
class Reuse:
    """Read into `sequence` what follows the first `length` tokens, which are copied from `source` (None: are there)."""

    sequence: int
    source: int | None
    length: int


def choose(prompt: Sequence[int], kept: Sequence[Kept], *, partial: bool = True) -> Reuse | None:
    """The best place for a prompt, None where every sequence is busy.

    At least the prompt's last token is left to be read. Without `partial` (recurrent models) a sequence can only be
    continued from its end.
    """
    idle = [each for each in kept if not each.busy]
    if not idle:
        return None
    shared = {each.sequence: _usable(each, prompt, partial) for each in kept}
    best = max(kept, key=lambda each: (shared[each.sequence], not each.busy, each.used))
    going_on = [each for each in idle if not each.warm and _goes_on(each, shared[each.sequence])]
    if going_on:
        own = max(going_on, key=lambda each: (shared[each.sequence], each.used))
        if shared[own.sequence] + WORTH_COPYING > shared[best.sequence]:
            return Reuse(own.sequence, None, shared[own.sequence])
    target = least_missed(idle)
    if target.sequence == best.sequence:
        return Reuse(target.sequence, None, shared[target.sequence])
    if shared[best.sequence] < WORTH_COPYING:
        return Reuse(target.sequence, None, 0)
    return Reuse(target.sequence, best.sequence, shared[best.sequence])


def least_missed(idle: Sequence[Kept]) -> Kept:
    """The one to give up first: an empty one, then spare ones, the longest unused ahead, a warm one at last."""
    return min(idle, key=lambda each: (bool(each.tokens), each.warm, not each.spare, each.used))


def to_keep_warm(reuse: Reuse, kept: Sequence[Kept]) -> int | None:
    """The sequence that the copied beginning should also be kept in, None where it is kept or not worth it.

    At most one sequence in four is warm; past that the least used warm one gives way.
    """
    if reuse.source is None or reuse.length < WORTH_KEEPING:
        return None
    if any(each.warm and len(each.tokens) == reuse.length and each.sequence == reuse.source for each in kept):
        return None
    free = [each for each in kept if not each.busy and each.sequence not in (reuse.sequence, reuse.source)]
    warm = [each for each in free if each.warm]
    if 4 * (len(warm) + 1) > len(kept):
        return least_missed(warm).sequence if warm else None
    rest = [each for each in free if not each.warm]
    return least_missed(rest).sequence if rest else None


def to_fill(kept: Sequence[Kept]) -> int | None:
    """The sequence for a beginning that is to be kept warm; None where none is free for it."""
    idle = [each for each in kept if not each.busy]
    warm = [each for each in idle if each.warm]
    rest = [each for each in idle if not each.warm]
    if warm and (4 * (len(warm) + 1) > len(kept) or not rest):
        return least_missed(warm).sequence
    return least_missed(rest).sequence if rest else None


def common(one: Sequence[object], other: Sequence[object]) -> int:
    """How many tokens, or letters, both begin with."""
    low, high = 0, min(len(one), len(other))
    if one[:high] == other[:high]:
        return high
    while high - low > 1:
        middle = (low + high) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle
    return low


def _usable(kept: Kept, prompt: Sequence[int], partial: bool) -> int:
    length = common(kept.tokens, prompt)
    if partial:
        return min(length, len(prompt) - 1)
    whole = length == len(kept.tokens) and length < len(prompt) and not kept.busy
    return length if whole else 0


def _goes_on(kept: Kept, shared: int) -> bool:
    """Whether a prompt that shares so much is the same conversation: little of what is kept would be lost."""
    return shared > 0 and 2 * shared >= len(kept.tokens)
