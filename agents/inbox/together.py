"""Several suggestions for one note as one Edit: one write, one entry in the journal. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from agents.inbox.suggestion import Suggestion
from vault_sync.errors import StaleEditError
from vault_sync.notes.note import Span
from vault_sync.paths import VaultPath
from vault_sync.writing.edit import Edit, apply, content_hash, split_mark

Rebase = Callable[[Suggestion, bytes], Edit | None]
"""The suggestion's Edit for the note with these bytes, None where it has it already. Raises StaleEditError."""
Own = Callable[[bytes], tuple[str, ...]]
"""Hashes of what the user wrote in a note with these bytes, always as many, empty where there is none."""


@dataclass(frozen=True, slots=True)
class Together:
    """The one Edit, None where the note has it all, and the suggestions that do not fit any more, with the reason.

    `kinds` are those of which something is in the Edit.
    """

    edit: Edit | None
    stale: tuple[tuple[Suggestion, str], ...]
    kinds: tuple[str, ...] = ()


def together(
    path: VaultPath, data: bytes, suggestions: Sequence[Suggestion], rebase: Rebase, own: Own = lambda data: ()
) -> Together:
    """One after the other, each on what the ones before made of the note: that is no reason against the next."""
    now, waiting, stale, kinds = data, list(suggestions), list[tuple[Suggestion, str]](), set[str]()
    while waiting:
        suggestion = waiting.pop(0)
        try:
            edit = rebase(suggestion, now)
            then = now if edit is None else apply(edit, now)
        except StaleEditError as error:
            stale.append((suggestion, error.cause or error.effect))
            continue
        if then != now:
            kinds.add(suggestion.kind)
            waiting = carried(waiting, own(now), own(then)) if waiting else []
        now = then
    return Together(difference(path, data, now), tuple(stale), tuple(sorted(kinds)))


def carried(waiting: Iterable[Suggestion], was: tuple[str, ...], now: tuple[str, ...]) -> list[Suggestion]:
    """Suggestions made for what the user wrote before Famulus changed something in it, as made for what it is now."""
    new = {old: then for old, then in zip(was, now, strict=True) if old and then}
    return [
        replace(each, detail={key: new.get(value, value) for key, value in each.detail.items()}) for each in waiting
    ]


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
