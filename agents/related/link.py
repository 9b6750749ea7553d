"""Auto-linking: which notes are related to a note, why, and the Edit that writes them into it."""

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from agents.inbox.gate import Gate
from agents.inbox.suggestion import Suggestion, suggestion_id
from agents.links.linkpaths import LinkPaths
from agents.ports import Roles
from agents.reasons.reason import Mastery, Prompts, Reasoner
from agents.reasons.ties import Ties
from agents.related.linked import KIND, Linked, LinkedBook, Record
from agents.related.managed import Change, ManagedSectionError, change, edit_for, own_text, present
from agents.related.merge import Item, Written
from agents.related.neighbours import Limits, Neighbours
from agents.related.proposal import Proposal, Proposer, Read
from agents.related.sample import Sample
from agents.related.section import Relation, Resolve
from agents.relations.relate import Relater
from vault_sync.databases.state import State
from vault_sync.errors import StaleEditError, UnreadableNoteError
from vault_sync.evaluation.evaluate import Bare
from vault_sync.index.ledger import Ledger
from vault_sync.notes.note import Note
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import Policy, PolicySource
from vault_sync.search.search import Passage, Searcher
from vault_sync.writing.edit import Edit

_LOOKED_AT = 50


@dataclass(frozen=True, slots=True)
class AutoPass:
    """What mode `auto` makes of a note: the one Edit that brings its section up to date, None where nothing changes;
    the suggestions that the Edit writes anew, and those that wait for the user."""

    edit: Edit | None = None
    written: tuple[Suggestion, ...] = ()
    waiting: tuple[Suggestion, ...] = ()


