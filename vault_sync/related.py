"""What to look for when the question is a whole note. Pure but for the counts that `salient` reads."""

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from vault_sync.fusion import Fused
from vault_sync.lexical import frequencies, tokens
from vault_sync.ports import Vectors
from vault_sync.text import stem

RELATED_WEIGHT = 0.35
"""The lexical lane's share among the neighbours of a note."""
WORDS = 16
"""Words that stand for a note in the lexical lane."""
PROBES = 12
"""Vectors that stand for a long note in the dense lane; each is one query of the store."""


def salient(connection: sqlite3.Connection, names: Sequence[str], texts: Sequence[str]) -> str:
    """A query that stands for a note: its names, and the words that are frequent in it and rare elsewhere."""
    body = [token for text in texts for token in tokens(text) if len(token) > 2 and not token.isdigit()]
    spelt = {stem(token): token for token in body}
    times = Counter(stem(token) for token in body)
    counts = frequencies(connection, times)
    worth = {root: (1 + np.log(n)) * counts.weight(root) for root, n in times.items() if counts.of_stem[root] > 1}
    chosen = sorted(worth, key=lambda root: (-worth[root], root))[:WORDS]
    return " ".join([*names, *(spelt[root] for root in chosen)])


def probes(own: Vectors) -> Vectors:
    """Vectors (m, d) to look for neighbours with: the mean of a note's chunks (n, d), and chunks spread over it."""
    mean: Vectors = own.mean(axis=0, keepdims=True)
    mean /= max(float(np.linalg.norm(mean)), 1e-9)
    if len(own) == 1:
        return mean
    rows = np.unique(np.linspace(0, len(own) - 1, min(PROBES, len(own))).round().astype(int))
    return np.concatenate([mean, own[rows]], dtype=np.float32)


def best_of_each_note(fused: Sequence[Fused], note_of: Mapping[int, int]) -> list[Fused]:
    """The first hit of each note; hits of notes that are not in `note_of` are dropped."""
    seen: set[int] = set()
    best = []
    for hit in fused:
        note = note_of.get(hit.occurrence)
        if note is not None and note not in seen:
            seen.add(note)
            best.append(hit)
    return best
