"""The states of an engine, what leads from one to the next, and when a failed one may be tried again. Pure."""

from dataclasses import dataclass, replace
from typing import Literal

EngineState = Literal["stopped", "loading", "ready", "failed", "closed"]
Happening = Literal["load", "loaded", "died", "answered", "rested", "close"]

_NEXT: dict[tuple[EngineState, Happening], EngineState] = {
    ("stopped", "load"): "loading",
    ("failed", "load"): "loading",
    ("loading", "loaded"): "ready",
    ("loading", "died"): "failed",
    ("ready", "died"): "failed",
    ("loading", "rested"): "stopped",
    ("ready", "rested"): "stopped",
    ("ready", "answered"): "ready",
}
_LONGEST_PAUSE = 60.0


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """Where an engine is. `failures` counts deaths since the last whole answer; `retry_at` is on the caller's clock."""

    state: EngineState = "stopped"
    failures: int = 0
    retry_at: float = 0.0

    def after(self, happening: Happening, now: float) -> "Lifecycle":
        """The next state; what can not happen in this state changes nothing."""
        if happening == "close":
            return replace(self, state="closed")
        state = _NEXT.get((self.state, happening))
        if state is None:
            return self
        if happening == "died":
            return Lifecycle(state, self.failures + 1, now + pause_after(self.failures + 1))
        return replace(self, state=state, failures=0 if happening == "answered" else self.failures)


def pause_after(failures: int) -> float:
    """Seconds to wait before the next try: none after the first death, then 1, 4, 16 and 60."""
    return 0.0 if failures < 2 else min(_LONGEST_PAUSE, 4.0 ** (failures - 2))
