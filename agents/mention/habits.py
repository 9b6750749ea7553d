"""How a vault wants its mentions linked: what a user may set, apart from what finds them, so that settings stay light."""

from dataclasses import dataclass

LEAST = 0.6
"""The score from which on a mention is worth proposing, where nothing is set."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How mentions are linked: in `headings` too, `once` in a section or in a note, with a score of `least` or more."""

    headings: bool = False
    once: str = "section"
    least: float = LEAST
