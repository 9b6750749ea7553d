"""Questions whose answers the vault itself holds: what its owner linked, headed, described and named. Nobody labels.

Which ones are drawn is decided by a seed; notes that policy keeps from search or from the embedder give none.
"""

import json
import math
import random
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Literal

from vault_sync.errors import UnreadableNoteError
from vault_sync.evaluation.hiding import query_without, text_without
from vault_sync.index.ledger import Ledger
from vault_sync.index.records import NoteRecord, Occurrence
from vault_sync.notes.note import Link, Note
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath, is_note
from vault_sync.policy.policy import Policy, Use
from vault_sync.search.terms import roots
from vault_sync.search.wording import frequencies
from vault_sync.text import fold, language_of, words

Kind = Literal["link", "heading", "section", "description", "name", "related"]
KINDS: tuple[Kind, ...] = ("link", "heading", "description", "name")
"""What search is asked. The answer to a heading is judged twice: by its note, and (`section`) by the passage."""

Read = Callable[[VaultPath], bytes | None]
"""A note's bytes; None where it is gone or may not be read."""

NEEDS: tuple[Use, ...] = ("search", "related", "embed")
A_NOTE = 3
"""Questions of one kind from one note at most."""
HIDDEN = 5
"""One in so many of a note's targets is hidden at a time (at least one), for `related`: most links stay, as in a vault that
somebody works in."""
RARE = 0.005
RARE_ROWS = 3
"""A word in no more chunks than this (a share, or a number) gives an answer away by itself."""


@dataclass(frozen=True, slots=True)
class Question:
    """A query with the note that answers it.

    `without` are occurrences that are left out before the cut, because the question was taken from them. `easy` says
    whether the query still holds the answer's name or a rare word of it; None where that is no matter. `languages` are
    those of question and answer. `section` is the heading path of the passage that answers.
    """

    kind: Kind
    text: str
    target: VaultPath
    languages: tuple[str, str]
    source: VaultPath | None = None
    without: frozenset[int] = frozenset()
    easy: bool | None = None
    section: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stripped:
    """A note without the text of some of its links, and the notes that they led to: `easy` ones are still named in it."""

    note: Note
    targets: tuple[tuple[NoteRecord, bool], ...]


