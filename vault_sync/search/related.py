"""What to look for when the question is a whole note. Pure but for the counts that `salient` reads."""

import sqlite3
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from vault_sync.paths import VaultPath
from vault_sync.ports import Vectors
from vault_sync.search.fusion import Fused
from vault_sync.search.terms import roots, tokens
from vault_sync.search.wording import frequencies
from vault_sync.text import stem

RELATED_WEIGHT = 0.6
"""The lexical lane's share among the neighbours of a note: a note is a long query, whose words say much."""
WORDS = 24
"""Words that stand for a note in the lexical lane."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A note as a question: its names, the texts and the vectors (n, d) of its chunks, and which occurrences are its own."""

    names: Sequence[str]
    texts: Sequence[str]
    vectors: Vectors
    own: frozenset[int]


class Near(NamedTuple):
    """A note near another one: its nearest passage, and how near that is (0..1, as search fuses)."""

    path: VaultPath
    occurrence: int
    score: float


def salient(connection: sqlite3.Connection, names: Sequence[str], texts: Sequence[str]) -> str:
    """A query that stands for a note: its names, and the words that are frequent in it and rare elsewhere."""
    return " ".join([*names, *_telling(connection, texts).values()])


def salient_stems(connection: sqlite3.Connection, names: Sequence[str], texts: Sequence[str]) -> list[str]:
    """The same in stems."""
    return [*(root for name in names for root in roots(name)), *_telling(connection, texts)]


def _telling(connection: sqlite3.Connection, texts: Sequence[str]) -> dict[str, str]:
    """Stems, each with a word that has it."""
    body = [token for text in texts for token in tokens(text) if len(token) > 2 and not token.isdigit()]
    spelt = {stem(token): token for token in body}
    times = Counter(stem(token) for token in body)
    counts = frequencies(connection, times)
    worth = {root: (1 + np.log(n)) * counts.weight(root) for root, n in times.items() if counts.of_stem[root] > 1}
    chosen = sorted(worth, key=lambda root: (-worth[root], root))[:WORDS]
    return {root: spelt[root] for root in chosen}


def middle(own: Vectors) -> Vectors:
    """The vector (d,) that stands for a note: the normalised mean of its chunks' vectors (n, d).

    The best chunk against the best chunk finds fewer of the links that people set, and costs a query a chunk.
    """
    mean: Vectors = own.mean(axis=0, dtype=np.float32)
    length = float(np.linalg.norm(mean))
    return np.asarray(mean / length, dtype=np.float32) if length else mean


def best_of_each_note(fused: Sequence[Fused], note_of: Mapping[int, Hashable]) -> list[Fused]:
    """The first hit of each note; hits of notes that are not in `note_of` are dropped."""
    seen: set[Hashable] = set()
    best = []
    for hit in fused:
        note = note_of.get(hit.occurrence)
        if note is not None and note not in seen:
            seen.add(note)
            best.append(hit)
    return best
