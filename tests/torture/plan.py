"""What a child is told to do to itself: at which step of its work it dies, fails, stops or is slow."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

When = Literal["before", "after", "half"]
Action = Literal["kill", "fail", "stop"]
Steps = tuple[tuple[str, When], ...]

VARIABLE = "FAMULUS_TORTURE"
"""The environment variable that carries the plan into the child."""
ARMED, DID, GO = "armed", "did-", "go-"
"""Files by which the harness and the child tell each other; see `Plan`."""

CHANGE: Steps = (
    *(("intend", "before"), ("intend", "after"), ("open", "before"), ("open", "after"), ("write", "before")),
    *(("write", "half"), ("write", "after"), ("fsync", "before"), ("fsync", "after"), ("swap", "before")),
    *(("swap", "after"), ("writer", "before"), ("writer", "after"), ("unlink", "before"), ("unlink", "after")),
    *(("flush", "before"), ("flush", "after"), ("mark", "before"), ("mark", "after")),
)
"""The steps of a write that changes a note, in their order."""
NEW: Steps = (
    *(("intend", "before"), ("intend", "after"), ("open", "after"), ("write", "half"), ("write", "after")),
    *(("fsync", "after"), ("link", "before"), ("link", "after"), ("unlink", "before"), ("unlink", "after")),
    *(("flush", "before"), ("flush", "after"), ("mark", "before"), ("mark", "after")),
)
"""The steps of a write that makes a note."""
REMOVAL: Steps = (
    *(("intend", "before"), ("intend", "after"), ("rename", "before"), ("rename", "after"), ("writer", "after")),
    *(("unlink", "before"), ("unlink", "after"), ("flush", "before"), ("flush", "after"), ("mark", "before")),
    *(("mark", "after"),),
)
"""The steps of a write that takes a note away again."""
INDEXING: Steps = tuple(
    (name, when)
    for name in ("put_vectors", "put_note", "store_delete", "store_add", "settle", "touch")
    for when in ("before", "after")
)
"""The steps by which a note gets into ledger, full text and store."""
SWEEP: Steps = (("unlink", "before"), ("unlink", "after"), ("mark", "before"), ("mark", "after"))
"""The steps of looking after an interrupted write at the start."""


@dataclass(frozen=True, slots=True)
class Act:
    """The `nth` time that `step` is reached, do this `when` before it, after it or half through.

    A step that fails raises `errno`; one that stops goes on when it is told to.
    """

    step: str
    when: When
    action: Action
    nth: int = 1
    errno: int = 0

    def __str__(self) -> str:
        failing = f" with {os.strerror(self.errno)!r}" if self.action == "fail" else ""
        return f"{self.action} {self.when} {self.step} ({self.nth}){failing}"


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a child is to do to itself, and the folder `signs` by which it and the harness tell each other.

    Nothing happens before the file `armed` is there; a child that acts makes the file `did-0` (then `did-1`, …), and
    one that stopped waits for `go-0`. `slow` are seconds of sleep before each step, `back` seconds by which the
    clock is set back, and `sabotage` the name of a fault of the daemon itself.
    """

    signs: str
    acts: tuple[Act, ...] = ()
    slow: float = 0.0
    back: float = 0.0
    sabotage: str = ""

    def __str__(self) -> str:
        return ", then ".join(map(str, self.acts)) or "nothing"

    def environment(self) -> dict[str, str]:
        """What the child is started with."""
        return {VARIABLE: json.dumps(asdict(self))}


def plan_of(environment: Mapping[str, str]) -> Plan:
    """The plan that a child was started with."""
    told = json.loads(environment[VARIABLE])
    return Plan(**{**told, "acts": tuple(Act(**act) for act in told["acts"])})
