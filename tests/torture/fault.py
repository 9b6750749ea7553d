"""A fault that is tried: its name, what the table says of it, and how its rounds run."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.torture.course import Course

Run = Callable[[Course, int], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """`rounds` is how often it is tried, `few` how often in the short form of CI. `mode` is how notes are linked.

    `mounts` names what has to be a disk of its own, so that it can be filled: the `vault`, the `data` folder or none.
    `copies` is as in Course.
    """

    name: str
    title: str
    cure: str
    run: Run
    rounds: int
    few: int = 0
    mode: str = "auto"
    settle: float = 0.1
    mounts: str = ""
    copies: bool = False
