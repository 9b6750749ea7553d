"""The text of an Obsidian canvas (JSON Canvas 1.0): cards, names of files, labels of groups and of arrows."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from vault_sync.errors import UnreadableNoteError
from vault_sync.notes.assembly import BETWEEN, Piece, assembled
from vault_sync.notes.lines import Lines
from vault_sync.notes.linktext import read_wikilink
from vault_sync.notes.note import Link, Note, Span
from vault_sync.notes.parse import decode
from vault_sync.paths import NOTE_SUFFIX, VaultPath

CARD = 200
"""Characters from which a card is a piece of its own; shorter ones of one group are read together."""
MOST_GROUPS = 200
"""More groups are not asked which card lies in them: no hand has drawn such a canvas."""

_ID = re.compile(r'"id"\s*:\s*"((?:[^"\\]|\\.)*)"')
_HEADING = re.compile(r"^#{1,6}\s", re.MULTILINE)
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class _Element:
    """A node or an edge: what it says, the line of the file that names it, and for a node its box."""

    kind: str
    text: str
    line: int
    left: float = 0.0
    top: float = 0.0
    width: float = 0.0
    height: float = 0.0

    def holds(self, other: "_Element") -> bool:
        """Whether the middle of the other lies in this one."""
        x, y = other.left + other.width / 2, other.top + other.height / 2
        inside = self.left <= x <= self.left + self.width and self.top <= y <= self.top + self.height
        return inside and self.width * self.height > other.width * other.height


def read_canvas(path: VaultPath, data: bytes) -> Note:
    """The canvas as a note: a part for each long card, and one for the short cards, names and labels of each group.

    Raises UnreadableNoteError for what is no JSON Canvas.
    """
    text = decode(data, path)
    nodes, edges = _read(text, path)
    groups = sorted((n for n in nodes if n.kind == "group"), key=lambda n: -n.width * n.height)[:MOST_GROUPS]
    return assembled(path, _pieces(nodes, edges, groups), _file_links(nodes))


def _read(text: str, path: VaultPath) -> tuple[list[_Element], list[_Element]]:
    try:
        canvas = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError) as error:
        raise _unreadable(path, f"It is not valid JSON: {error}.") from error
    if not isinstance(canvas, dict):
        raise _unreadable(path, "It is not a JSON object with `nodes` and `edges`.")
    where = _lines_by_id(text)
    nodes = [_node(item, where) for item in _objects(canvas.get("nodes"))]
    edges = [_Element("edge", _text(item, "label"), _line(item, where)) for item in _objects(canvas.get("edges"))]
    return sorted(nodes, key=lambda node: (node.top, node.left)), edges


def _unreadable(path: VaultPath, cause: str) -> UnreadableNoteError:
    return UnreadableNoteError(
        f"The canvas {path!r} is left out of the index.", cause, "Open it in Obsidian, or restore an earlier version."
    )


def _objects(value: object) -> list[Mapping[str, object]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _lines_by_id(text: str) -> dict[str, int]:
    lines, found = Lines(text), dict[str, int]()
    for match in _ID.finditer(text):
        found.setdefault(_unescaped(match.group(1)), lines.number(match.start()))
    return found


def _unescaped(written: str) -> str:
    try:
        return str(json.loads(f'"{written}"', strict=False))
    except ValueError:
        return written


def _line(item: Mapping[str, object], where: Mapping[str, int]) -> int:
    name = item.get("id")
    return where.get(name, 1) if isinstance(name, str) else 1


def _node(item: Mapping[str, object], where: Mapping[str, int]) -> _Element:
    box = (_number(item, key) for key in ("x", "y", "width", "height"))
    kind = _text(item, "type")
    said = {"text": "text", "group": "label", "link": "url"}.get(kind, "file")
    text = _text(item, said) + (_text(item, "subpath") if said == "file" else "")
    return _Element(kind, text, _line(item, where), *box)


def _text(item: Mapping[str, object], key: str) -> str:
    value = item.get(key)
    return _SURROGATE.sub("\ufffd", value).strip() if isinstance(value, str) else ""


def _number(item: Mapping[str, object], key: str) -> float:
    value = item.get(key)
    return float(value) if isinstance(value, int | float) and abs(value) < 1e12 else 0.0


def _pieces(nodes: Iterable[_Element], edges: Iterable[_Element], groups: list[_Element]) -> Iterator[Piece]:
    """Group by group, in the order in which one reads them: from the top, then from the left."""
    short: dict[tuple[str, ...], list[_Element]] = {}
    long: dict[tuple[str, ...], list[_Element]] = {}
    for node in nodes:
        around = tuple(group.text for group in groups if group.text and group is not node and group.holds(node))
        path = (*around, node.text) if node.kind == "group" and node.text else around
        cards, named = long.setdefault(path, []), short.setdefault(path, [])
        is_long = node.kind == "text" and (len(node.text) > CARD or _HEADING.search(node.text))
        (cards if is_long else named).append(node)
    for path, named in short.items():
        yield _joined(path, [node for node in named if node.kind != "group"] or named)
        yield from (Piece(path, card.text, ((0, card.line),), markdown=True) for card in long[path])
    yield _joined((), edges)


def _joined(path: tuple[str, ...], elements: Iterable[_Element]) -> Piece:
    text, places = "", []
    for element in elements:
        if said := _name(element.text) if element.kind == "file" else element.text:
            text += BETWEEN if text else ""
            places.append((len(text), element.line))
            text += said
    return Piece(path, text, tuple(places), markdown=True)


def _name(file: str) -> str:
    """What a file on a canvas is called there: its name without folder and `.md`, and the heading that is shown."""
    path, mark, subpath = file.partition("#")
    name = path.rpartition("/")[2]
    return name.removesuffix(NOTE_SUFFIX) + (f" > {subpath}" if mark and not subpath.startswith("^") else "")


def _file_links(nodes: Iterable[_Element]) -> Iterator[Link]:
    for node in nodes:
        if node.kind == "file" and (parts := read_wikilink(node.text)):
            yield Link("embed", parts.target, parts.heading, parts.block, None, Span(0, 0), node.line, node.text)