class Linker:
    """Proposes related notes. Reads the ledger; remembers in the state what it wrote and what was refused."""

    def __init__(
        self,
        ledger: Ledger,
        searcher: Searcher,
        roles: Roles,
        mastery: Mastery,
        prompts: Prompts,
        state: State,
        *,
        policy: PolicySource | None = None,
        limits: Limits | None = None,
        links: LinkPaths | None = None,
        relater: Relater | None = None,
        read: Read | None = None,
        sample: Sample | None = None,
    ) -> None:
        """`policy` says which notes may be linked and shown to a model, `limits` how many and how close they are,
        `links` how links are written. `relater` asks a model for relations; `read` gives a note's bytes as they are now.
        `sample` is the vault's background, worth sharing.
        """
        self._ledger = ledger
        self._searcher = searcher
        self._policy = policy or Policy()
        self._neighbours = Neighbours(ledger, searcher, self._policy, limits or Limits(), sample)
        self._links = links or LinkPaths(ledger)
        self._reasoner = Reasoner(roles, mastery, prompts)
        ties = Ties(ledger, self._links, self._policy, prompts)
        self._proposer = Proposer(self._reasoner, relater, ties, self._policy, read)
        self.book = LinkedBook(state)
        self.on_taken_out: Callable[[VaultPath, set[VaultPath]], None] = lambda path, targets: None
        """Told of the links that the user took out of a note."""

    @property
    def counts(self) -> Mapping[str, int]:
        """How many reasons were `quoted` and how many `generated` since the start."""
        return self._reasoner.counts

    def warm(self, hold: Callable[[], bool] = lambda: False) -> None:
        """Read ahead what the first notes would wait for; `hold` as in `Neighbours.warm`."""
        self._neighbours.warm(hold)

    def forget(self) -> None:
        """Keep nothing of what notes say, beside what the state holds: one of them may not be read any more."""
        self._neighbours.forget()

    async def suggest(self, path: VaultPath) -> list[Proposal]:
        """The notes related to the one at `path`, best first; none is a good answer."""
        listed = {record.written.item.target: record for record in self.book.get(path).records}
        refused = self.book.refused(path)
        around = await asyncio.to_thread(self._neighbours.of, path, listed, refused)
        if around is None:
            return []
        return await self._proposer.proposals(around, listed)

    def finds(self, path: VaultPath) -> bool:
        """Whether there is a related note at all; asks no engine."""
        around = self._neighbours.of(path, {}, self.book.refused(path))
        return around is not None and bool(around.neighbours)

    def ranked(self, path: VaultPath, k: int) -> list[Passage]:
        """The `k` nearest notes with the passage of each that is nearest, in the order in which they would be linked.

        Notes that it links already come last: the reader knows them.
        """
        scores = self._neighbours.scores(path)
        found = self._searcher.related(path, _LOOKED_AT)
        known = {passage.path for passage in found}
        beside = [each for each in sorted(scores, key=lambda each: -scores[each])[:k] if each not in known]
        found += self._searcher.firsts(each for each in beside if self._policy.current.allows(each, "related"))
        fresh = [replace(p, score=round(scores[p.path], 3)) for p in found if p.path in scores]
        linked = [replace(p, score=0.0) for p in found if p.path not in scores]
        return [*sorted(fresh, key=lambda passage: -passage.score), *linked][:k]

    def as_if(self, bare: Bare, weight: float | None = None) -> list[VaultPath]:
        """What `ranked` would show of a note that had never linked to some others: for measuring."""
        return self._neighbours.as_if(bare, weight)

    async def auto(self, path: VaultPath, data: bytes, gate: Gate) -> AutoPass | None:
        """What is to be written into the note with these bytes, and what waits, as the gate rules.

        None where the note's own text has not changed since: it is not worked on again. Raises ManagedSectionError
        where the section can not be trusted, UnreadableNoteError for what is not UTF-8.
        """
        note = parse_note(path, data)
        linked = self._observed(note)
        fingerprint = fingerprint_of(note)
        mode = "auto" if self._links.form == "wikilink" else f"auto {self._links.form}"
        if (linked.fingerprint, linked.mode) == (fingerprint, mode) and all(r.seen for r in linked.records):
            return None
        there, proposals = present(note, self._resolve(path)), await self.suggest(path)
        passing = [p for p in proposals if gate.decide(KIND, p.score, standing=p.target in there) == "apply"]
        written = tuple(record.written for record in linked.records)
        made = change(note, [self._item(path, p) for p in passing], written, self._resolve(path))
        records = _records(linked, passing, made) if made else linked.records
        self.book.put(path, Linked(fingerprint, mode, self._still_there(note, linked, records)))
        new = [p for p in proposals if p.target not in there]
        by_target = {s.target: s for p in new if (s := self._suggestion(note, data, p, fingerprint))}
        listed = {record.written.item.target for record in records}
        return AutoPass(
            edit_for(note, data, made) if made else None,
            tuple(s for target, s in by_target.items() if target in listed),
            tuple(s for target, s in by_target.items() if target not in listed),
        )

    async def review(self, path: VaultPath, data: bytes, *, remember: bool = True) -> list[Suggestion] | None:
        """One suggestion a proposed link, for the inbox; None where the note has not changed since the last pass.

        Without `remember` it is a dry run: always made, and never kept in mind. Raises as `auto` does.
        """
        note = parse_note(path, data)
        linked = self._observed(note) if remember else self.book.get(path)
        fingerprint = fingerprint_of(note)
        if remember and (linked.fingerprint, linked.mode) == (fingerprint, "review"):
            return None
        there = present(note, self._resolve(path))
        proposals = [p for p in await self.suggest(path) if p.target not in there]
        made = [self._suggestion(note, data, proposal, fingerprint) for proposal in proposals]
        if remember:
            self.book.put(path, replace(linked, fingerprint=fingerprint, mode="review"))
        return [suggestion for suggestion in made if suggestion is not None]

    def settle(self, path: VaultPath, data: bytes) -> None:
        """The user decided on all links of the note with these bytes: it is not worked on again until they change it."""
        note = parse_note(path, data)
        self.book.put(path, replace(self._observed(note), fingerprint=fingerprint_of(note), mode="review"))

    def rebase(self, suggestion: Suggestion, data: bytes) -> Edit | None:
        """The suggestion's Edit for the note as it is now; None where the note lists the target already.

        Raises StaleEditError where the user's own text is not the one that the suggestion was made for.
        """
        note = parse_note(suggestion.path, data)
        if fingerprint_of(note) != suggestion.detail["fingerprint"]:
            raise StaleEditError(
                f"The link was not added to {suggestion.path!r}.",
                "The note was changed after the suggestion was made.",
                "Decide on the suggestions of the next pass.",
            )
        made = self._added(note, _item_of(suggestion))
        return edit_for(note, data, made) if made else None

    def applied(self, suggestion: Suggestion) -> None:
        """Remember the written item: the user may take it out again, and it then counts as refused."""
        item = _item_of(suggestion)
        record = Record(Written(item, ""), suggestion.evidence, generated=suggestion.detail["generated"] == "yes")
        self.book.add(suggestion.path, record)

    def taken_back(self, path: VaultPath, was: bytes | None, now: bytes | None) -> set[VaultPath]:
        """A write was undone, which made the note from what it `was` to what it is `now`.

        Links that are gone from the section are refused from now on, and returned; links that came back are wanted.
        """
        before, after = self._targets(path, was), self._targets(path, now)
        self.book.drop(path, before - after)
        self.book.forgive(path, after - before)
        return before - after

    def _targets(self, path: VaultPath, data: bytes | None) -> set[VaultPath]:
        try:
            keys = present(parse_note(path, data), self._resolve(path)) if data is not None else {}
        except (ManagedSectionError, UnreadableNoteError):
            return set()
        return {VaultPath(key) for key in keys if not key.startswith("?")}

    def _observed(self, note: Note) -> Linked:
        gone = self.book.observe(note.path, present(note, self._resolve(note.path)))
        if gone:
            self.on_taken_out(note.path, gone)
        return self.book.get(note.path)

    def _suggestion(self, note: Note, data: bytes, proposal: Proposal, fingerprint: str) -> Suggestion | None:
        item = self._item(note.path, proposal)
        made = self._added(note, item)
        if made is None:
            return None
        generated = "yes" if proposal.generated else "no"
        return Suggestion(
            id=suggestion_id(KIND, note.path, proposal.target),
            kind=KIND,
            path=note.path,
            target=proposal.target,
            relation=proposal.relation,
            score=proposal.score,
            reason=proposal.reason,
            evidence=proposal.evidence,
            edit=edit_for(note, data, made),
            produced_by="writer" if proposal.generated else "quotation",
            created_at=time.time(),
            detail={"fingerprint": fingerprint, "link": item.link, "source": item.source, "generated": generated},
        )

    def _added(self, note: Note, item: Item) -> Change | None:
        """The change that adds one item: without a memory of what was written, every line there is kept."""
        return change(note, [item], (), self._resolve(note.path))

    def _still_there(self, note: Note, linked: Linked, records: tuple[Record, ...]) -> tuple[Record, ...]:
        """Also remember items that the user rewrote: taking such a line out is a refusal too."""
        there = present(note, self._resolve(note.path))
        mine = {record.written.item.target for record in records}
        return records + tuple(
            r for r in linked.records if r.written.item.target in there and r.written.item.target not in mine
        )

    def _item(self, path: VaultPath, proposal: Proposal) -> Item:
        target, place = proposal.target, proposal.anchor
        link = self._links.to(target, path)
        source = self._links.to(target, path, heading=place.heading, block=place.block)
        return Item(target, proposal.relation, link, proposal.reason, source)

    def _resolve(self, path: VaultPath) -> Resolve:
        resolver = self._ledger.resolver()
        return lambda name: resolver.resolve(name, path)


