"""How much a run tries of what can be tried without end: all that is meant to be tried, or a fifth of it in a quick run."""

from hypothesis import settings

WHOLE, QUICK = "whole", "quick"
_EVERY, _FEW = 100, 20
"""Examples of a property that names no number, in a whole run and in a quick one."""

# No deadline: how long one example takes says how busy the machine is.
settings.register_profile(WHOLE, deadline=None, max_examples=_EVERY)
settings.register_profile(QUICK, deadline=None, max_examples=_FEW)


def effort(whole: int) -> int:
    """As many examples, or as large a text, as suit this run, where a whole run takes `whole`."""
    return max(1, whole * settings().max_examples // _EVERY)
