"""Which notes may be related to a note: those with like content, and those that the link graph puts beside it."""

import math
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from agents.related.affinity import Background, content, mentioned, named
from agents.related.kin import kin
from agents.related.likeness import SIGNS, Matrix, Usual, outstanding, probability, usual
from agents.related.sides import MOST, Side, Sides, in_common
from vault_sync.index.folders import FolderCounts, common
from vault_sync.index.ledger import Ledger
from vault_sync.index.linkgraph import LinkGraph, LinkGraphs
from vault_sync.index.records import NoteRecord, Occurrence
from vault_sync.paths import VaultPath, folder_of, is_note
from vault_sync.policy.policy import Policy
from vault_sync.search.search import Searcher
from vault_sync.text import fold

NEIGHBOURS = 100
"""Notes that search thinks near."""
_REACHED = 40
"""Notes that neighbours link to."""
_LINKED = 60
"""Notes that the note links to, which its other links are compared with."""
_DAILY = re.compile(r"\d{4}-\d{2}-\d{2}")
_LEAST_DAILY_TEXT = 300
_DOUBT = 10
"""Pairs of notes that would have to be linked as seldom as any before two folders are thought to have a habit."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A note that may be related, how likely it is that it would be linked (0..1), its nearest chunk or -1, and by how
    many spreads it stands out among the others by what it says (see `agents.related.likeness.outstanding`)."""

    record: NoteRecord
    score: float
    nearest: int
    outstanding: float


@dataclass(frozen=True, slots=True)
class Subject:
    """The note that is asked about: its side, the stems of its text, and what it links to."""

    side: Side
    stems: Sequence[str]
    targets: frozenset[VaultPath]


@dataclass(frozen=True, slots=True)
class Found:
    """The notes that may be related, what speaks for each (n, len(SIGNS)), and what is usual among them."""

    sides: Sequence[Side]
    signs: Matrix
    usual: Usual


def linkable(record: NoteRecord, chunks: Sequence[Occurrence], policy: Policy) -> bool:
    """Whether a note may be linked from another: where policy allows it, no template, no digest, none without text."""
    length, tags = sum(len(chunk.text) for chunk in chunks), frozenset(map(fold, record.tags))
    return _worth_linking(record, length, tags) and _lets_link(policy, record.path)


def _worth_linking(record: NoteRecord, length: int, tags: Collection[str]) -> bool:
    if record.state != "indexed" or not length or record.digest or "digest" in tags:
        return False
    return not _DAILY.match(record.title) or length >= _LEAST_DAILY_TEXT


def _lets_link(policy: Policy, path: VaultPath) -> bool:
    return policy.allows(path, "links") and not policy.template(path)


