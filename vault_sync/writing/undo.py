"""Taking a write back, also where the note has been changed elsewhere since. Pure.

The change is turned round and carried over to the note as it is now, by way of what both texts have in common. It is
never searched for: where the place itself, or what surrounds a deletion, was edited since, undoing is refused.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from vault_sync.errors import UndoRefusedError
from vault_sync.notes.note import Span
from vault_sync.paths import VaultPath
from vault_sync.writing.edit import ABSENT, Edit, Removal, content_hash, split_mark
from vault_sync.writing.journal import Images

_PIECE = re.compile(r"\w+|\s|[^\w\s]")
_MOST_PAIRS = 2_000_000
"""Pairs of equal pieces that a comparison may have to look at; it takes quadratic time where much is the same."""

_MOST_PLACES = 200
_MOST_LINES = 8
"""Beginnings of lines at which one change is tried."""
_CLOSE = 80
"""Characters between two changes in a line up to which they are one: what stands there was changed with them, such as
the words that a link was put around."""


@dataclass(frozen=True, slots=True)
class Same:
    """A stretch of `length` code points that stands at `old` in one text and at `new` in the other."""

    old: int
    new: int
    length: int


def reverse(path: VaultPath, images: Images, now: bytes | None) -> Edit | Removal | None:
    """What takes the write back from the note as it is `now`; None where nothing is left of it.

    Raises UndoRefusedError where the user has changed the same place since.
    """
    if now == images.before:
        return None
    if images.after is None:
        if now is not None:
            raise _refused(path, "A note of that name exists by now.")
        return Edit(path, ABSENT, Span(0, 0), "", (images.before or b"").decode())
    if now is None:
        raise _refused(path, "The note is gone.")
    if images.before is None:
        if now != images.after:
            raise _refused(path, "The note was made by Famulus and has been changed since.")
        return Removal(path, content_hash(now))
    return _carried_over(path, images.before, images.after, now)


def _carried_over(path: VaultPath, before: bytes, after: bytes, now: bytes) -> Edit:
    try:
        old, new, text = split_mark(before)[1], split_mark(after)[1], split_mark(now)[1]
    except UnicodeDecodeError as error:
        raise _refused(path, "The note is no longer UTF-8.") from error
    for place, was in turned_round(old, new):
        found = carry_over(place, new, text)
        if found is not None:
            return Edit(path, content_hash(now), found, text[found.start : found.end], was)
    parts = _parts_carried_over(old, new, text)
    if not parts:
        raise _refused(path, "The same place has been changed since.")
    whole = Span(parts[0][0].start, parts[-1][0].end)
    return Edit(path, content_hash(now), whole, text[whole.start : whole.end], _replaced(text, whole.start, parts))


def _parts_carried_over(old: str, new: str, text: str) -> list[tuple[Span, str]]:
    """A change at several places, each carried over by itself, in order; empty where one of them can not be."""
    changed = places(old, new)
    if not 1 < len(changed) <= _MOST_PLACES:
        return []
    carried: list[tuple[Span, str]] = []
    for before, after in _between(changed, len(old), len(new)):
        start, end = before[1], after[1]
        ways = turned_round(old[before[0] : after[0]], new[start:end])
        found = next((each for way in ways if (each := _way_over(way, start, new, text)) is not None), None)
        if found is None or (carried and found[0].start < carried[-1][0].end):
            return []
        carried.append(found)
    return carried


def _way_over(way: tuple[Span, str], at: int, new: str, text: str) -> tuple[Span, str] | None:
    place, was = way
    found = carry_over(Span(at + place.start, at + place.end), new, text)
    return None if found is None else (found, was)


def _between(
    changed: Sequence[tuple[Span, Span]], old: int, new: int
) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """For each change where, in both texts, the one before it ends and the one behind it begins."""
    ends = [(0, 0), *((was.end, now.end) for was, now in changed)]
    starts = [*((was.start, now.start) for was, now in changed), (old, new)]
    return zip(ends[:-1], starts[1:], strict=True)


def _replaced(text: str, start: int, parts: Sequence[tuple[Span, str]]) -> str:
    made = ""
    for place, was in parts:
        made += text[start : place.start] + was
        start = place.end
    return made


def places(old: str, new: str) -> list[tuple[Span, Span]]:
    """Where two texts differ, in both of them and in order. What is close together within a line is one place."""
    changed: list[tuple[Span, Span]] = []
    at = there = 0
    for same in [*common(old, new, Span(0, len(old))), Same(len(old), len(new), 0)]:
        if (at, there) != (same.old, same.new):
            was, now = Span(at, same.old), Span(there, same.new)
            close = bool(changed) and _is_close(old[changed[-1][0].end : at])
            if close:
                was, now = Span(changed[-1][0].start, was.end), Span(changed[-1][1].start, now.end)
            changed[-1 if close else len(changed) :] = [(was, now)]
        at, there = same.old + same.length, same.new + same.length
    return changed


def _is_close(between: str) -> bool:
    return len(between) < _CLOSE and "\n" not in between


def turned_round(old: str, new: str) -> list[tuple[Span, str]]:
    """The spans of `new` that, replaced by the text beside them, give `old`: equal ways to say one change.

    What was put in or taken out between equal characters can be seen as lying behind or in front of them, or where a
    line begins among them.
    """
    start, end = _shared_ends(old, new)
    old_end, new_end = len(old) - end, len(new) - end
    ways = [(Span(start, new_end), old[start:old_end])]
    longer, stop = (new, new_end) if start == old_end else (old, old_end)
    back = 0
    if start in (old_end, new_end):
        while back < start and longer[start - back - 1] == longer[stop - back - 1]:
            back += 1
    shifts = [back] if back else []
    # a whole line has neighbours that begin and end alike: only as a line it stays itself when they go
    shifts += [by for by in range(1, back) if longer[start - by - 1] == "\n"][:_MOST_LINES]
    return ways + [(Span(start - by, new_end - by), old[start - by : old_end - by]) for by in shifts]


def _shared_ends(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """How long the common beginning is, and the common end behind it."""
    most = min(len(old), len(new))
    start = next((i for i in range(most) if old[i] != new[i]), most)
    return start, next((i for i in range(most - start) if old[-1 - i] != new[-1 - i]), most - start)


def carry_over(place: Span, old: str, new: str) -> Span | None:
    """Where a place of `old` stands in `new`, None where it, or the characters around an empty one, are not the same."""
    shared = common(old, new, place)
    for same in shared:
        starts = same.old <= place.start if place.start < place.end or place.start == 0 else same.old < place.start
        last = same.old + same.length
        ends = place.end <= last if place.start < place.end or place.end == len(old) else place.end < last
        if starts and ends:
            shift = same.new - same.old
            return Span(place.start + shift, place.end + shift)
    return _put_in_beside(place, old, new, shared)


def _put_in_beside(place: Span, old: str, new: str, shared: Sequence[Same]) -> Span | None:
    """Where the place stands when text was put in right beside it: a line in front of one that follows a newline
    can be seen as standing behind that newline or in front of it, and only one of these leaves the place in one piece.
    """
    for first, second in pairwise(shared):
        at, end = second.old, first.new + first.length
        whole = first.old <= place.start < at < place.end <= at + second.length
        if not whole or first.old + first.length != at:
            continue
        ahead, behind = at - place.start, place.end - at
        if new[second.new - ahead : second.new] == old[place.start : at]:
            return Span(second.new - ahead, second.new + behind)
        if new[end : end + behind] == old[at : place.end]:
            return Span(end - ahead, end + behind)
    return None


def common(old: str, new: str, near: Span) -> list[Same]:
    """What two texts share, in order: whole lines, and in the changed lines around `near` also words."""
    found: list[Same] = []
    for at, there, left, right in _stretches(old.splitlines(keepends=True), new.splitlines(keepends=True)):
        if left == right:
            found.append(Same(at, there, len(left)))
        elif at <= near.end and near.start <= at + len(left):
            words = _stretches(_PIECE.findall(left), _PIECE.findall(right))
            found += [Same(at + i, there + j, len(piece)) for i, j, piece, other in words if piece == other]
    return _joined(found)


def _stretches(first: Sequence[str], second: Sequence[str]) -> Iterator[tuple[int, int, str, str]]:
    """Two texts in pieces, side by side: offset in each, and the texts, which are equal or differ. Nothing is left out.

    What would take too long to compare between the common ends is one difference.
    """
    start, end = _shared_ends(first, second)
    middle = first[start : len(first) - end], second[start : len(second) - end]
    blocks = [(start, start)]
    if _pairs(*middle) <= _MOST_PAIRS:
        for _, i, j, k, m in SequenceMatcher(None, *middle, autojunk=False).get_opcodes():
            blocks.append((j - i, m - k))
    else:
        blocks.append((len(middle[0]), len(middle[1])))
    at = there = i = k = 0
    for length, other in [*blocks, (end, end)]:
        left, right = "".join(first[i : i + length]), "".join(second[k : k + other])
        yield at, there, left, right
        at, there, i, k = at + len(left), there + len(right), i + length, k + other


def _pairs(first: Sequence[str], second: Sequence[str]) -> int:
    times = Counter(second)
    return sum(count * times[piece] for piece, count in Counter(first).items())


def _joined(found: Sequence[Same]) -> list[Same]:
    """Stretches that follow each other in both texts, as one."""
    joined: list[Same] = []
    for same in found:
        last = joined[-1] if joined else None
        if last is not None and (last.old + last.length, last.new + last.length) == (same.old, same.new):
            joined[-1] = Same(last.old, last.new, last.length + same.length)
        else:
            joined.append(same)
    return joined


def _refused(path: VaultPath, cause: str) -> UndoRefusedError:
    return UndoRefusedError(
        f"What was written to {path!r} was not taken back.",
        cause,
        "Change the note by hand; `--dry-run` shows what was written.",
    )
