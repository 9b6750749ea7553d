"""Which notes may be related to a note: those with like content, and those that the link graph puts beside it."""

import math
import re
from collections import defaultdict
from dataclasses import dataclass

from agents.affinity import (
    Background,
    Topic,
    closeness,
    content,
    mean_vector,
    mentioned,
    shared,
    topic,
)
from vault_sync.ledger import Ledger
from vault_sync.paths import VaultPath
from vault_sync.policy import Policy
from vault_sync.records import NoteRecord, Occurrence
from vault_sync.search import Searcher
from vault_sync.text import fold

_NEIGHBOURS = 50
_CO_CITED = 12
_CHUNKS = 12
_DAILY = re.compile(r"\d{4}-\d{2}-\d{2}")
_LEAST_DAILY_TEXT = 300


@dataclass(frozen=True, slots=True)
class Candidate:
    """A note that may be related, with its score (in deviations from the usual) and its nearest chunk or -1."""

    record: NoteRecord
    score: float
    nearest: int


def linkable(record: NoteRecord, chunks: list[Occurrence], policy: Policy) -> bool:
    """Whether a note may be linked from another: where policy allows it, no template, no digest, none without text."""
    if record.state != "indexed" or not chunks or record.digest or "digest" in map(fold, record.tags):
        return False
    if not policy.allows(record.path, "links") or policy.template(record.path):
        return False
    return not _DAILY.match(record.title) or sum(len(chunk.text) for chunk in chunks) >= _LEAST_DAILY_TEXT


class Candidates:
    """Finds and scores the candidates of one note."""

    def __init__(self, ledger: Ledger, searcher: Searcher, against: Background, policy: Policy) -> None:
        """`against` is the vault's background."""
        self._ledger = ledger
        self._searcher = searcher
        self._against = against
        self._policy = policy

    def of(self, note: NoteRecord, chunks: list[Occurrence]) -> list[Candidate]:
        """Candidates, best first, without those that the note's own text links already."""
        linked = {link.target for link in self._ledger.links_from(note.path)}
        nearest = {p.path: p.occurrence for p in self._searcher.related(note.path, _NEIGHBOURS, "links")}
        cited = self._co_cited(note.path, linked)
        source = _Side(self._ledger, note, chunks, self._against)
        back = {link.source for link in self._ledger.links_to(note.path)}
        found = []
        for path in {*nearest, *cited, *back} - linked - {note.path}:
            record, its = self._ledger.note(path), self._ledger.occurrences_of(path)
            if record is None or not linkable(record, its, self._policy):
                continue
            target = _Side(self._ledger, record, its, self._against)
            graph = min(1.0, cited.get(path, 0.0)) + (0.5 if path in back else 0.0)
            score = source.score(target, self._against) + graph
            found.append(Candidate(record, score, nearest.get(path, -1)))
        return sorted(found, key=lambda c: (-c.score, c.record.path))

    def _co_cited(self, path: VaultPath, linked: set[VaultPath]) -> dict[VaultPath, float]:
        """Notes that the same notes link to; a note that links to many says little."""
        weights: defaultdict[VaultPath, float] = defaultdict(float)
        for citing in {link.source for link in self._ledger.links_to(path)}:
            beside = {link.target for link in self._ledger.links_from(citing)} - {path}
            for target in beside - linked:
                weights[target] += 1 / math.log2(2 + len(beside))
        return dict(sorted(weights.items(), key=lambda pair: (-pair[1], pair[0]))[:_CO_CITED])


class _Side:
    """One note of a pair: its vector, its topic and its words."""

    def __init__(self, ledger: Ledger, record: NoteRecord, chunks: list[Occurrence], against: Background) -> None:
        chunks = chunks[:_CHUNKS]
        self.names = (record.title, *record.aliases)
        self.language = record.language
        vectors = ledger.embedded([chunk.id for chunk in chunks])[1]
        self.vector = mean_vector(vectors) if len(vectors) else None
        self.stems = [s for chunk in chunks for s in content(chunk.text)]
        self.topic: Topic = topic(record.title, [chunk.text for chunk in chunks], against)

    def score(self, other: "_Side", against: Background) -> float:
        meaning = 0.0
        if self.vector is not None and other.vector is not None:
            meaning = closeness(self.vector, other.vector, (self.language, other.language), against)
        said = mentioned(other.names, self.stems, against) + 0.5 * mentioned(self.names, other.stems, against)
        return meaning + 1.5 * shared(self.topic, other.topic) + said
