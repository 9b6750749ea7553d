"""Several suggestions for one note as one Edit: one write, one entry in the journal. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agents.suggestion import Suggestion
from vault_sync.edit import Edit, apply, content_hash, split_mark
from vault_sync.errors import StaleEditError
from vault_sync.note import Span
from vault_sync.paths import VaultPath

Rebase = Callable[[Suggestion, bytes], Edit | None]
"""The suggestion's Edit for the note with these bytes, None where it has it already. Raises StaleEditError."""


@dataclass(frozen=True, slots=True)
class Together:
    """The one Edit, None where the note has it all, and the suggestions that do not fit any more, with the reason."""

    edit: Edit | None
    stale: tuple[tuple[Suggestion, str], ...]


def together(path: VaultPath, data: bytes, suggestions: Sequence[Suggestion], rebase: Rebase) -> Together:
    """One after the other, each on what the ones before made of the note."""
    now, stale = data, list[tuple[Suggestion, str]]()
    for suggestion in suggestions:
        try:
            edit = rebase(suggestion, now)
            now = now if edit is None else apply(edit, now)
        except StaleEditError as error:
            stale.append((suggestion, error.cause or error.effect))
    return Together(difference(path, data, now), tuple(stale))


def difference(path: VaultPath, was: bytes, now: bytes) -> Edit | None:
    """The Edit that makes the one from the other, as short as one span can be; None where they are the same."""
    if was == now:
        return None
    (_, before), (_, after) = split_mark(was), split_mark(now)
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    left = len(before) - end
    return Edit(path, content_hash(was), Span(start, left), before[start:left], after[start : len(after) - end])


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    most = min(len(one), len(other))
    if one[:most] == other[:most]:
        return most
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle)
    return low
