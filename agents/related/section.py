"""The text between the markers of the managed section `related`: its parts, read and written."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from agents.links.wikilink import first_link, linked_name
from vault_sync.paths import VaultPath

Relation = Literal["broader", "narrower", "direct"]
Part = Literal["title", "broader", "narrower", "direct", "other", "sources"]
Resolve = Callable[[str], VaultPath | None]

RELATIONS: tuple[Relation, ...] = ("broader", "narrower", "direct")
_ORDER: tuple[Part, ...] = ("title", *RELATIONS, "other", "sources")
HEADINGS: dict[str, dict[Part, str]] = {
    "en": {
        "title": "## Related ideas",
        "broader": "### Broader",
        "narrower": "### Narrower",
        "direct": "### Directly related",
        "sources": "### Sources",
    },
    "ru": {
        "title": "## Связанные идеи",
        "broader": "### Вышестоящие",
        "narrower": "### Нижестоящие",
        "direct": "### Прямо относящиеся",
        "sources": "### Источники",
    },
}
_KNOWN = {text: part for names in HEADINGS.values() for part, text in names.items()}
_ITEM = re.compile(r"[-*+][ \t]+(?P<rest>.*)")
_DASH = " — "
_LABEL = re.compile(r"\[\^(famulus-\d+)\]\s*$")
_DEFINITION = re.compile(r"\[\^(famulus-\d+)\]:[ \t]*(.*)")


@dataclass(frozen=True, slots=True)
class Entry:
    """A list item with a link: where it goes, what is said of it, and its footnote's label or an empty string."""

    name: str
    reason: str
    label: str


@dataclass(frozen=True, slots=True)
class Block:
    """A heading and the lines under it, without blank lines at the ends."""

    part: Part
    heading: str
    lines: tuple[str, ...]


def item_line(link: str, reason: str, label: str) -> str:
    """The line of one related note."""
    return f"- {link}{_DASH}{reason}[^{label}]"


def definition_line(label: str, source: str) -> str:
    """The line of one footnote."""
    return f"[^{label}]: {source}"


def entry(line: str) -> Entry | None:
    """What a line says of a note, None where it is no list item that starts with a link."""
    item = _ITEM.fullmatch(line.rstrip())
    link = first_link(item["rest"]) if item else None
    if item is None or link is None or item["rest"][: link.start].strip():
        return None
    rest = item["rest"][link.end :]
    label = _LABEL.search(rest)
    reason = rest[: label.start()] if label else rest
    return Entry(linked_name(link), reason.removeprefix(_DASH), label[1] if label else "")


def definition(line: str) -> tuple[str, str] | None:
    """Label and source of a footnote's line."""
    match = _DEFINITION.fullmatch(line.rstrip())
    return (match[1], match[2]) if match else None


def parse(inner: str) -> list[Block]:
    """The blocks of the text between the markers; two blocks of one part become one."""
    found: list[tuple[Part, str, list[str]]] = [("title", "", [])]
    for line in inner.replace("\r\n", "\n").split("\n"):
        part = _part(line)
        if part is None:
            found[-1][2].append(line)
        elif part == "title" and not found[0][1]:
            found.append(("title", line, []))
        else:
            found.append((part if part != "title" else "other", line, []))
    return _joined([Block(part, heading, _trimmed(lines)) for part, heading, lines in found])


def _part(line: str) -> Part | None:
    stripped = line.rstrip()
    if stripped in _KNOWN:
        return _KNOWN[stripped]
    if re.match(r"##[ \t]", stripped):
        return "title"
    return "other" if re.match(r"#{1,6}[ \t]", stripped) else None


def _joined(blocks: list[Block]) -> list[Block]:
    joined: list[Block] = []
    for block in blocks:
        same = next((i for i, b in enumerate(joined) if b.part == block.part != "other"), None)
        if same is None:
            joined.append(block)
        else:
            first = joined[same]
            joined[same] = Block(block.part, first.heading or block.heading, first.lines + block.lines)
    return joined


def _trimmed(lines: Sequence[str]) -> tuple[str, ...]:
    full = [number for number, line in enumerate(lines) if line.strip()]
    return tuple(lines[full[0] : full[-1] + 1]) if full else ()


def render(blocks: Sequence[Block], language: str) -> str:
    """The text between the markers with `\\n` at line ends; empty where nothing is left to say.

    Famulus's own headings are written in `language`; headings that the user changed stay.
    """
    if not any(block.lines for block in blocks) and all(block.part != "other" for block in blocks):
        return ""
    ordered = sorted(blocks, key=lambda block: _ORDER.index(block.part))
    shown = [b for b in ordered if b.lines or b.part in ("title", "other")]
    if not any(block.part == "title" for block in shown):
        shown.insert(0, Block("title", "", ()))
    return "\n\n".join("\n".join(_shown(block, language)) for block in shown) + "\n"


def _shown(block: Block, language: str) -> list[str]:
    heading = block.heading.rstrip()
    if block.part != "other" and (not heading or heading in _KNOWN):
        heading = HEADINGS[language if language in HEADINGS else "en"][block.part]
    gap = [""] if block.part == "title" and block.lines else []
    return [heading, *gap, *block.lines]
