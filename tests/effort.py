"""How much a run tries of what can be tried without end, and how long it waits for what should come soon."""

import time
from collections.abc import Callable

from hypothesis import settings

WHOLE, QUICK = "whole", "quick"
LONG = 300.0
"""Seconds that a test waits for what should come at once: a machine with other work is slow, and nothing is measured."""
_EVERY, _FEW = 100, 20
"""Examples of a property that names no number, in a whole run and in a quick one."""

# No deadline: how long one example takes says how busy the machine is.
settings.register_profile(WHOLE, deadline=None, max_examples=_EVERY)
settings.register_profile(QUICK, deadline=None, max_examples=_FEW)


def effort(whole: int) -> int:
    """As many examples, or as large a text, as suit this run, where a whole run takes `whole`."""
    return max(1, whole * settings().max_examples // _EVERY)


def eventually(condition: Callable[[], object], told: Callable[[], object] = lambda: "") -> None:
    """Wait until something is so that nothing tells of; `told` is shown where it never is."""
    until = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < until, told()
        time.sleep(0.005)
