"""What Famulus itself would put into a note's frontmatter: tags that the vault has, and one sentence."""

import asyncio
from collections import Counter
from dataclasses import dataclass

from agents.properties.describe import Describer
from agents.properties.tagging import LEAST, Surroundings, TagScore, Words, new_tag, proposed, ranked
from agents.related.sample import Sample
from agents.sections.owned import holds
from vault_sync.errors import BadPropertyError
from vault_sync.index.ledger import Ledger
from vault_sync.index.tagged import Census, census, in_folder, of_notes
from vault_sync.notes.frontmatter import description_of
from vault_sync.notes.note import Note
from vault_sync.paths import VaultPath, folder_of
from vault_sync.policy.policy import PolicySource
from vault_sync.search.search import Searcher
from vault_sync.text import fold, language_of, stems
from vault_sync.writing.properties import Wanted, wanted

_LOOKED_AT = 30
_FEWEST_TAGGED = 8
"""A vault with fewer tagged notes has no habits yet."""
_NEW_SCORE = 0.5
_SAYS = {
    "en": ("{near} of the {of} nearest tagged notes have this tag.", "Notes in this folder have this tag.",
           "The note is about this; the vault has no such tag yet.", "The note says this of itself."),
    "ru": ("Этот тег имеют {near} из {of} ближайших заметок с тегами.", "Этот тег имеют заметки этой папки.",
           "Заметка об этом; такого тега в хранилище ещё нет.", "Так говорит о себе сама заметка."),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choice:
    """What the user lets Famulus propose."""

    tags: bool = True
    description: bool = True
    new_tags: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """One property that a note should have, why, and the chance (0..1) that the user wants it."""

    goal: Wanted
    score: float
    reason: str
    evidence: str = ""
    generated: bool = False


class Wisher:
    """Says what a note should have. Keeps nothing in mind."""

    def __init__(
        self,
        ledger: Ledger,
        searcher: Searcher,
        describer: Describer,
        policy: PolicySource,
        choice: Choice,
        sample: Sample | None = None,
    ) -> None:
        """`sample` knows which sentences many notes share; it is worth sharing with others."""
        self._ledger = ledger
        self._searcher = searcher
        self._describer = describer
        self._policy = policy
        self._choice = choice
        self._sample = sample or Sample(ledger)

    async def of(self, note: Note, *, undescribed: bool = True) -> list[Wish]:
        """Tags that the note lacks, best first, and a description where it has none and is to be described at all."""
        if note.frontmatter_error is not None:
            return []
        wishes = await asyncio.to_thread(self._tags, note) if self._choice.tags else []
        if undescribed and self._choice.description and not description_of(note.frontmatter):
            wishes += await self._described(note)
        return wishes

    def _tags(self, note: Note) -> list[Wish]:
        connection = self._ledger.read()
        known = census(connection)
        if known.notes < _FEWEST_TAGGED:
            return []
        said, have = words_of(note), frozenset(map(fold, note.tags))
        found = proposed(ranked(self.around(note.path), said, known, LEAST), have, known, frozenset())
        wishes = [Wish(wanted([one.tag]), round(one.score, 3), _because(one, note)) for one in found]
        return wishes or self._new(note, said, known, have)

    def _new(self, note: Note, said: Words, known: Census, have: frozenset[str]) -> list[Wish]:
        tag = new_tag(note.title, said.text, known) if self._choice.new_tags and not have else ""
        try:
            return [Wish(wanted([tag]), _NEW_SCORE, _SAYS[_language(note)][2])] if tag else []
        except BadPropertyError:
            return []

    def around(self, path: VaultPath) -> Surroundings:
        """What the notes beside this one say of its tags."""
        connection = self._ledger.read()
        near = self._searcher.neighbours(path, _LOOKED_AT, "links")
        linked = {link.target for link in self._ledger.links_from(path)}
        linked |= {link.source for link in self._ledger.links_to(path)}
        tags = of_notes(connection, {*(each.path for each in near), *linked})
        beside, tagged = in_folder(connection, folder_of(path), path)
        none: frozenset[str] = frozenset()
        return Surroundings(
            [(each.score, tags.get(each.path, none)) for each in near],
            [tags.get(each, none) for each in sorted(linked)],
            beside,
            tagged,
        )

    async def _described(self, note: Note) -> list[Wish]:
        record = self._ledger.note(note.path)
        chunks = self._ledger.occurrences_of(note.path)
        if record is None or not chunks or not holds(note, chunks):
            return []
        common = (await asyncio.to_thread(self._sample.current)).boilerplate
        ask = self._policy.current.allows(note.path, "prompt")
        found = await self._describer.describe(record, chunks, common, ask=ask)
        if found is None:
            return []
        reason = _SAYS[_language(note)][3]
        return [Wish(wanted((), found.text), found.score, reason, found.evidence, found.generated)]


def words_of(note: Note) -> Words:
    """The stems of a note."""
    return Words(
        frozenset(stems(note.title)),
        [frozenset(stems(heading.text)) for heading in note.headings],
        Counter(stems(note.text[note.body_start :])),
    )


def _because(one: TagScore, note: Note) -> str:
    near, folder, _, _ = _SAYS[_language(note)]
    return near.format(near=one.near, of=one.of) if one.near > 1 else folder


def _language(note: Note) -> str:
    found = language_of(note.text[note.body_start :] or note.title)
    return found if found in _SAYS else "en"
