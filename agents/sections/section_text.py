"""The text of a section by the user's prompt: its statements with their sources, merged with what the user did there.

A statement that still stands as Famulus wrote it may be replaced; any other line is the user's and stays.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from agents.related.section import HEADINGS
from vault_sync.paths import VaultPath

_SOURCES = frozenset(names["sources"] for names in HEADINGS.values())
_TITLE = re.compile(r"##[ \t]+\S")


@dataclass(frozen=True, slots=True)
class Line:
    """A statement as one line of Markdown, the link to its source, and the note and sentence that it rests on.

    `key` stands for that sentence: a statement that the user took out does not come back in other words.
    """

    text: str
    source: str
    path: VaultPath
    key: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A line as it was written, with its footnote's label; `seen` once it was found in the note."""

    line: Line
    label: str
    seen: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """How a section is headed: its own heading in the note's language, those that may be replaced, and its name."""

    name: str
    heading: str
    headings: frozenset[str]
    sources: str

    @property
    def labels(self) -> "re.Pattern[str]":
        """References to this section's own footnotes: no other section has such labels."""
        return re.compile(rf"\[\^(famulus-{re.escape(self.name)}-\d+)\]")


def statements(inner: str, look: Look) -> set[str]:
    """The texts of the section's items, without their footnotes."""
    return {text for line in _parts(inner)[1] if (text := _item(line, look)[0])}


def merged(
    inner: str, lines: Sequence[Line], before: Sequence[Listed], outside: str, look: Look
) -> tuple[str, tuple[Listed, ...]]:
    """The section's new text (empty where nothing is left to say), and the items in it that are Famulus's own.

    `inner` is the old text between the markers, `before` what Famulus last wrote, `outside` the rest of the note.
    """
    heading, body, sources = _parts(inner)
    wanted = {line.text: line for line in lines}
    old = {(each.line.text, each.label): each for each in before}
    now: list[Listed] = []
    kept: list[str] = []
    for line in body:
        ours = old.get(_item(line, look))
        if ours is None:
            kept.append(line)
        elif ours.line.text in wanted:
            now.append(Listed(wanted.pop(ours.line.text), ours.label, ours.seen))
            kept.append(line)
    theirs = {_item(line, look)[0] for line in kept}
    labels = _free(look, "\n".join((outside, *kept, *sources)))
    for new in wanted.values():
        if new.text not in theirs:
            now.append(Listed(new, next(labels)))
            kept.append(f"- {new.text}[^{now[-1].label}]")
    kept = _trimmed(kept)
    if not kept:
        return "", ()
    footnotes = _footnotes(sources, kept, now, old.values(), outside, look)
    title = look.heading if not heading or heading in look.headings else heading
    parts = [title, "\n".join(kept), "\n".join([look.sources, *footnotes]) if footnotes else ""]
    return "\n\n".join(part for part in parts if part) + "\n", tuple(now)


def _parts(inner: str) -> tuple[str, list[str], list[str]]:
    """Heading, body and footnotes of the text between the markers."""
    lines = _trimmed(inner.replace("\r\n", "\n").split("\n"))
    heading = lines[0].rstrip() if lines and _TITLE.match(lines[0]) else ""
    rest = lines[1:] if heading else lines
    cut = next((number for number, line in enumerate(rest) if line.rstrip() in _SOURCES), len(rest))
    return heading, _trimmed(rest[:cut]), _trimmed(rest[cut + 1 :])


def _item(line: str, look: Look) -> tuple[str, str]:
    """Text and label of an item; other lines are all text."""
    bare = line.rstrip()
    label = look.labels.search(bare)
    if label is None or label.end() != len(bare) or not bare.startswith("- "):
        return bare, ""
    return bare[2 : label.start()], label[1]


def _free(look: Look, used: str) -> Iterator[str]:
    taken = set(look.labels.findall(used))
    numbers = (number for number in range(1, 10_000) if f"famulus-{look.name}-{number}" not in taken)
    return (f"famulus-{look.name}-{number}" for number in numbers)


def _footnotes(
    sources: Sequence[str],
    kept: Sequence[str],
    now: Sequence[Listed],
    before: Iterable[Listed],
    outside: str,
    look: Look,
) -> list[str]:
    """Those still referred to, the user's own lines, and the new ones."""
    ours = {each.label: f"[^{each.label}]: {each.line.source}" for each in now}
    was = {f"[^{each.label}]: {each.line.source}" for each in before}
    used = set(look.labels.findall("\n".join((outside, *kept))))
    found: list[str] = []
    for line in sources:
        label = look.labels.match(line)
        if label is None or line.rstrip() not in was:
            found.append(line)
        elif label[1] in used:
            found.append(ours.get(label[1], line))
    defined = {label[1] for line in found if (label := look.labels.match(line))}
    return [*found, *(line for label, line in ours.items() if label not in defined)]


def _trimmed(lines: Sequence[str]) -> list[str]:
    full = [number for number, line in enumerate(lines) if line.strip()]
    return list(lines[full[0] : full[-1] + 1]) if full else []