@dataclass(slots=True)
class Questions:
    """Draws questions from one vault."""

    ledger: Ledger
    policy: Policy
    read: Read
    seed: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    """Links that gave no question, by reason."""
    _notes: dict[VaultPath, NoteRecord] = field(init=False)

    def __post_init__(self) -> None:
        usable = (note for note in self.ledger.notes() if note.state == "indexed" and self._usable(note.path))
        filled = {row[0] for row in self.ledger.read().execute("SELECT DISTINCT note_id FROM occurrences")}
        self._notes = {note.path: note for note in usable if note.id in filled}

    def _usable(self, path: str) -> bool:
        return is_note(path) and all(self.policy.allows(path, use) for use in NEEDS)

    def _shuffled(self, things: Iterable[VaultPath]) -> list[VaultPath]:
        order = sorted(things)
        random.Random(self.seed).shuffle(order)
        return order

    def draw(self, kind: Kind, most: int) -> list[Question]:
        """At most `most` questions of a kind."""
        found = {"link": self._links, "heading": self._headings, "description": self._descriptions, "name": self._names}
        drawn: list[Question] = []
        for question in found[kind]():
            if len(drawn) == most:
                break
            drawn.append(question)
        return drawn

    def others(self) -> list[VaultPath]:
        """The notes that questions may be about, in an order that the seed decides."""
        return self._shuffled(self._notes)

    def stripped(self, most: int) -> Iterator[Stripped]:
        """Whole notes with some links hidden, for `related`, until there are `most` of them."""
        links = 0
        for path in self._sources():
            note = self._note(path)
            targets = self._hidden(note) if note and links < most else {}
            if not note or not targets:
                continue
            text = text_without(note, [link for each in targets.values() for link in each])
            bare = parse_note(path, text.encode())
            held = set(roots(f"{note.title} {' '.join(note.aliases)} {bare.text}"))
            named = [(self._notes[target], _names_in(self._notes[target], (), held)) for target in targets]
            links += len(named)
            yield Stripped(bare, tuple(named))

    def _hidden(self, note: Note) -> dict[VaultPath, list[Link]]:
        """Some of the note's targets, drawn by lot, with the links that lead to them."""
        found = self._targets(note)
        chosen = random.Random(f"{self.seed}{note.path}").sample(sorted(found), math.ceil(len(found) / HIDDEN))
        return {target: found[target] for target in chosen}

    def _sources(self) -> list[VaultPath]:
        rows = self.ledger.read().execute("SELECT DISTINCT n.path FROM links l JOIN notes n ON n.id = l.note_id")
        return self._shuffled(VaultPath(row[0]) for row in rows if row[0] in self._notes and is_note(row[0]))

    def _note(self, path: VaultPath) -> Note | None:
        data = self.read(path)
        try:
            return parse_note(path, data) if data is not None else None
        except UnreadableNoteError:
            return None

    def _targets(self, note: Note) -> dict[VaultPath, list[Link]]:
        """The links that the user wrote to other notes, by the note that they lead to."""
        resolver, found = self.ledger.resolver(), dict[VaultPath, list[Link]]()
        for link in note.links:
            target = resolver.resolve_link(link, note.path)
            if target in self._notes and target != note.path and not (link.in_comment or link.in_managed):
                found.setdefault(target, []).append(link)
        return found

    def _links(self) -> Iterator[Question]:
        for path in self._sources():
            note = self._note(path)
            if note is None:
                continue
            targets = self._shuffled(found := self._targets(note))
            own = frozenset(chunk.id for chunk in self.ledger.occurrences_of(path))
            made = (
                self._link(note, [k for k in found[t] if k.kind in ("wikilink", "mdlink")], t, own) for t in targets
            )
            for number, question in enumerate(each for each in made if each):
                if number == A_NOTE:
                    break
                yield question

    def _link(self, note: Note, links: list[Link], target: VaultPath, own: frozenset[int]) -> Question | None:
        if not links:
            self.left_out["no link in the text, only in frontmatter or as an embed"] += 1
            return None
        links = sorted(links, key=lambda link: link.span.start)
        text = query_without(note, links)
        if not text:
            self.left_out["too few words around the link"] += 1
            return None
        record = self._notes[target]
        easy = self._gives_away(text, record, [link.alias for link in links if link.alias])
        languages = (self._notes[note.path].language, record.language)
        return Question("link", text, target, languages, note.path, own, easy)

    def _gives_away(self, text: str, target: NoteRecord, aliases: Sequence[str]) -> bool:
        held = set(roots(text))
        if _names_in(target, aliases, held):
            return True
        named = {root for name in (target.title, *target.aliases, *aliases) for root in roots(name)}
        counts = frequencies(self.ledger.read(), held & named)
        limit = max(RARE_ROWS, RARE * counts.rows)
        return any(0 < rows <= limit for rows in counts.of_stem.values())

    def _headings(self) -> Iterator[Question]:
        """Headings of two words or more that the vault has once, and that are no note's name."""
        rows = self.ledger.read().execute("SELECT DISTINCT note_id, heading FROM occurrences WHERE heading != '[]'")
        paths = [(row[0], tuple(json.loads(row[1]))) for row in rows]
        times = Counter(fold(path[-1]) for _, path in paths)
        named = {fold(name) for note in self._notes.values() for name in (note.title, *note.aliases)}
        by_note = {note.id: note for note in self._notes.values()}
        once = [
            (by_note[note], path)
            for note, path in paths
            if note in by_note
            and times[fold(path[-1])] == 1
            and len(words(path[-1])) > 1
            and fold(path[-1]) not in named
        ]
        for note, path in self._few_a_note(once):
            languages = (language_of(path[-1]), note.language)
            yield Question("heading", path[-1], note.path, languages, note.path, section=path)

    def _few_a_note(
        self, found: Iterable[tuple[NoteRecord, tuple[str, ...]]]
    ) -> Iterator[tuple[NoteRecord, tuple[str, ...]]]:
        by_note = {path: list(each) for path, each in groupby(sorted(found, key=_by_path), key=_by_path)}
        for path in self._shuffled(by_note):
            yield from random.Random(f"{self.seed}{path}").sample(by_note[path], min(A_NOTE, len(by_note[path])))

    def _descriptions(self) -> Iterator[Question]:
        for path in self._shuffled(self._notes):
            note = self._notes[path]
            chunks = self.ledger.occurrences_of(path) if words(note.description) else []
            own = frozenset(chunk.id for chunk in chunks if _describes(chunk, note))
            if len(chunks) > len(own):
                languages = (language_of(note.description), note.language)
                yield Question("description", note.description[:1000], path, languages, path, own)

    def _names(self) -> Iterator[Question]:
        """Titles and aliases that one note has alone."""
        names = [
            (fold(name), name, note)
            for note in self._notes.values()
            for name in dict.fromkeys((note.title, *note.aliases))
        ]
        times = Counter(folded for folded, _, _ in names)
        alone = [(note, (name,)) for folded, name, note in names if times[folded] == 1 and words(name)]
        for note, (name,) in self._few_a_note(alone):
            yield Question("name", name, note.path, (language_of(name), note.language), note.path)


def anew(question: Question, ledger: Ledger) -> Question:
    """The same question for another index of the same notes, whose occurrences have other ids."""
    if question.kind == "link" and question.source is not None:
        own = frozenset(chunk.id for chunk in ledger.occurrences_of(question.source))
    elif question.kind == "description":
        note = ledger.note(question.target)
        chunks = ledger.occurrences_of(question.target)
        own = frozenset(chunk.id for chunk in chunks if note and _describes(chunk, note))
    else:
        own = frozenset()
    return replace(question, without=own)


def _by_path(found: tuple[NoteRecord, tuple[str, ...]]) -> VaultPath:
    return found[0].path


def _names_in(target: NoteRecord, aliases: Iterable[str], held: Collection[str]) -> bool:
    """Whether all words of a name of the note are among `held`."""
    names = (set(roots(name)) for name in (target.title, *target.aliases, *aliases))
    return any(name and name <= set(held) for name in names)


def _describes(chunk: Occurrence, note: NoteRecord) -> bool:
    text = " ".join(chunk.text.split())
    return chunk.is_description or (not chunk.heading and text in " ".join(note.description.split()))
