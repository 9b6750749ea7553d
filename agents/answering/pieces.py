"""An answer as it streams, cut into whole sentences and whole code blocks; pure."""

import re
from dataclasses import dataclass

from vault_sync.text import sentences

_OPEN = re.compile(r"^[ \t]*(```|~~~)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence or a code block, with the white space before it apart."""

    lead: str
    text: str
    code: bool = False


class Pieces:
    """Takes text as it comes and gives back what is complete; holds back one sentence."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> list[Piece]:
        """The pieces that `text` completes."""
        self._held += text
        return self._drain(last=False)

    def flush(self) -> list[Piece]:
        """What is left, the end of the answer being reached."""
        return self._drain(last=True)

    def _drain(self, last: bool) -> list[Piece]:
        done = []
        while piece := self._take(last):
            done.append(piece)
        return done

    def _take(self, last: bool) -> Piece | None:
        fence = _OPEN.search(self._held)
        prose = self._held[: fence.start()] if fence else self._held
        spans = sentences(prose)
        if spans:
            return self._cut(spans[0].end) if len(spans) > 1 or fence or last else None
        if fence is None:
            return None
        close = re.compile(rf"^[ \t]*{fence.group(1)}[ \t]*$", re.MULTILINE).search(self._held, fence.end())
        if close and (last or close.end() < len(self._held)):
            return self._cut(close.end(), code=True)
        return self._cut(len(self._held), code=True) if last else None

    def _cut(self, end: int, code: bool = False) -> Piece:
        taken, self._held = self._held[:end], self._held[end:]
        text = taken.lstrip()
        return Piece(taken[: len(taken) - len(text)], text.rstrip(), code)
