"""The model and the store that serve now. Both are exchanged at once, while searches go on."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Condition
from typing import TypeVar

from vault_sync.errors import EmbedderError
from vault_sync.ports import ChunkStore, Embedder, EmbedderSpec, Ids, Neighbour, Vectors

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pair:
    """An embedder, and the store of the vectors that it gave."""

    embedder: Embedder
    store: ChunkStore


class Serving:
    """Holds the pair that serves. Safe to use from several threads; one of them exchanges it."""

    def __init__(self, pair: Pair) -> None:
        self._pair: Pair | None = pair
        self._there = Condition()

    @property
    def pair(self) -> Pair:
        """The pair that serves; waits while it is exchanged, which takes as long as a commit."""
        with self._there:
            self._there.wait_for(lambda: self._pair is not None)
            assert self._pair is not None
            return self._pair

    @contextmanager
    def exchange(self, pair: Pair) -> Iterator[None]:
        """Nobody sees a pair in this block, and after it the new one; the old one again where the block raises."""
        before = self.pair
        self._put(None)
        try:
            yield
        except BaseException:
            self._put(before)
            raise
        self._put(pair)

    def _put(self, pair: Pair | None) -> None:
        with self._there:
            self._pair = pair
            self._there.notify_all()

    def steadily(self, work: Callable[[], T]) -> T:
        """The result of work that reads vectors and asks the embedder: done again where the pair was exchanged meanwhile,
        so that no vector of one model is compared with those of another.
        """
        while True:
            pair = self.pair
            try:
                result = work()
            except Exception:
                if self.pair is pair:
                    raise
                continue
            if self.pair is pair:
                return result


@dataclass(frozen=True, slots=True)
class ServingEmbedder:
    """The embedder that serves, whichever it is at the moment."""

    serving: Serving

    @property
    def spec(self) -> EmbedderSpec:
        """What it is now."""
        return self.serving.pair.embedder.spec

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of shape (len(texts), dimensions)."""
        return self.serving.pair.embedder.embed_passages(texts)

    def embed_query(self, text: str) -> Vectors:
        """One vector of shape (dimensions,)."""
        return self.serving.pair.embedder.embed_query(text)

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` as a passage."""
        return self.serving.pair.embedder.count_tokens(text)


@dataclass(frozen=True, slots=True)
class ServingStore:
    """The store that serves, whichever it is at the moment."""

    serving: Serving

    @property
    def damage(self) -> str:
        """Why what was there was thrown away when it was opened; empty where it could be used."""
        return str(getattr(self.serving.pair.store, "damage", ""))

    def add(self, occurrences: Sequence[int], vectors: Vectors) -> None:
        """Store vectors (n, d) under ids that are not stored yet."""
        self.serving.pair.store.add(occurrences, vectors)

    def delete(self, occurrences: Sequence[int]) -> None:
        """Forget these ids; unknown ones are no error."""
        self.serving.pair.store.delete(occurrences)

    def query(self, vector: Vectors, k: int, among: Ids | None = None) -> list[Neighbour]:
        """The `k` most similar occurrences, best first; ties by id."""
        return self.serving.pair.store.query(vector, k, among)

    @property
    def behind(self) -> int:
        """How many ids a part of it has yet to learn of."""
        return self.serving.pair.store.behind

    def catch_up(self) -> None:
        """Let that part learn of some of them."""
        self.serving.pair.store.catch_up()

    def count(self) -> int:
        """How many occurrences are stored."""
        return self.serving.pair.store.count()

    def ids(self) -> set[int]:
        """All stored ids."""
        return self.serving.pair.store.ids()

    def fit(self, wanted: Ids) -> Ids:
        """Forget all but these ids; says which of them are not stored."""
        return self.serving.pair.store.fit(wanted)

    def get(self, occurrences: Sequence[int]) -> dict[int, Vectors]:
        """The stored vectors (d,) by id; unknown ids are left out."""
        return self.serving.pair.store.get(occurrences)

    def reset(self) -> None:
        """Forget everything."""
        self.serving.pair.store.reset()

    def check(self) -> None:
        """Raises StoreBrokenError where it is known that the store can not be used."""
        self.serving.pair.store.check()

    def close(self) -> None:
        """Release files and threads."""
        self.serving.pair.store.close()


@dataclass(frozen=True, slots=True)
class LostEmbedder:
    """A model whose vectors are there, and which can not be built any more: it embeds nothing, and says why."""

    spec: EmbedderSpec
    why: str

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Raises ModelLostError."""
        raise self._error()

    def embed_query(self, text: str) -> Vectors:
        """Raises ModelLostError."""
        raise self._error()

    def count_tokens(self, text: str) -> int:
        """Raises ModelLostError."""
        raise self._error()

    def _error(self) -> EmbedderError:
        return ModelLostError(
            "Passages can not be found by their meaning until the new model has embedded all of them.",
            f"The model {self.spec.model!r} embedded them, and it can not be used any more: {self.why}",
            "Wait, or configure that model again; `/api/health` says how far the change is.",
        )


class ModelLostError(EmbedderError):
    """The model whose vectors serve can not be used, and those of the new one are not complete."""
