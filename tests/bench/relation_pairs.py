"""Pairs of notes whose relation their vault's structure tells, and a copy of each vault without that structure.

The pairs lie in tests/cases/relations.json, each with how it was derived and from which note:

- `list`, `nested list`: the broader note, or the item above, lists the narrower one under a heading such as “Types”;
- `folder note`: the broader note is named like the folder that both lie in;
- `introduction…`: a map of content begins a part with “Introduction to …”, and lists the narrower one below it;
- `one list`, `one folder`: both are items of one level in one list, or beside each other in a folder: direct;
- `see also`: under such a heading, and of one level, as read: direct.

All were read; pairs whose notes have no sentence of their own are left out, as are lists that mix levels.
"""

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from agents.related.section import Relation
from tests.bench.judged import FIXTURES
from vault_sync.paths import VaultPath

CASES = Path(__file__).resolve().parents[1] / "cases" / "relations.json"
VAULTS = ("techwiki-en", "brainnet-ru", "dataeng-en")
_HEADING = re.compile(r"#{1,6}[ \t]+(.*)")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d+[.)]|`\w+`)[ \t]")
_FIELD = re.compile(r"^\W*(?:extends|implements|direct known subclasses)\W.*(?:\n[ \t]*- .*)*", re.M | re.I)


@dataclass(frozen=True, slots=True)
class Pair:
    """What `target` is to `source`. `how`, `note` and `heading` say where that stands."""

    vault: str
    source: VaultPath
    target: VaultPath
    relation: Relation
    how: str
    note: VaultPath
    heading: str

    @property
    def broader(self) -> VaultPath | None:
        """The broader note of the two, if there is one."""
        return {"broader": self.target, "narrower": self.source}.get(self.relation)


def load_pairs() -> list[Pair]:
    """All pairs, in the order of the file."""
    return [
        Pair(
            row["vault"],
            VaultPath(row["source"]),
            VaultPath(row["target"]),
            row["relation"],
            row["derived"]["how"],
            VaultPath(row["derived"]["note"]),
            row["derived"].get("heading", ""),
        )
        for row in json.loads(CASES.read_text(encoding="utf-8"))
    ]


def hide(name: str, pairs: list[Pair], folder: Path, *, folders: bool) -> dict[VaultPath, VaultPath]:
    """Write the vault into `folder` without what the pairs were derived from; where each note lies now.

    Lists that told a pair are gone, with their headings, text and links; so are the lines of a broader note's lists that link a narrower
    one, and fields that say what a class extends. Without `folders` all notes lie in one folder.
    """
    lists: dict[VaultPath, set[str]] = defaultdict(set)
    below: dict[VaultPath, set[str]] = defaultdict(set)
    for pair in pairs:
        lists[pair.note].add(pair.heading) if "folder" not in pair.how else None
        if pair.broader:
            narrower = pair.target if pair.broader == pair.source else pair.source
            below[pair.broader].add(PurePosixPath(narrower).stem.casefold())
    root = FIXTURES / "vaults" / name
    moved: dict[VaultPath, VaultPath] = {}
    for file in sorted(root.rglob("*.md")):
        path = VaultPath(str(file.relative_to(root)))
        text = _FIELD.sub("", without(file.read_text(encoding="utf-8"), lists.get(path, set()), below.get(path, set())))
        moved[path] = path if folders else _flat(path, moved)
        target = folder / moved[path]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return moved


def without(text: str, headings: set[str], names: set[str]) -> str:
    """The text without the lists under these headings (an empty heading: all of them), and without items on names."""
    kept: list[str] = []
    hidden = "" in headings
    depth: int | None = None
    for line in text.split("\n"):
        heading = _HEADING.match(line)
        if heading:
            told = heading[1].strip("# *") in headings
            hidden, depth = "" in headings or told, None
            if told:
                continue
        indent = len(line) - len(line.lstrip())
        if depth is not None and line.strip() and indent > depth:
            continue
        depth = None
        listed = bool(_ITEM.match(line)) or (hidden and "[[" in line)
        if not heading and listed and (hidden or _names(line, names)):
            depth = indent
            continue
        kept.append(line)
    return "\n".join(kept)


def _names(line: str, names: set[str]) -> bool:
    found = re.findall(r"\[\[([^\]|#]+)", line)
    return any(PurePosixPath(each.strip()).name.casefold() in names for each in found)


def _flat(path: VaultPath, taken: Mapping[VaultPath, VaultPath]) -> VaultPath:
    name = PurePosixPath(path).name
    used = {each.casefold() for each in taken.values()}
    while f"Notes/{name}".casefold() in used:
        name = f"Other {name}"
    return VaultPath(f"Notes/{name}")