class Linkable:
    """What one policy says of paths that were asked about: the same notes are candidates again and again."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._known: dict[VaultPath, bool] = {}

    def __contains__(self, path: VaultPath) -> bool:
        known = self._known.get(path)
        if known is None:
            if len(self._known) >= MOST:
                self._known.clear()
            known = self._known[path] = is_note(path) and _lets_link(self.policy, path)
        return known


class Structure:
    """What is remembered of a vault between two notes: links, folders, the sides of notes, and which may be linked."""

    def __init__(self, ledger: Ledger) -> None:
        self.graphs = LinkGraphs(ledger)
        self.folders = FolderCounts(ledger)
        self.sides = Sides(ledger)
        self._linkable: Linkable | None = None

    def linkable(self, policy: Policy) -> Linkable:
        """The paths that the policy lets be linked."""
        if self._linkable is None or self._linkable.policy is not policy:
            self._linkable = Linkable(policy)
        return self._linkable


class Candidates:
    """Finds and scores the candidates of one note."""

    def __init__(
        self,
        ledger: Ledger,
        searcher: Searcher,
        against: Background,
        policy: Policy,
        structure: Structure | None = None,
        graph: LinkGraph | None = None,
    ) -> None:
        """`against` is the vault's background; `structure` is worth keeping; `graph` is for who asks by other links than
        those that are there."""
        structure = structure or Structure(ledger)
        self._ledger = ledger
        self._searcher = searcher
        self._against = against
        self._linkable = structure.linkable(policy)
        self._sides = structure.sides
        self._graph = graph or structure.graphs.current()
        self._folders = structure.folders.current()

    def of(self, note: NoteRecord, chunks: Sequence[Occurrence], least: float = 0.0) -> list[Candidate]:
        """Candidates with a score of `least` or more, best first, without those that the note's own text links already."""
        near = self._searcher.neighbours(note.path, NEIGHBOURS, "links")
        nearest = {each.path: each.occurrence for each in near}
        subject = self.subject(note, chunks)
        return self.like(subject, nearest, least) if subject else []

    def like(self, subject: Subject, nearest: Mapping[VaultPath, int], least: float = 0.0) -> list[Candidate]:
        """The same of a subject; `nearest` are the notes that search thinks near, each with its best chunk."""
        found = self.found(subject, nearest)
        notes, links = self._folders.below(""), self._graph.count
        scores = probability(found.signs, notes, links, among=found.usual)
        made = [
            Candidate(side.record, float(score), nearest.get(side.record.path, -1), float(apart))
            for side, score, apart in zip(found.sides, scores, outstanding(found.signs), strict=True)
            if score >= least
        ]
        return sorted(made, key=lambda c: (-c.score, c.record.path))

    def subject(self, note: NoteRecord, chunks: Sequence[Occurrence]) -> Subject | None:
        """A note of the ledger as a question; None where it is not indexed."""
        own = self._sides.of([note.path], self._against).get(note.path)
        stems = [stem for chunk in chunks for stem in content(chunk.text)]
        return Subject(own, stems, self._graph.targets(note.path)) if own else None

    def found(self, subject: Subject, near: Collection[VaultPath]) -> Found:
        """The notes that may be related to the subject; `near` are those that search thinks so."""
        own = subject.side.record.path
        linked = sorted(subject.targets)[:_LINKED]
        beside = {*near, *linked, *self._graph.sources(own)} - {own}
        sides = self._sides.of(beside, self._against)
        like = kin(subject.side, [side for side in sides.values() if is_note(side.record.path)])
        sides |= self._sides.of(
            self._reached({*like, *linked, *self._graph.sources(own)}) - {own, *sides}, self._against
        )
        may = [side for path, side in sorted(sides.items()) if path not in subject.targets and self._may(side)]
        company = [sides[path].vector for path in linked if path in sides]
        signs = self._signs(subject, may, like, company)
        return Found(may, signs, usual(signs))

    def _may(self, side: Side) -> bool:
        return side.record.path in self._linkable and _worth_linking(side.record, side.length, side.tags)

    def _reached(self, neighbours: Iterable[VaultPath]) -> set[VaultPath]:
        """What neighbours link to; one that links to many says little."""
        weights: defaultdict[VaultPath, float] = defaultdict(float)
        for neighbour in neighbours:
            targets = self._graph.targets(neighbour)
            for target in targets:
                weights[target] += 1 / math.log2(2 + len(targets))
        return set(sorted(weights, key=lambda path: (-weights[path], path))[:_REACHED])

    def _signs(
        self, subject: Subject, others: Sequence[Side], kin: Mapping[VaultPath, float], company: Sequence[np.ndarray]
    ) -> Matrix:
        """What speaks for each of the others, in the order of `SIGNS`."""
        one, graph, against = subject.side, self._graph, self._against
        if not others:
            return np.zeros((0, len(SIGNS)))
        path, text, held = one.record.path, f" {' '.join(subject.stems)} ", frozenset(subject.stems)
        # Many lie in one folder, and names of which no word stands in the note need not be looked for.
        homes = [folder_of(other.record.path) for other in others]
        places = {
            home: (self._folder(folder_of(path), home), self._habit(folder_of(path), home)) for home in set(homes)
        }
        said = [[name for name in other.names if held.issuperset(name)] for other in others]
        vectors = np.array([other.vector for other in others])
        like = np.array(company) @ vectors.T if company else np.zeros((1, len(others)))
        back, tags = graph.sources(path), self._tags(one)
        columns = {
            "meaning": vectors @ one.vector,
            "words": in_common(one, others),
            "named": [named(other.title, held, against) for other in others],
            "mentioned": [mentioned(names, text, against) if names else 0.0 for names in said],
            "folder": [places[home][0] for home in homes],
            "tags": [_shared_tags(tags, other) for other in others],
            "habit": [places[home][1] for home in homes],
            "kin": [sum(kin.get(p, 0.0) for p in graph.sources(other.record.path)) for other in others],
            "company": like.max(axis=0),
            "back": [float(other.record.path in back) for other in others],
            "known": [math.log2(1 + len(graph.sources(other.record.path))) for other in others],
        }
        return np.array([columns[name] for name in SIGNS], dtype=np.float64).T

    def _folder(self, one: str, other: str) -> float:
        """How few notes (0: all, 1: one) lie below the deepest folder that holds both."""
        notes = self._folders.below("")
        below = self._folders.below(common(one, other))
        return math.log(notes / below) / math.log(notes) if below and notes > 1 else 0.0

    def _habit(self, one: str, other: str) -> float:
        """How much oftener than any two notes (as a logarithm) those of the one folder link to those of the other."""
        notes = self._folders.below("")
        usual = self._graph.count / max(notes, 1) ** 2
        pairs = self._folders.notes(one) * self._folders.notes(other)
        links = self._graph.between(one, other)
        return math.log((links + _DOUBT * usual) / (pairs + _DOUBT) / usual) if usual else 0.0

    def _tags(self, side: Side) -> dict[str, float]:
        """The note's tags, and what it says to share each: 1 for one that hardly any note has."""
        notes = max(2, self._folders.below(""))
        count = "SELECT count(DISTINCT note_id) FROM tags WHERE folded = ?"
        read = self._ledger.read()
        have = {tag: int(read.execute(count, (tag,)).fetchone()[0]) for tag in side.tags}
        return {tag: max(0.0, math.log(notes / max(1, many))) / math.log(notes) for tag, many in have.items()}


def _shared_tags(tags: Mapping[str, float], other: Side) -> float:
    """What it says (at most 1) to have those of these tags that the other has."""
    return min(1.0, sum(tags.get(tag, 0.0) for tag in other.tags)) if tags and other.tags else 0.0
