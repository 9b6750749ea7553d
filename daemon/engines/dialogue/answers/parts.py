"""What a model's answer is made of, and what the parsers of all formats share. Pure."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

Schemas = Mapping[str, Mapping[str, object]]
"""The tools of a request: the JSON schema of the arguments by name."""


@dataclass(frozen=True, slots=True)
class Said:
    """Text of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Thought:
    """What the model thinks aloud."""

    text: str


@dataclass(frozen=True, slots=True)
class Called:
    """A whole call of a tool; `arguments` is the text of a JSON object."""

    name: str
    arguments: str


Part = Said | Thought | Called


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call that has begun and not ended: what marks its beginning, the tool where that is told there, the text since."""

    opener: str
    body: str
    tool: str = ""


class AnswerParser(Protocol):
    """Takes an answer in pieces and gives its parts as soon as they are certain."""

    @property
    def open_call(self) -> OpenCall | None:
        """The call that what was fed ends in, None where it ends in none."""
        ...

    def feed(self, text: str) -> list[Part]:
        """The parts that this piece makes certain."""
        ...

    def finish(self) -> list[Part]:
        """The rest, once the answer is over: an unfinished call that is none is text."""
        ...


class StepParser(ABC):
    """A parser that keeps what is not certain yet, and goes on step by step while something is."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> list[Part]:
        """The parts that this piece makes certain."""
        self._held += text
        parts: list[Part] = []
        while (step := self._step()) is not None:
            parts.extend(step)
        return parts

    @abstractmethod
    def _step(self) -> list[Part] | None:
        """What the beginning of `_held` makes certain, taken out of it; None where more must come first."""


class PlainParser:
    """All is text."""

    open_call: OpenCall | None = None

    def feed(self, text: str) -> list[Part]:
        """The text itself."""
        return [Said(text)] if text else []

    def finish(self) -> list[Part]:
        """Nothing was held back."""
        return []


def merged(parts: Iterable[Part]) -> list[Part]:
    """The same parts with neighbours of one kind joined, so that pieces no longer show."""
    found: list[Part] = []
    for part in parts:
        last = found[-1] if found else None
        if isinstance(part, Said) and isinstance(last, Said):
            found[-1] = Said(last.text + part.text)
        elif isinstance(part, Thought) and isinstance(last, Thought):
            found[-1] = Thought(last.text + part.text)
        else:
            found.append(part)
    return found


def first(text: str, markers: Iterable[str], start: int = 0) -> tuple[int, str]:
    """Where the first of the markers stands, and which it is; (-1, "") where there is none."""
    place, found = -1, ""
    for marker in markers:
        at = text.find(marker, start)
        if at >= 0 and not 0 <= place <= at:
            place, found = at, marker
    return place, found
