"""The notes that are worth listing beside a note, each with its evidence and its relation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents.affinity import Background, background, topic
from agents.candidates import Candidate, Candidates, Structure, linkable
from agents.evidence import Evidence, best_evidence
from agents.linked import Record
from agents.relation import decided, weighed
from agents.section import Relation
from agents.standing import Standing, standing
from vault_sync.generations import MODEL
from vault_sync.ledger import Ledger
from vault_sync.paths import VaultPath
from vault_sync.policy import PolicySource
from vault_sync.records import NoteRecord, Occurrence
from vault_sync.search import Searcher


@dataclass(frozen=True, slots=True)
class Limits:
    """At most `most` notes, each with a score (0..1, see `agents.likeness`) of `least` or more.

    A note that is listed already needs only the share `stay` of that, so that the list does not flicker.
    """

    most: int = 6
    least: float = 0.03
    stay: float = 0.7

    def threshold(self, *, listed: bool) -> float:
        """The least score of a note that is listed already, or is not."""
        return self.least * self.stay if listed else self.least


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

    def __init__(self, ledger: Ledger, searcher: Searcher, policy: PolicySource, limits: Limits) -> None:
        """`policy` says which notes may be linked at all."""
        self._ledger = ledger
        self._searcher = searcher
        self._policy = policy
        self._limits = limits
        self._structure = Structure(ledger)
        self._background: tuple[int, str | None, Background] | None = None
        """How many notes there were when the sample was taken, of whose vectors it is, and the sample."""

    def of(self, path: VaultPath, listed: Mapping[VaultPath, Record], refused: set[str]) -> Neighbourhood | None:
        """The note's neighbourhood; None for a note that is not indexed, may not be linked or not be changed.

        `listed` is what Famulus lists in the note now, `refused` what the user does not want there.
        """
        policy, note, chunks = self._policy.current, self._ledger.note(path), self._ledger.occurrences_of(path)
        if note is None or not policy.writable(path) or not linkable(note, chunks, policy):
            return None
        against = self._sample()
        about = topic(note.title, [chunk.text for chunk in chunks], against)
        candidates = self._candidates().of(note, chunks)
        here = self._standing(note, chunks)
        found: list[Neighbour] = []
        for candidate in candidates:
            known = listed.get(candidate.record.path)
            least = self._limits.threshold(listed=known is not None)
            if candidate.score >= least and candidate.record.path not in refused:
                found += self._neighbour(note, here, candidate, about, known.evidence if known else "")
            if len(found) == self._limits.most:
                break
        return Neighbourhood(note, chunks[0].text, tuple(found))

    def scores(self, path: VaultPath) -> dict[VaultPath, float]:
        """How likely each candidate is to be linked, whatever the limits, those that the note links already left out."""
        policy, note, chunks = self._policy.current, self._ledger.note(path), self._ledger.occurrences_of(path)
        if note is None or not linkable(note, chunks, policy):
            return {}
        return {candidate.record.path: candidate.score for candidate in self._candidates().of(note, chunks)}

    def _candidates(self) -> Candidates:
        return Candidates(self._ledger, self._searcher, self._sample(), self._policy.current, self._structure)

    def _sample(self) -> Background:
        notes, model = self._structure.folders.current().below(""), self._ledger.meta(MODEL)
        known = self._background
        if known is None or model != known[1] or abs(notes - known[0]) > 0.1 * known[0]:
            known = self._background = (notes, model, background(self._ledger))
        return known[2]

    def _neighbour(
        self, note: NoteRecord, here: Standing, candidate: Candidate, about: Mapping[str, float], before: str
    ) -> list[Neighbour]:
        target = candidate.record
        chunks = self._ledger.occurrences_of(target.path)
        names = (target.title, *target.aliases)
        common = self._sample().boilerplate
        evidence = best_evidence(chunks, about, names, candidate.nearest, before, common, (note.title, *note.aliases))
        if evidence is None:
            return []
        context = next(chunk.text for chunk in chunks if evidence.sentence in chunk.text)
        there = self._standing(target, chunks)
        told = decided(here, there)
        return [Neighbour(target, told or weighed(here, there), candidate.score, evidence, context, told is not None)]

    def _standing(self, note: NoteRecord, chunks: Sequence[Occurrence]) -> Standing:
        graph, known = self._structure.graphs.current(), self._sample()
        links, citing = graph.targets(note.path), graph.sources(note.path)
        return standing(note, chunks, links, len(citing), known.frequency, known.chunks)
