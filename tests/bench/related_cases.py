"""What related notes are asked in vaults whose links were hidden, and what each way of ranking answers.

The ways that are compared with are those of well-known plugins: the words of the note alone, its vectors alone. All
rank the same notes: those that may be linked, but for the note itself and those that it links to.
"""

import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agents.related.affinity import background, content, mean_vector
from agents.related.candidates import Candidates, Structure, linkable
from agents.related.likeness import outstanding
from agents.related.neighbours import Limits
from tests.bench.embedders import CachedEmbedder
from tests.bench.hidden import Hidden, folds, write_unlinked, write_without
from tests.bench.retrieval import indexed
from vault_sync.index.ledger import Ledger
from vault_sync.index.records import NoteRecord, Occurrence
from vault_sync.paths import VaultPath, is_note
from vault_sync.policy.policy import Policy
from vault_sync.search.search import Searcher

Scores = NDArray[np.float64]

K1, B = 1.2, 0.75
LANES = 100
WORDS, MEAN, BEST, FUSED = "words (BM25)", "vectors (mean)", "vectors (best chunk)", "search, both lanes"
ALONE = (WORDS, MEAN, BEST)


@dataclass(frozen=True, slots=True)
class Case:
    """A note of a fold: its candidates with their signs (n, len(SIGNS)), the targets that were hidden (and whether they
    are easy), the order in which each other way ranks the notes, and how many links are left to
    it; how many notes and links the vault has."""

    vault: str
    fold: int
    source: VaultPath
    candidates: tuple[VaultPath, ...]
    signs: NDArray[np.float64]
    hidden: Mapping[VaultPath, bool]
    orders: Mapping[str, Sequence[VaultPath]]
    links: int
    vault_notes: int
    vault_links: int

    def rank(self, order: Sequence[VaultPath], target: VaultPath) -> int | None:
        """The rank of a hidden target, the others left out."""
        left = (path for path in order if path == target or path not in self.hidden)
        return next((rank for rank, path in enumerate(left, start=1) if path == target), None)

    def listed(self, scores: Scores, limits: Limits) -> Iterator[bool]:
        """Of each candidate with these scores (n,) that would be listed, best first, whether it was linked."""
        apart = outstanding(self.signs)
        rows = np.argsort(-scores, kind="stable")
        fit = [row for row in rows if limits.admits(scores[row], apart[row], self.vault_notes, listed=False)]
        yield from (self.candidates[row] in self.hidden for row in fit[: limits.most])

    @property
    def labels(self) -> NDArray[np.float64]:
        """Which of the candidates were linked (n,)."""
        return np.array([float(path in self.hidden) for path in self.candidates])


def cases(name: str, embedder: CachedEmbedder) -> list[Case]:
    """Every note of every fold."""
    found: list[Case] = []
    for number, hide in enumerate(folds(name)):
        with tempfile.TemporaryDirectory() as folder:
            gone = write_without(name, hide, Path(folder) / "vault")
            ledger, searcher = indexed(Path(folder) / "vault", Path(folder) / "data", embedder)
            found += _Fold(name, number, ledger, searcher).cases(gone)
            ledger.close()
    return found


def unlinked(name: str, embedder: CachedEmbedder) -> list[Case]:
    """Every note of the vault, all of whose links were hidden."""
    with tempfile.TemporaryDirectory() as folder:
        gone = write_unlinked(name, Path(folder) / "vault")
        ledger, searcher = indexed(Path(folder) / "vault", Path(folder) / "data", embedder)
        found = _Fold(name, 0, ledger, searcher).cases(gone)
        ledger.close()
    return found


class _Fold:
    """A vault without some links, ready to be asked."""

    def __init__(self, name: str, number: int, ledger: Ledger, searcher: Searcher) -> None:
        self._name, self._number = name, number
        self._ledger, self._searcher = ledger, searcher
        self._policy = Policy()
        structure = Structure(ledger)
        self._candidates = Candidates(ledger, searcher, background(ledger), self._policy, structure)
        self._graph = structure.graphs.current()
        self._count = structure.folders.current().below("")
        each = [(record, ledger.occurrences_of(record.path)) for record in ledger.notes() if is_note(record.path)]
        self._notes = [(record, chunks) for record, chunks in each if linkable(record, chunks, self._policy)]
        self._paths = [record.path for record, _ in self._notes]
        self._alone = {WORDS: _by_words(self._notes), **_by_vectors(ledger, self._notes)}

    def cases(self, gone: Sequence[Hidden]) -> list[Case]:
        by_source: defaultdict[VaultPath, dict[VaultPath, bool]] = defaultdict(dict)
        for link in gone:
            if link.target in self._paths:
                by_source[link.source][link.target] = link.easy
        return [self._case(row, by_source.get(record.path, {})) for row, (record, _) in enumerate(self._notes)]

    def _case(self, row: int, hidden: Mapping[VaultPath, bool]) -> Case:
        record, chunks = self._notes[row]
        near = [each.path for each in self._searcher.neighbours(record.path, 200, "links")]
        subject = self._candidates.subject(record, chunks)
        assert subject is not None
        found = self._candidates.found(subject, near[:LANES])
        out = {record.path, *self._graph.targets(record.path)}
        orders = {
            way: [self._paths[i] for i in np.argsort(-scores[row], kind="stable") if self._paths[i] not in out]
            for way, scores in self._alone.items()
        }
        orders[FUSED] = [path for path in near if path in set(self._paths) - out]
        paths = tuple(side.record.path for side in found.sides)
        return Case(
            self._name,
            self._number,
            record.path,
            paths,
            found.signs,
            hidden,
            orders,
            len(subject.targets),
            self._count,
            self._graph.count,
        )


def _by_words(notes: Sequence[tuple[NoteRecord, Sequence[Occurrence]]]) -> Scores:
    """BM25 of every note (column) for the whole text and the names of every note (row)."""
    texts = [
        content(" ".join((record.title, *record.aliases, *(chunk.text for chunk in chunks))))
        for record, chunks in notes
    ]
    numbers = {stem: number for number, stem in enumerate(sorted({stem for text in texts for stem in text}))}
    times = np.zeros((len(texts), len(numbers)), np.float32)
    for row, text in enumerate(texts):
        for stem, count in Counter(text).items():
            times[row, numbers[stem]] = count
    lengths = times.sum(axis=1, keepdims=True)
    found = (times > 0).sum(axis=0)
    rarity = np.log(1 + (len(texts) - found + 0.5) / (found + 0.5))
    often = times * (K1 + 1) / (times + K1 * (1 - B + B * lengths / lengths.mean()))
    return np.asarray((times * rarity) @ often.T, np.float64)


def _by_vectors(ledger: Ledger, notes: Sequence[tuple[NoteRecord, Sequence[Occurrence]]]) -> dict[str, Scores]:
    """The cosine of the notes' means, and of the mean with the other's best chunk."""
    own = [ledger.vectors([chunk.id for chunk in chunks]) for _, chunks in notes]
    means = np.array([mean_vector(vectors) for vectors in own])
    best = np.array([(vectors @ means.T).max(axis=0) for vectors in own]).T
    return {MEAN: (means @ means.T).astype(np.float64), BEST: best.astype(np.float64)}
