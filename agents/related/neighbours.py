"""The notes that are worth listing beside a note, each with its evidence and its relation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from agents.reasons.evidence import Evidence, best_evidence
from agents.related.affinity import Background, content, topic
from agents.related.candidates import NEIGHBOURS, Candidate, Candidates, Structure, Subject, linkable
from agents.related.likeness import comparable
from agents.related.linked import Record
from agents.related.sample import Sample
from agents.related.section import Relation
from agents.relations.relation import decided, weighed
from agents.relations.standing import Standing, standing
from vault_sync.evaluation.evaluate import Bare
from vault_sync.index.ledger import Ledger
from vault_sync.index.records import NoteRecord, Occurrence
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import PolicySource
from vault_sync.search.search import Searcher

_SHOWN = 10
"""Notes that are shown beside a note where nobody says how many."""


@dataclass(frozen=True, slots=True)
class Limits:
    """At most `most` notes, each with a score (0..1, see `agents.related.likeness`) of `least` or more. One with less than
    `sure` times that, which is in doubt, also has to stand out among the candidates by `apart` spreads: the habits of links
    and folders alone make it no note that is worth reading here.

    A note that is listed already needs only the share `stay` of each, so that the list does not flicker.
    """

    most: int = 6
    least: float = 0.03
    stay: float = 0.7
    sure: float = 2.0
    apart: float = 1.25

    def threshold(self, *, listed: bool) -> float:
        """The least score of a note that is listed already, or is not."""
        return self.least * self.stay if listed else self.least

    def admits(self, score: float, outstanding: float, notes: int, *, listed: bool) -> bool:
        """Whether a candidate with this score, standing out so far, is worth listing in a vault of so many notes."""
        least, apart = self.threshold(listed=listed), self.apart * (self.stay if listed else 1.0)
        if not comparable(notes) or score >= self.sure * least:
            return score >= least
        return score >= least and outstanding >= apart * comparable(notes)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A related note; `context` is the text of the chunk that the evidence stands in.

    `decided` says that the vault's structure tells the relation, and not what the texts seem to say.
    """

    record: NoteRecord
    relation: Relation
    score: float
    evidence: Evidence
    context: str
    decided: bool = False


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """A note, the beginning of its text, and its neighbours, best first."""

    note: NoteRecord
    excerpt: str
    neighbours: tuple[Neighbour, ...]


class Neighbours:
    """Finds neighbourhoods by the ledger and the searcher; safe to call in threads."""

    def __init__(
        self, ledger: Ledger, searcher: Searcher, policy: PolicySource, limits: Limits, sample: Sample | None = None
    ) -> None:
        """`policy` says which notes may be linked at all; `sample` is worth sharing with others."""
        self._ledger = ledger
        self._searcher = searcher
        self._policy = policy
        self._limits = limits
        self._structure = Structure(ledger)
        self._sample = sample or Sample(ledger)

    def of(self, path: VaultPath, listed: Mapping[VaultPath, Record], refused: set[str]) -> Neighbourhood | None:
        """The note's neighbourhood; None for a note that is not indexed, may not be linked or not be changed.

        `listed` is what Famulus lists in the note now, `refused` what the user does not want there.
        """
        policy, note, chunks = self._policy.current, self._ledger.note(path), self._ledger.occurrences_of(path)
        if note is None or not policy.writable(path) or not linkable(note, chunks, policy):
            return None
        against = self._sample.current()
        about = topic(note.title, [chunk.text for chunk in chunks], against)
        candidates = self._candidates(against).of(note, chunks, self._limits.threshold(listed=bool(listed)))
        here, notes = self._standing(note, chunks, against), self._structure.folders.current().below("")
        found: list[Neighbour] = []
        for candidate in candidates:
            known = listed.get(candidate.record.path)
            listable = candidate.record.path not in refused
            score, apart = candidate.score, candidate.outstanding
            if listable and self._limits.admits(score, apart, notes, listed=known is not None):
                found += self._neighbour(note, here, candidate, about, against, known.evidence if known else "")
            if len(found) == self._limits.most:
                break
        return Neighbourhood(note, chunks[0].text, tuple(found))

    def scores(self, path: VaultPath) -> dict[VaultPath, float]:
        """How likely each candidate is to be linked, whatever the limits, those that the note links already left out."""
        policy, note, chunks = self._policy.current, self._ledger.note(path), self._ledger.occurrences_of(path)
        if note is None or not linkable(note, chunks, policy):
            return {}
        return {
            candidate.record.path: candidate.score
            for candidate in self._candidates(self._sample.current()).of(note, chunks)
        }

    def as_if(self, bare: Bare, weight: float | None = None) -> list[VaultPath]:
        """What would be shown beside a note if it had never linked to some others, best first: for measuring.

        `weight` is the lexical lane's share (0..1) in finding candidates, for once another one than is set.
        """
        path, policy = bare.note.path, self._policy.current
        record, most = self._ledger.note(path), _SHOWN + len(bare.hidden)
        if record is None or not linkable(record, self._ledger.occurrences_of(path), policy):
            return [passage.path for passage in self._searcher.near(bare.subject, most, weight=weight)]
        graph, against = self._structure.graphs.current().without(path, bare.hidden), self._sample.current()
        candidates = Candidates(self._ledger, self._searcher, against, policy, self._structure, graph)
        near = {
            each.path: each.occurrence for each in self._searcher.roughly(bare.subject, NEIGHBOURS, "links", weight)
        }
        stems = [found for chunk in bare.chunks for found in content(chunk.text)]
        subject = Subject(self._structure.sides.unindexed(record, bare, against), stems, graph.targets(path))
        return [
            each.record.path for each in candidates.like(subject, near) if policy.allows(each.record.path, "related")
        ]

    def warm(self, hold: Callable[[], bool] = lambda: False) -> None:
        """Read what all notes share (the sample, the link graph and the folders), and what is compared of each; `hold` is
        called between the steps, again while it says so."""
        against = self._sample.current()
        self._candidates(against)
        self._structure.sides.warm(against, hold)

    def forget(self) -> None:
        """Keep nothing of what notes say: one of them may not be read any more."""
        self._sample.forget()
        self._structure.sides.forget()

    def _candidates(self, against: Background) -> Candidates:
        return Candidates(self._ledger, self._searcher, against, self._policy.current, self._structure)

    def _neighbour(
        self,
        note: NoteRecord,
        here: Standing,
        candidate: Candidate,
        about: Mapping[str, float],
        against: Background,
        before: str,
    ) -> list[Neighbour]:
        target = candidate.record
        chunks = self._ledger.occurrences_of(target.path)
        names, reader, common = (target.title, *target.aliases), (note.title, *note.aliases), against.boilerplate
        evidence = best_evidence(chunks, about, names, candidate.nearest, before, common, reader)
        if evidence is None:
            return []
        context = next(chunk.text for chunk in chunks if evidence.sentence in chunk.text)
        there = self._standing(target, chunks, against)
        told = decided(here, there)
        return [Neighbour(target, told or weighed(here, there), candidate.score, evidence, context, told is not None)]

    def _standing(self, note: NoteRecord, chunks: Sequence[Occurrence], known: Background) -> Standing:
        graph = self._structure.graphs.current()
        links, citing = graph.targets(note.path), graph.sources(note.path)
        return standing(note, chunks, links, len(citing), known.frequency, known.chunks, known.families)
