"""The shared vaults with some of their links hidden: what was linked, in the words that a reader saw."""

import json
import random
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from tests.bench.judged import FIXTURES
from vault_sync.notes.lines import Lines
from vault_sync.notes.note import Note, Span
from vault_sync.notes.parse import parse_note
from vault_sync.notes.resolve import Resolver
from vault_sync.paths import VaultPath, title_of, vault_path
from vault_sync.text import fold

NAMES = ("techwiki-en", "brainnet-ru", "dataeng-en")
FOLDS = 5
"""A fifth of the links is hidden at a time, and each link once."""
SEED = 5
_WIKI_ALIAS = re.compile(r"\[\[[^\[\]|]+\|(?P<alias>[^\[\]]+)\]\]")


@dataclass(frozen=True, slots=True)
class WrittenLink:
    """An inline link that its author wrote at `span`, and the words that a reader sees there."""

    source: VaultPath
    target: VaultPath
    span: Span
    shown: str

    @property
    def easy(self) -> bool:
        """Whether the words are the target's title, but for case."""
        return fold(self.shown).strip() == fold(title_of(self.target))


@dataclass(frozen=True, slots=True)
class Hidden:
    """A link that was hidden: `span` is where its words stand now, in the text without it."""

    link: WrittenLink
    span: Span


@dataclass(frozen=True)
class LinkedVault:
    """A vault's notes and the inline links between them that lead to one note without doubt."""

    name: str
    notes: Mapping[VaultPath, Note]
    links: tuple[WrittenLink, ...]

    @cached_property
    def folds(self) -> tuple[tuple[WrittenLink, ...], ...]:
        """The links in `FOLDS` parts, the same ones each time."""
        order = list(self.links)
        random.Random(SEED).shuffle(order)
        return tuple(tuple(order[i::FOLDS]) for i in range(FOLDS))


def unlinked(vault: LinkedVault) -> Mapping[VaultPath, Note]:
    """The vault's notes as if none of its inline links had been made."""
    links: defaultdict[VaultPath, list[WrittenLink]] = defaultdict(list)
    for link in vault.links:
        links[link.source].append(link)
    return {path: hide(note, links[path])[0] for path, note in vault.notes.items()}


def with_unmade(vault: LinkedVault) -> Mapping[VaultPath, Note]:
    """The vault's notes, and an empty one for each note that they link and that is not there."""
    resolver, made = Resolver(vault.notes), dict[VaultPath, Note]()
    for note in vault.notes.values():
        for link in note.links:
            if link.target and "." not in link.target[-5:] and resolver.resolve(link.target, note.path) is None:
                path = vault_path(f"{link.target}.md")
                made.setdefault(path, parse_note(path, b""))
    return {**vault.notes, **made}


def read_vault(name: str) -> LinkedVault:
    """Read one of the shared vaults."""
    root = FIXTURES / "vaults" / name
    notes = {}
    for file in sorted(root.rglob("*.md")):
        path = vault_path(file.relative_to(root).as_posix())
        notes[path] = parse_note(path, file.read_bytes())
    rows = (FIXTURES / "vaults" / f"{name}.links.jsonl").read_text(encoding="utf-8").splitlines()
    return LinkedVault(name, notes, tuple(_links(notes, map(json.loads, rows))))


def hide(note: Note, links: Sequence[WrittenLink]) -> tuple[Note, tuple[Hidden, ...]]:
    """The note as if `links`, all of it, had never been made, and where their words stand in its text."""
    text, position, places = "", 0, []
    for link in sorted(links, key=lambda link: link.span.start):
        text += note.text[position : link.span.start]
        places.append(Hidden(link, Span(len(text), len(text) + len(link.shown))))
        text += link.shown
        position = link.span.end
    return parse_note(note.path, (text + note.text[position:]).encode()), tuple(places)


def _links(notes: Mapping[VaultPath, Note], rows: Iterable[Mapping[str, object]]) -> Iterable[WrittenLink]:
    for row in rows:
        source, target = (VaultPath(unicodedata.normalize("NFC", str(row[end]))) for end in ("source", "target"))
        inline = row["kind"] in ("wikilink", "mdlink") and not (row["ambiguous"] or row["self"] or row["comment"])
        if not inline or source not in notes or target not in notes:
            continue
        raw, text = str(row["raw"]), notes[source].text
        start = Lines(text).start(int(str(row["line"]))) + int(str(row["col"]))
        if text[start : start + len(raw)] != raw:
            raise ValueError(f"{source}, line {row['line']}: {raw!r} does not stand there.")
        alias = _WIKI_ALIAS.fullmatch(raw)
        yield WrittenLink(source, target, Span(start, start + len(raw)), alias["alias"] if alias else str(row["text"]))
