"""Sections by the user's own prompts: which a note should have, what stands in them, and the Edits that write them."""

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from agents.errors import AgentError
from agents.inbox.quotes import quoting
from agents.inbox.suggestion import Suggestion, suggestion_id
from agents.links.linkpaths import LinkPaths
from agents.reasons.evidence import passage_of
from agents.related.section import HEADINGS, Part
from agents.sections import owned
from agents.sections.section_book import SectionBook, SectionRecord, from_text, to_text, unwritten
from agents.sections.section_prompt import SectionPrompt, asks_for_section, read_section_prompt
from agents.sections.section_text import Line, Listed, Look, merged, statements
from agents.sections.statements import Author, Said, Subject
from vault_sync.errors import StaleEditError, UnreadableNoteError
from vault_sync.index.ledger import Ledger
from vault_sync.notes.note import Note
from vault_sync.notes.parse import parse_note
from vault_sync.notes.resolve import Resolver
from vault_sync.paths import VaultPath, within
from vault_sync.policy.policy import PolicySource
from vault_sync.search.search import Passage, Searcher
from vault_sync.text import fold, language_of, words
from vault_sync.writing.edit import Edit

log = logging.getLogger(__name__)

KIND = "section"
"""The kind of these suggestions, and the feature under which the journal keeps what they wrote."""
_OWN, _NEAR = 8, 3
_LONG_ENOUGH = 60
"""Words from which a note is worth quoting in itself."""
_SOURCES: Part = "sources"


@dataclass(frozen=True, slots=True)
class Made:
    """A section that is due: the Edit that brings it up to date, and whether the note has it already."""

    suggestion: Suggestion
    standing: bool


