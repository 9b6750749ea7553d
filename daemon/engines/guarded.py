"""An embedder whose failures are the vault's own errors: `vault_sync` knows nothing of engines."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from agents.errors import AgentError
from vault_sync.errors import EmbedderError
from vault_sync.ports import Embedder, EmbedderSpec, Vectors

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class GuardedEmbedder:
    """The given embedder; raises EmbedderError where that raises an AgentError."""

    inner: Embedder

    @property
    def spec(self) -> EmbedderSpec:
        """What the embedder is."""
        return self.inner.spec

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of shape (len(texts), dimensions)."""
        return _guarded(lambda: self.inner.embed_passages(texts))

    def embed_query(self, text: str) -> Vectors:
        """One vector of shape (dimensions,)."""
        return _guarded(lambda: self.inner.embed_query(text))

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` as a passage."""
        return _guarded(lambda: self.inner.count_tokens(text))


def _guarded(work: Callable[[], T]) -> T:
    try:
        return work()
    except AgentError as error:
        raise EmbedderError(error.effect, error.cause, error.fix) from error
