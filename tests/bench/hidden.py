"""Vaults from which links were taken: each fold lacks one link in five, as if its author had never thought of it.

A hidden link is gone from the note's text, with its words, so it is in no vector and not in the link graph. A link back
from the target stays. Over the folds every link is hidden once, while most others are in place.
"""

import json
import random
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.bench.judged import FIXTURES
from vault_sync.evaluation.hiding import text_without
from vault_sync.notes.note import Link, Note
from vault_sync.notes.parse import parse_note
from vault_sync.notes.resolve import Resolver
from vault_sync.paths import VaultPath
from vault_sync.search.terms import roots

FOLDS = 5

Pair = tuple[VaultPath, VaultPath]
"""A note and another one that it links to."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """A link that was taken out; `easy`: a name of the target still stands in the source's text or names."""

    source: VaultPath
    target: VaultPath
    easy: bool


def truth(name: str) -> list[Pair]:
    """The links between notes that an independent reading found, but for those that it calls ambiguous."""
    pairs: dict[Pair, bool] = {}
    for line in (FIXTURES / "vaults" / f"{name}.links.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        ends = [unicodedata.normalize("NFC", row[end]) for end in ("source", "target")]
        if not row["self"] and not row["comment"] and all(end.endswith(".md") for end in ends):
            pair = VaultPath(ends[0]), VaultPath(ends[1])
            pairs[pair] = pairs.get(pair, False) or row["ambiguous"]
    return sorted(pair for pair, ambiguous in pairs.items() if not ambiguous)


def folds(name: str) -> list[frozenset[Pair]]:
    """The links in `FOLDS` parts, always the same ones."""
    pairs = truth(name)
    random.Random(name).shuffle(pairs)
    return [frozenset(pairs[part::FOLDS]) for part in range(FOLDS)]


def write_without(name: str, hide: frozenset[Pair], folder: Path) -> list[Hidden]:
    """Write the vault without these links into an empty `folder`; says which ones are indeed gone."""
    files = _files(FIXTURES / "vaults" / name)
    notes = {path: parse_note(path, file.read_bytes()) for path, file in files.items() if path.endswith(".md")}
    resolver = Resolver(files)
    gone: list[Hidden] = []
    for path, file in files.items():
        copy = folder / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        taken = _links(notes[path], resolver, hide) if path in notes else {}
        if not taken:
            copy.write_bytes(file.read_bytes())
            continue
        text = text_without(notes[path], [link for links in taken.values() for link in links])
        copy.write_bytes(text.encode())
        gone += _hidden(parse_note(path, text.encode()), taken, notes, resolver)
    return gone


def write_unlinked(name: str, folder: Path) -> list[Hidden]:
    """Write the vault without any link from note to note; says which of the true links are gone."""
    files = _files(FIXTURES / "vaults" / name)
    resolver, every = Resolver(files), set[Pair]()
    for path in (path for path in files if path.endswith(".md")):
        targets = (resolver.resolve_link(link, path) for link in parse_note(path, files[path].read_bytes()).links)
        every |= {(path, target) for target in targets if target is not None and target.endswith(".md")}
    known = set(truth(name))
    return [link for link in write_without(name, frozenset(every), folder) if (link.source, link.target) in known]


def _files(vault: Path) -> dict[VaultPath, Path]:
    found = (file for file in sorted(vault.rglob("*")) if file.is_file())
    paths = ((unicodedata.normalize("NFC", file.relative_to(vault).as_posix()), file) for file in found)
    return {VaultPath(path): file for path, file in paths if not path.startswith(".") and "/." not in path}


def _links(note: Note, resolver: Resolver, hide: frozenset[Pair]) -> dict[VaultPath, list[Link]]:
    found: dict[VaultPath, list[Link]] = {}
    for link in note.links:
        target = resolver.resolve_link(link, note.path)
        if target is not None and (note.path, target) in hide:
            found.setdefault(target, []).append(link)
    return found


def _hidden(
    bare: Note, taken: Mapping[VaultPath, object], notes: Mapping[VaultPath, Note], resolver: Resolver
) -> Iterator[Hidden]:
    left = {resolver.resolve_link(link, bare.path) for link in bare.links}
    held = set(roots(f"{bare.title} {' '.join(bare.aliases)} {bare.text}"))
    for target in taken.keys() - left:
        names = (set(roots(name)) for name in (notes[target].title, *notes[target].aliases))
        yield Hidden(bare.path, target, any(name and name <= held for name in names))
