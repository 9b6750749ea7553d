"""An embedder that looks into a ledger first."""

from collections.abc import Sequence

import numpy as np

from vault_sync.index.key import vector_key
from vault_sync.index.ledger import Ledger
from vault_sync.ports import Embedder, EmbedderSpec, Vectors


class Remembering:
    """An embedder that asks the vault's own ledger first: what is embedded there is not embedded again."""

    def __init__(self, inner: Embedder, ledger: Ledger) -> None:
        self._inner = inner
        self._ledger = ledger

    @property
    def spec(self) -> EmbedderSpec:
        """That of the inner one."""
        return self._inner.spec

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of shape (len(texts), dimensions)."""
        keys = [vector_key(self.spec, text) for text in texts]
        known = self._ledger.vectors_of(keys)
        missing = [text for text, key in zip(texts, keys, strict=True) if key not in known]
        fresh = iter(self._inner.embed_passages(missing) if missing else ())
        return np.array([known[key] if key in known else next(fresh) for key in keys], dtype=np.float32)

    def embed_query(self, text: str) -> Vectors:
        """One vector of shape (dimensions,)."""
        return self._inner.embed_query(text)

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` as a passage."""
        return self._inner.count_tokens(text)
