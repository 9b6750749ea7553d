"""What an answer consists of, in the order in which it is told."""

from dataclasses import dataclass
from typing import Literal

from agents.ports import Usage
from vault_sync.paths import VaultPath
from vault_sync.search.search import Passage

Mode = Literal["generated", "quoted", "none"]


@dataclass(frozen=True, slots=True)
class Citation:
    """A mark in the answer, such as `[1]`, and the lines of the note that support what it marks.

    `quote` is a verbatim part of the note; lines count from 1 and are those of the quote.
    """

    mark: str
    path: VaultPath
    heading: tuple[str, ...]
    start_line: int
    end_line: int
    quote: str


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What was found for the question, best first; only these can be cited."""

    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the answer's text; the pieces joined are the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Cited:
    """All citations of the answer, in the order of their marks; told once, before Done."""

    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """The end. `mode` says where the words come from: an engine, quotations, or not from the notes at all."""

    mode: Mode
    role: str
    engine: str
    model: str
    language: str
    usage: Usage
    finish_reason: str


Event = Retrieved | Token | Cited | Done
