"""What this package needs from outside: something that embeds, and something that finds vectors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Ids = NDArray[np.int64]
"""Occurrence ids, sorted and each once."""


@dataclass(frozen=True, slots=True)
class EmbedderSpec:
    """What identifies an embedder: two embedders with the same `model` give the same vectors.

    `max_tokens` is the longest input it reads whole, prefix included.
    """

    model: str
    dimensions: int
    max_tokens: int
    query_prefix: str = ""
    passage_prefix: str = ""


class Embedder(Protocol):
    """Turns texts into L2-normalised vectors. Safe to call from several threads; a query is served before
    passages that are still waiting."""

    @property
    def spec(self) -> EmbedderSpec:
        """What this embedder is."""
        ...

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of shape (len(texts), dimensions). The prefix is added here."""
        ...

    def embed_query(self, text: str) -> Vectors:
        """One vector of shape (dimensions,). The prefix is added here."""
        ...

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` as a passage, prefix and special tokens included."""
        ...


class Reranker(Protocol):
    """Reads question and passage together, which is slow and sees more than comparing vectors. Safe to call from
    several threads."""

    def rerank(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        """How well each text answers, in their order: the more the better, comparable within this call only.

        Raises RerankerError, also where it takes too long.
        """
        ...


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A stored occurrence and its cosine similarity (-1..1) to the query."""

    occurrence: int
    similarity: float


class ChunkStore(Protocol):
    """A disposable index of vectors by occurrence id, rebuilt from the ledger when in doubt."""

    def add(self, occurrences: Sequence[int], vectors: Vectors) -> None:
        """Store vectors (n, d) under ids; one that is stored already keeps the vector that it has."""
        ...

    def delete(self, occurrences: Sequence[int]) -> None:
        """Forget these ids; unknown ones are no error."""
        ...

    def query(self, vector: Vectors, k: int, among: Ids | None = None) -> list[Neighbour]:
        """The `k` most similar occurrences, best first; ties by id.

        With `among` only those ids are looked at, none of them is missed, and unknown ones are no error.
        """
        ...

    @property
    def behind(self) -> int:
        """How many ids a part of it that is slow to write has yet to learn of. Searches answer as if it had, and after a
        crash `fit` finds what it lacks."""
        ...

    def catch_up(self) -> None:
        """Let that part learn of some of them. Raises StoreBrokenError."""
        ...

    def count(self) -> int:
        """How many occurrences are stored."""
        ...

    def ids(self) -> set[int]:
        """All stored ids (to compare with the ledger)."""
        ...

    def fit(self, wanted: Ids) -> Ids:
        """Forget all but these ids; says which of them are not stored. Quick where the store is known to be sound."""
        ...

    def get(self, occurrences: Sequence[int]) -> dict[int, Vectors]:
        """The stored vectors (d,) by id, in any length; unknown ids are left out (to compare with the ledger)."""
        ...

    def reset(self) -> None:
        """Forget everything."""
        ...

    def check(self) -> None:
        """Raises StoreBrokenError where it is known, without asking, that the store can not be used."""
        ...

    def close(self) -> None:
        """Release files and threads."""
        ...


class Stores(Protocol):
    """Where stores are kept: one for each *generation*, a number from 1 up.

    One generation serves; another is filled beside it while the model changes, or to leave garbage behind.
    """

    def open(self, generation: int) -> ChunkStore:
        """The store of a generation, empty where it is new. Raises StoreBrokenError."""
        ...

    def kept(self) -> set[int]:
        """The generations that have a store. Raises StoreBrokenError."""
        ...

    def drop(self, generation: int) -> None:
        """Delete the store of a generation, which must be closed; one that is not there is no error.

        Raises StoreBrokenError.
        """
        ...

    def close(self) -> None:
        """Release what the stores share."""
        ...