class Sections:
    """Makes and remembers sections. A note is worked on again only where it, its prompt or the passages changed."""

    def __init__(
        self,
        ledger: Ledger,
        searcher: Searcher,
        read: Callable[[VaultPath], bytes | None],
        author: Author,
        book: SectionBook,
        links: LinkPaths,
        *,
        policy: PolicySource,
        folder: str,
    ) -> None:
        """`read` gives a note's bytes or None; only notes in `folder` may ask for sections."""
        self._ledger = ledger
        self._searcher = searcher
        self._read = read
        self._author = author
        self._links = links
        self._policy = policy
        self._folder = folder.strip("/")
        self._in_folder: tuple[Resolver, list[VaultPath]] | None = None
        self.book = book
        self.on_taken_out: Callable[[VaultPath, VaultPath], None] = lambda path, prompt: None
        """Told that the user took a whole section out of a note: by its prompt it is not wanted there."""

    def prompts(self) -> tuple[list[SectionPrompt], list[AgentError]]:
        """All prompts of the vault by path, and what is wrong with those that can not be followed."""
        found: list[SectionPrompt] = []
        wrong: list[AgentError] = []
        for path in self._beside():
            try:
                found += self._prompt(path)
            except AgentError as error:
                wrong.append(error)
        return found, wrong

    def _beside(self) -> list[VaultPath]:
        """The notes in the folder, looked for again only where notes can have come or gone."""
        resolver, known = self._ledger.resolver(), self._in_folder
        if known is None or known[0] is not resolver:
            inside = fold(self._folder)
            rows = self._ledger.read().execute("SELECT path FROM notes ORDER BY path")
            found = [VaultPath(path) for (path,) in rows if inside and within(fold(path), inside)]
            known = self._in_folder = resolver, found
        return known[1]

    def check(self, path: VaultPath) -> None:
        """Raises SectionPromptError where the note asks for a section in a way that can not be followed."""
        if self._folder and within(fold(path), fold(self._folder)):
            self._prompt(path)

    def _prompt(self, path: VaultPath) -> list[SectionPrompt]:
        data = self._read(path) if self._policy.current.allows(path, "prompt") else None
        try:
            note = parse_note(path, data) if data is not None else None
        except UnreadableNoteError:
            return []
        return [read_section_prompt(note)] if note is not None and asks_for_section(note) else []

    def wanted(self, note: Note, name: str | None = None) -> list[SectionPrompt]:
        """The prompts for a note: those that saving is enough for, or the one of this name."""
        if not self._policy.current.writable(note.path) or within(fold(note.path), fold(self._folder or "\0")):
            return []
        found = self.prompts()[0]
        if name is not None:
            return [each for each in found if fold(each.name) == fold(name)][:1]
        first = {each.name: each for each in reversed(found)}
        return [each for each in first.values() if each.when == "save" and each.covers(note.path, note.tags)]

    async def make(self, note: Note, data: bytes, prompt: SectionPrompt, *, remember: bool = True) -> Made | None:
        """The section as it should be now; None where nothing is to change.

        Without `remember` it is a dry run. Raises ManagedSectionError where the section can not be trusted.
        """
        section, look = owned.find(note, prompt.name), self._look(note, prompt)
        there = statements(section.inner, look) if section else None
        if remember and self.book.observe(note.path, prompt.name, there):
            self.on_taken_out(note.path, prompt.path)
            return None
        if not owned.holds(note, self._ledger.occurrences_of(note.path)):
            return None  # the index is behind; it will tell when it is not
        record = await self._brought_up(note, prompt)
        made, written = self._made(note, data, prompt, record, look)
        if remember:
            self.book.put(note.path, prompt.name, replace(record, written=written))
        return made

    async def _brought_up(self, note: Note, prompt: SectionPrompt) -> SectionRecord:
        """What is known of the section, with the lines that belong there now."""
        record = self.book.get(note.path, prompt.name)
        passages = await asyncio.to_thread(self._passages, note)
        fingerprint = self._fingerprint(note, prompt, passages)
        if fingerprint == record.fingerprint:
            return record
        policy = self._policy.current
        shown = [one for one in passages if policy.allows(one.path, "prompt")]
        if not policy.allows(note.path, "prompt"):
            shown = []
        subject = Subject(note.path, note.title, note.aliases, _language(note))
        said = await self._author.write(prompt, subject, passages, shown)
        lines = tuple(self._line(note.path, said, number) for number in range(len(said.statements)))
        generated = any(one.generated for one in said.statements)
        return replace(record, fingerprint=fingerprint, lines=lines, score=round(said.score, 3), generated=generated)

    def _made(
        self, note: Note, data: bytes, prompt: SectionPrompt, record: SectionRecord, look: Look
    ) -> tuple[Made | None, tuple[Listed, ...]]:
        """The change that is due, and what is Famulus's own in the section with it and, until it is made, without it."""
        section = owned.find(note, prompt.name)
        lines = [line for line in record.lines if line.key not in record.refused]
        inner = section.inner if section else ""
        text, now = merged(inner, lines, record.written, owned.outside(note, section), look)
        if text.strip("\n") == inner.replace("\r\n", "\n").strip("\n"):
            return None, record.written
        there, kept = statements(inner, look), {each.line.text for each in now}
        # What Famulus itself drops was not taken out by the user, but is still there if the Edit is never written.
        dropped = (each for each in record.written if each.line.text in there - kept)
        written = (*now, *(replace(each, seen=False) for each in dropped))
        edit = owned.edit_of(note, data, prompt.name, owned.put(note, section, prompt.name, text))
        content = _content(lines)
        evidence = lines[0].text if lines else ""
        made = Suggestion(
            id=_id(note.path, prompt.name, content),
            kind=KIND,
            path=note.path,
            target=prompt.path,
            relation=None,
            score=record.score if lines else None,
            reason=look.heading.lstrip("# "),
            evidence=evidence,
            edit=edit,
            produced_by="writer" if record.generated else "quotation",
            created_at=time.time(),
            detail={
                "name": prompt.name,
                "content": content,
                "own": _own_hash(note),
                "record": to_text(unwritten(record)),
                **quoting(line.path for line in record.lines),
            },
        )
        return Made(made, standing=section is not None), written

    def rebase(self, suggestion: Suggestion, data: bytes) -> Edit | None:
        """The Edit for the note as it is now; None where the section is as it should be.

        Raises StaleEditError where the user's own text or the prompt is not the one that the suggestion was made for.
        """
        note = parse_note(suggestion.path, data)
        prompt = self._prompt_of(suggestion)
        if prompt is None or _own_hash(note) != suggestion.detail["own"]:
            raise _outdated(suggestion)
        record = self._record_of(suggestion, prompt)
        made, written = self._made(note, data, prompt, record, self._look(note, prompt))
        self.book.put(note.path, prompt.name, replace(record, written=written))
        return made.suggestion.edit if made else None

    def _record_of(self, suggestion: Suggestion, prompt: SectionPrompt) -> SectionRecord:
        """What is known of the section, with the lines of the suggestion: a dry run keeps them nowhere else."""
        known = self.book.get(suggestion.path, prompt.name)
        due = [line for line in known.lines if line.key not in known.refused]
        if _content(due) == suggestion.detail["content"]:
            return known
        if "record" not in suggestion.detail:
            raise _outdated(suggestion)
        return replace(from_text(suggestion.detail["record"]), written=known.written, refused=known.refused)

    def applied(self, suggestion: Suggestion) -> None:
        """Nothing to remember: what is in the Edit is known since it was made, and counts once it is seen there."""

    def _prompt_of(self, suggestion: Suggestion) -> SectionPrompt | None:
        try:
            found = self._prompt(suggestion.target) if suggestion.target else []
        except AgentError:
            return None
        return next((each for each in found if each.name == suggestion.detail["name"]), None)

    def _look(self, note: Note, prompt: SectionPrompt) -> Look:
        language = _language(note)
        own = HEADINGS.get(language, HEADINGS["en"])
        headings = frozenset(f"## {prompt.heading(each)}" for each in ("", *HEADINGS))
        return Look(prompt.name, f"## {prompt.heading(language)}", headings, own[_SOURCES])

    def _passages(self, note: Note) -> list[Passage]:
        """The note's own passages, and the best one of each note that is near and may be quoted in it."""
        policy = self._policy.current
        own = [passage_of(chunk) for chunk in self._ledger.occurrences_of(note.path)][:_OWN]
        if len(words(owned.own_body(note))) < _LONG_ENOUGH:
            own = []
        near = self._searcher.related(note.path, 2 * _NEAR, "links")
        fit = [one for one in near if policy.quotable(one.path) and not within(fold(one.path), fold(self._folder))]
        return [*own, *fit[:_NEAR]]

    def _fingerprint(self, note: Note, prompt: SectionPrompt, passages: list[Passage]) -> str:
        said = (owned.own_body(note), prompt.fingerprint, self._links.form, [(one.path, one.text) for one in passages])
        return hashlib.sha256(repr(said).encode()).hexdigest()

    def _line(self, path: VaultPath, said: Said, number: int) -> Line:
        one = said.statements[number]
        heading = one.passage.heading[-1] if one.passage.heading else ""
        source = self._links.to(one.passage.path, path, heading=heading)
        return Line(one.text, source, one.passage.path, one.key)


