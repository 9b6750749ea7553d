"""What Famulus put into a note's own text, found by the note as its user wrote it and without the code under test. Pure.

Famulus may put links around words of the user (`text` becomes `[[Note|text]]`) and tags and a description into the
frontmatter. It puts bytes in and never takes one out, so that cutting them out has to give the user's bytes again.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

Cut = tuple[int, int]

_MARK = b"\xef\xbb\xbf"
_BLOCK = re.compile(rb"---[ \t]*\r?\n(?:.*?\n)??---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_FENCE = re.compile(rb"---[ \t]*(?:\r?\n)?")
_LINE = re.compile(rb"[ \t]*(?:- [^\r\n]+|tags:[^\r\n]*|description: [^\r\n]+)\r?\n")
_GROWS = re.compile(rb"[ \t]*(?:tags?|description):")
_LINK = re.compile(rb"\[\[(?:[^\[\]|\r\n]+?\\?\|)?(?P<text>[^\[\]|\r\n]+)\]\]|\[(?P<label>[^\[\]\r\n]+)\]\([^()\s]+\)")


@dataclass(frozen=True, slots=True)
class Put:
    """Something that was put in: what stands there now, and the `cuts` of the note's bytes that are not the user's."""

    text: bytes
    cuts: tuple[Cut, ...]


def put_in(own: bytes, now: bytes) -> tuple[Put, ...] | None:
    """What has to be cut out of `now` so that `own` is left, byte for byte; None where that can not be."""
    if own == now:
        return ()
    mine, head = _head(own), _head(now)
    above = _in_head(own[:mine], now[:head], new=mine == _mark(own))
    below = _in_text(own[mine:], now[head:], head)
    return None if above is None or below is None else (*above, *below)


def without(data: bytes, puts: Iterable[Put]) -> bytes:
    """The bytes that are left once all is cut out; cuts behind their end do not count."""
    left, at = b"", 0
    for start, end in sorted(cut for put in puts for cut in put.cuts):
        left += data[at:start]
        at = end
    return left + data[at:]


def recovered(own: bytes, now: bytes) -> bytes:
    """The user's part of `now`, which need not hold all of `own`: each line of it that the user's lines account for."""
    mine, head = _head(own), _head(now)
    above = _in_head(own[:mine], now[:head], new=mine == _mark(own))
    lines, left = own[mine:].splitlines(keepends=True), now[head:].splitlines(keepends=True)
    return (now[:head] if above is None else own[:mine]) + b"".join(line_of(lines, line) or line for line in left)


def line_of(lines: Sequence[bytes], now: bytes) -> bytes | None:
    """The one of the user's lines that stands there, links taken out; None where none does."""
    if now in lines or (b"](" not in now and b"[[" not in now):
        return now if now in lines else None
    return next((line for line in lines if _in_text(line, now, 0) is not None), None)


def _mark(data: bytes) -> int:
    return len(_MARK) if data.startswith(_MARK) else 0


def _head(data: bytes) -> int:
    """Where the frontmatter ends, byte order mark and fences included."""
    found = _BLOCK.match(data, _mark(data))
    return found.end() if found else _mark(data)


def _in_head(own: bytes, now: bytes, *, new: bool) -> list[Put] | None:
    """The whole block where the user has none, else lines between the user's own, and what was put into these."""
    mine, lines = own.splitlines(keepends=True), now.splitlines(keepends=True)
    if own == now:
        return []
    if new:
        inner = now[_mark(now) :].splitlines(keepends=True)
        ours = _mark(own) == _mark(now) and all(map(_LINE.fullmatch, inner[1:-1]))
        return [Put(now[_mark(now) :], ((_mark(now), len(now)),))] if ours else None
    found, at, next_own = [], 0, 0
    for line in lines:
        user = mine[next_own] if next_own < len(mine) else b""
        put = _in_line(user, line, at) if user else None
        if line == user or put is not None:
            next_own += 1
        elif not _LINE.fullmatch(line):
            return None
        else:
            put = Put(line, ((at, at + len(line)),))
        found += [put] if put else []
        at += len(line)
    return found if next_own == len(mine) else None


def _in_line(own: bytes, now: bytes, offset: int) -> Put | None:
    """More tags, or a description, in a line that the user began."""
    if not _GROWS.match(own) or len(now) <= len(own):
        return None
    start = next((i for i, (one, other) in enumerate(zip(own, now, strict=False)) if one != other), len(own))
    end = len(now) - (len(own) - start)
    return Put(now[start:end], ((offset + start, offset + end),)) if now[end:] == own[start:] else None


def _in_text(own: bytes, now: bytes, offset: int) -> list[Put] | None:
    """Links around the user's words. What the user wrote as a link is the user's."""
    found, there, at = list[Put](), 0, 0
    for link in _links(now):
        gap = now[at : link.start()]
        if not own.startswith(gap, there):
            return None
        there, at = there + len(gap), link.start()
        if own.startswith(link[0], there):
            continue
        group = "text" if link["text"] is not None else "label"
        if not own.startswith(link[group], there):
            return None
        there, at = there + len(link[group]), link.end()
        cuts = (link.start() + offset, link.start(group) + offset), (link.end(group) + offset, link.end() + offset)
        found.append(Put(link[0], cuts))
    return found if own[there:] == now[at:] else None


def _links(text: bytes) -> Iterator[re.Match[bytes]]:
    return _LINK.finditer(text)
