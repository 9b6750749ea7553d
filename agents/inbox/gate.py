"""The one place where it is decided whether a suggestion is written, waits for the user, or is not worth showing."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from agents.inbox.decisions import Decisions
from agents.inbox.threshold import Lesson, learn
from vault_sync.databases.state import State

Ruling = Literal["apply", "wait", "hide"]
"""Write it; keep it in the inbox for the user; keep it in the inbox, and show it only to who asks for all."""

_STALE_AFTER = 3600.0


@dataclass(frozen=True, slots=True)
class Rules:
    """What the user set: thresholds by kind, above which mode `auto` writes, and the two shares of `threshold.learn`.

    Scores, and so thresholds, are comparable within one kind only. A kind without a threshold has that of its maker:
    all that it proposes may be written.
    """

    thresholds: Mapping[str, float] = field(default_factory=dict)
    precision: float = 0.95
    worth: float = 0.5


@dataclass(frozen=True, slots=True)
class Bar:
    """The threshold that the user `chose` for a kind, None for none, and what decisions taught."""

    kind: str
    chosen: float | None
    lesson: Lesson

    def shows(self, score: float | None) -> bool:
        """Whether a suggestion with this score is worth showing."""
        return score is None or self.lesson.low is None or score > self.lesson.low

    def applies(self, score: float | None) -> bool:
        """Whether it may be written without a question. What has no score never may."""
        least = [line for line in (self.chosen, self.lesson.high) if line is not None]
        return score is not None and self.shows(score) and all(score >= line for line in least)


class Gate:
    """Rules on suggestions of any kind, by the user's thresholds and by what the user's decisions taught."""

    def __init__(self, state: State, rules: Rules | None = None, clock: Callable[[], float] = time.time) -> None:
        """`rules` are the user's; without them every kind has the threshold of its maker."""
        self.decisions = Decisions(state, clock)
        self._rules = rules or Rules()
        self._clock = clock
        self._known: dict[str, tuple[int, float, Bar]] = {}
        """Per kind the newest decision that was heeded, when, and the bar. Made again whenever there is a newer one."""

    def decide(self, kind: str, score: float | None, mode: str = "auto", *, standing: bool = False) -> Ruling:
        """What to do with a suggestion in a mode (`auto` or `review`).

        What is `standing` in the note already stays there for as long as its maker proposes it, so that nothing
        flickers when a threshold moves: thresholds rule on what is new.
        """
        if standing:
            return "apply"
        bar = self.bar(kind)
        if mode == "auto" and bar.applies(score):
            return "apply"
        return "wait" if bar.shows(score) else "hide"

    def bar(self, kind: str) -> Bar:
        """Where the lines of a kind are now."""
        newest, now = self.decisions.newest(kind), self._clock()
        known = self._known.get(kind)
        if known is None or known[0] != newest or abs(now - known[1]) > _STALE_AFTER:
            rules = self._rules
            lesson = learn(self.decisions.of(kind), precision=rules.precision, worth=rules.worth, now=now)
            known = self._known[kind] = newest, now, Bar(kind, rules.thresholds.get(kind), lesson)
        return known[2]