def moved(suggestion: Suggestion, old: VaultPath, new: VaultPath) -> Suggestion:
    """The same suggestion after the note or its prompt got another path."""
    path = new if suggestion.path == old else suggestion.path
    target = new if suggestion.target == old else suggestion.target
    detail = suggestion.detail
    known = _id(path, detail["name"], detail["content"])
    return replace(suggestion, id=known, path=path, target=target, edit=replace(suggestion.edit, path=path))


def _id(path: VaultPath, name: str, content: str) -> str:
    return suggestion_id(KIND, path, f"{name}\0{content}")


def own_hash(path: VaultPath, data: bytes) -> str:
    """What a suggestion of a section is made for: a hash of what the user wrote; empty for what can not be read."""
    try:
        return _own_hash(parse_note(path, data))
    except UnreadableNoteError:
        return ""


def _outdated(suggestion: Suggestion) -> StaleEditError:
    return StaleEditError(
        f"The section was not written into {suggestion.path!r}.",
        "The note or its prompt was changed after the suggestion was made.",
        "Decide on the suggestions of the next pass.",
    )


def _content(lines: Sequence[Line]) -> str:
    """What tells one section from another that the same prompt made."""
    return hashlib.sha256(repr([line.text for line in lines]).encode()).hexdigest()[:16]


def _own_hash(note: Note) -> str:
    return hashlib.sha256(owned.own_body(note).encode()).hexdigest()


def _language(note: Note) -> str:
    return language_of(owned.own_body(note) or note.title)