def fingerprint_of(note: Note) -> str:
    """A hash of what the user wrote: the same before and after Famulus writes its section.

    Raises ManagedSectionError where the section can not be trusted.
    """
    return hashlib.sha256(own_text(note).encode()).hexdigest()


def own_hash(path: VaultPath, data: bytes) -> str:
    """The fingerprint of the note with these bytes; empty where it can not be read or its section not be trusted."""
    try:
        return fingerprint_of(parse_note(path, data))
    except (ManagedSectionError, UnreadableNoteError):
        return ""


def moved(suggestion: Suggestion, old: VaultPath, new: VaultPath) -> Suggestion:
    """The same suggestion after a note that it is for, or that it names, got another path."""
    path, target = (new if each == old else each for each in (suggestion.path, suggestion.target))
    assert path is not None
    edit = replace(suggestion.edit, path=path)
    return replace(suggestion, id=suggestion_id(KIND, path, target or ""), path=path, target=target, edit=edit)


def _records(linked: Linked, proposals: list[Proposal], made: Change) -> tuple[Record, ...]:
    by_target = {proposal.target: proposal for proposal in proposals}
    seen = {record.written.item.target for record in linked.records if record.seen}
    return tuple(
        Record(w, by_target[w.item.target].evidence, w.item.target in seen, by_target[w.item.target].generated)
        for w in made.written
    )


def _item_of(suggestion: Suggestion) -> Item:
    assert suggestion.target is not None
    relation: Relation = suggestion.relation  # type: ignore[assignment]
    detail = suggestion.detail
    return Item(suggestion.target, relation, detail["link"], suggestion.reason, detail["source"])
