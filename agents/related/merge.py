"""What becomes of each line of the section `related` when Famulus writes into it again."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agents.links.wikilink import first_link, linked_name
from agents.related.section import (
    RELATIONS,
    Block,
    Entry,
    Relation,
    Resolve,
    definition,
    definition_line,
    entry,
    item_line,
)
from vault_sync.paths import VaultPath
from vault_sync.text import fold

_REFERENCE = re.compile(r"\[\^(famulus-\d+)\]")


@dataclass(frozen=True, slots=True)
class Item:
    """A related note to be listed: `link` and `source` are links as written, `reason` is one line of Markdown."""

    target: VaultPath
    relation: Relation
    link: str
    reason: str
    source: str


@dataclass(frozen=True, slots=True)
class Written:
    """An item as Famulus wrote it, with its footnote's label."""

    item: Item
    label: str


def target_key(name: str, resolve: Resolve) -> str:
    """What two links to the same note share: its path, or the folded name where there is no such note."""
    return resolve(name) or unresolved_key(name)


def _name_key(link: str) -> str:
    found = first_link(link)
    return unresolved_key(linked_name(found) if found else "")


def unresolved_key(name: str) -> str:
    """The key of a name that no note has now."""
    return f"?{fold(name)}"


def merged_blocks(
    old: Sequence[Block],
    items: Sequence[Item],
    written: Sequence[Written],
    resolve: Resolve,
    outside: frozenset[str],
) -> tuple[list[Block], tuple[Written, ...]]:
    """The new blocks, and the items in them that are Famulus's own. `outside` holds labels used elsewhere."""
    merge = _Merge(old, items, written, resolve, outside)
    blocks = [Block(b.part, b.heading, tuple(merge.kept(b))) for b in old if b.part != "sources"]
    for relation in RELATIONS:
        blocks = _extended(blocks, relation, merge.added(relation))
    sources = next((b for b in old if b.part == "sources"), Block("sources", "", ()))
    return [*blocks, Block("sources", sources.heading, merge.sources(sources, blocks))], tuple(merge.now)


def _extended(blocks: list[Block], relation: Relation, lines: list[str]) -> list[Block]:
    if not any(block.part == relation for block in blocks):
        return [*blocks, Block(relation, "", tuple(lines))]
    return [Block(b.part, b.heading, (*b.lines, *lines)) if b.part == relation else b for b in blocks]


class _Merge:
    """One merge: which notes are listed already, which labels are taken, what was written."""

    def __init__(
        self,
        old: Sequence[Block],
        items: Sequence[Item],
        written: Sequence[Written],
        resolve: Resolve,
        outside: frozenset[str],
    ) -> None:
        self._resolve = resolve
        self._items = {str(item.target): item for item in items}
        self._written = {str(w.item.target): w for w in written}
        self._by_key = {_name_key(w.item.link): w for w in written} | self._written
        self._outside = outside
        self._taken = set(outside) | {label for b in old for line in b.lines for label in _REFERENCE.findall(line)}
        self._labels = {target_key(e.name, resolve): e.label for _, e in _entries(old) if e.label}
        self._listed = self._users(old)
        self.now: list[Written] = []

    def _users(self, old: Sequence[Block]) -> set[str]:
        return {target_key(e.name, self._resolve) for b, e in _entries(old) if not self._ours(b, e)}

    def _ours(self, block: Block, found: Entry) -> bool:
        last = self._last(found)
        return (
            last is not None
            and (found.reason, block.part) == (last.item.reason, last.item.relation)
            and found.label == last.label
        )

    def _last(self, found: Entry) -> Written | None:
        """What Famulus wrote last of the note that a line names; its link may lead nowhere since this note moved."""
        return self._by_key.get(target_key(found.name, self._resolve))

    def kept(self, block: Block) -> Iterator[str]:
        """The lines of an old block that stay, ours brought up to date."""
        for line in block.lines:
            found = entry(line)
            if found is None or not self._ours(block, found):
                yield line
                continue
            last = self._last(found)
            item = self._items.get(str(last.item.target)) if last else None
            if item is not None and item.relation == block.part and str(item.target) not in self._listed:
                yield self._write(item)

    def added(self, relation: Relation) -> list[str]:
        """Lines for the items that are not listed yet."""
        new = [i for i in self._items.values() if i.relation == relation and str(i.target) not in self._listed]
        return [self._write(item) for item in new]

    def _write(self, item: Item) -> str:
        label = self._labels.get(str(item.target)) or self._free_label()
        self._listed.add(str(item.target))
        self.now.append(Written(item, label))
        return item_line(item.link, item.reason, label)

    def _free_label(self) -> str:
        number = 1
        while f"famulus-{number}" in self._taken:
            number += 1
        self._taken.add(f"famulus-{number}")
        return f"famulus-{number}"

    def sources(self, old: Block, blocks: Sequence[Block]) -> tuple[str, ...]:
        """The footnotes: those still referred to, the user's own lines, and the new ones."""
        ours = {w.label: w.item.source for w in self.now}
        last = {w.label: w.item.source for w in self._written.values()}
        text = "\n".join(line for block in blocks for line in block.lines)
        used = set(_REFERENCE.findall(text)) | self._outside
        lines: list[str] = []
        for line in old.lines:
            label, source = definition(line) or ("", "")
            if label in ours and source == last.get(label):
                line = definition_line(label, ours[label])
            if label not in last or label in used or source != last[label]:
                lines.append(line)
        defined = {d[0] for line in (*lines, *text.split("\n")) if (d := definition(line))}
        lines += [definition_line(label, ours[label]) for label in ours if label not in defined]
        return tuple(lines)


def _entries(blocks: Sequence[Block]) -> Iterator[tuple[Block, Entry]]:
    for block in blocks:
        for line in block.lines if block.part != "sources" else ():
            found = entry(line)
            if found is not None:
                yield block, found
