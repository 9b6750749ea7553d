"""Guessing how a text goes on from what it has said before: prompt lookup (Saxena, 2023). Pure."""

from collections.abc import Sequence

_LONGEST, _SHORTEST = 4, 2


def continuation(tokens: Sequence[int], most: int, *, window: int = 4096) -> list[int]:
    """What followed the last earlier place where the text had its present ending: `most` tokens, or none.

    A text that repeats itself goes on repeating, as in LZ77: what is copied may reach into the copy.
    """
    if most <= 0:
        return []
    recent = list(tokens[-window:])
    for length in range(min(_LONGEST, len(recent) - 1), _SHORTEST - 1, -1):
        ending = recent[-length:]
        for start in range(len(recent) - length - 1, -1, -1):
            if recent[start] == ending[0] and recent[start : start + length] == ending:
                for offset in range(most):
                    recent.append(recent[start + length + offset])
                return recent[-most:]
    return []
