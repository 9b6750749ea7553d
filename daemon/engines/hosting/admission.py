"""Who is let into an engine's queue, and when one who was not should come again. Pure."""

import math
from collections.abc import Mapping

from agents.errors import EngineBusyError
from agents.ports import Priority

ORDER: tuple[Priority, ...] = ("interactive", "save", "bulk")
"""The most urgent first."""
_SOONEST, _LATEST = 1, 60


def ahead(waiting: Mapping[Priority, int], priority: Priority) -> int:
    """How many of those who wait go before a new request: the less urgent do not keep it out."""
    return sum(waiting[each] for each in ORDER[: ORDER.index(priority) + 1])


def again_after(waiting: int, seconds_each: float) -> int:
    """Whole seconds until the queue should be half as long, if one is taken out of it each `seconds_each`."""
    return min(_LATEST, max(_SOONEST, math.ceil(waiting / 2 * seconds_each)))


def check(
    engine: str, waiting: Mapping[Priority, int], priority: Priority, *, most: int, seconds_each: float = 0.0
) -> None:
    """Whether a request may wait for its first token. Raises EngineBusyError where `most` do already."""
    before = ahead(waiting, priority)
    if before < most:
        return
    again = again_after(before, seconds_each)
    raise EngineBusyError(
        f"The engine {engine!r} takes no more requests now.",
        f"{before} requests wait for their first token; the most is {most}.",
        f"Ask again in {again} s, or raise max_waiting in [server].",
        again,
    )
