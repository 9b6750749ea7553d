"""A fast embedder for tests of control flow: words hashed into a vector. Proves no result that a user would see."""

import hashlib
import threading
from collections.abc import Sequence

import numpy as np

from tests.effort import LONG
from vault_sync.errors import EmbedderError
from vault_sync.ports import EmbedderSpec, Vectors
from vault_sync.text import stems


class WordEmbedder:
    """Counts what it embeds; fails on texts that hold `fails_on`."""

    def __init__(self, model: str = "words", dimensions: int = 64, fails_on: str = "") -> None:
        self._spec = EmbedderSpec(model, dimensions, 512)
        self.seen: list[str] = []
        self.fails_on = fails_on

    @property
    def spec(self) -> EmbedderSpec:
        return self._spec

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        if self.fails_on and any(self.fails_on in text for text in texts):
            raise EmbedderError("The embedder failed.", "It was told to.", "Try again.")
        self.seen += texts
        return np.array([self._vector(text) for text in texts], dtype=np.float32)

    def embed_query(self, text: str) -> Vectors:
        return self._vector(text)

    def count_tokens(self, text: str) -> int:
        return len(text.split()) + 2

    def _vector(self, text: str) -> Vectors:
        vector = np.full(self._spec.dimensions, 1e-3, dtype=np.float32)
        for stem in stems(text):
            vector[int.from_bytes(hashlib.blake2b(stem.encode(), digest_size=4).digest()) % len(vector)] += 1
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


class WaitingEmbedder(WordEmbedder):
    """Embeds nothing until it is told to `go`."""

    def __init__(self) -> None:
        super().__init__()
        self.called, self.go = threading.Event(), threading.Event()

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        self.called.set()
        assert self.go.wait(LONG)
        return super().embed_passages(texts)
