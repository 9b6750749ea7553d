"""Weights and vocabulary of one GGUF file, and the contexts on them, each made when it is first needed.

The low-level interface is used because the high-level one counts `max_tokens` wrongly while a token is half a
character, cuts inputs to embed without saying so, holds one sequence, and can not be cancelled while it reads a prompt.
"""

import ctypes
from collections.abc import Callable, Sequence
from functools import cached_property

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from daemon.engines.hosting.main_memory import allocatable
from daemon.engines.llama_cpp.native import log
from daemon.engines.llama_cpp.native.lazy_grammar import read_ahead
from daemon.engines.llama_cpp.native.loading import Adapters, Layout
from daemon.engines.llama_cpp.native.pooled import AS_THE_FILE_SAYS, POOLING, RANK, PooledContext
from daemon.engines.llama_cpp.native.sequences import LlamaSequences
from daemon.engines.worker import errors as worker_errors
from daemon.engines.worker.requests import LoadOptions, Sampling


class LlamaModel:
    """One model; `sequences`, embeddings and scores each have a context of their own."""

    def __init__(self, options: LoadOptions, progress: Callable[[float], None]) -> None:
        self.options = options
        self._layout = Layout(options)
        wanted = self._layout.parameters
        self._progress = llama_cpp.llama_progress_callback(_going_on(progress))
        wanted.progress_callback = self._progress
        self._model = llama_cpp.llama_model_load_from_file(options.path.encode(), wanted)
        if not self._model:
            raise worker_errors.refused(options.path, log.last_errors(), allocatable())
        self._adapters = Adapters(self._model, options.lora)
        self._vocab = llama_cpp.llama_model_get_vocab(self._model)
        self._pieces: dict[tuple[int, bool], bytes] = {}

    @property
    def library(self) -> str:
        """The version of what computes: a cache is read by the one that wrote it only."""
        return f"llama-cpp-python {llama_cpp.__version__}"

    def metadata(self, key: str) -> str:
        """A value of the file's metadata, "" where there is none."""
        buffer = ctypes.create_string_buffer(1 << 17)
        length = llama_cpp.llama_model_meta_val_str(self._model, key.encode(), buffer, len(buffer))
        return buffer.value.decode("utf-8", "replace") if length >= 0 else ""

    @property
    def context_tokens(self) -> int:
        """How many tokens one conversation may have: as configured, at most what the model was trained for."""
        trained = llama_cpp.llama_model_n_ctx_train(self._model)
        return min(self.options.context, trained) if trained > 0 else self.options.context

    @cached_property
    def sequences(self) -> LlamaSequences:
        """Where answers are written. Raises WorkerError where there is no room for it."""
        made = LlamaSequences(self._model, self._vocab, self.options, self.context_tokens)
        self._adapters.apply(made.context)
        return made

    @property
    def bos(self) -> str:
        """The text of the token that begins a text, "" where the model has none."""
        return self._token_text(llama_cpp.llama_vocab_bos(self._vocab))

    @property
    def eos(self) -> str:
        """The text of the token that ends a text, "" where the model has none."""
        return self._token_text(llama_cpp.llama_vocab_eos(self._vocab))

    def tokenize(self, text: str, *, control: bool) -> list[int]:
        """Tokens of `text`; with `control`, texts of control tokens become these, with the model's opening one."""
        data = text.encode()
        opening = control and not (self.bos and text.startswith(self.bos))
        size = len(data) + 16
        while True:
            tokens = (llama_cpp.llama_token * size)()
            count = llama_cpp.llama_tokenize(self._vocab, data, len(data), tokens, size, opening, control)
            if count >= 0:
                return list(tokens[:count])
            size = -count

    def read_ahead(self, sampling: Sampling) -> None:
        """Try what an answer must keep to. Raises WorkerError."""
        read_ahead(sampling)

    def piece(self, token: int, *, special: bool = False) -> bytes:
        """The bytes of a token; those of a control token only with `special`."""
        found = self._pieces.get((token, special))
        if found is None:
            buffer = ctypes.create_string_buffer(512)
            length = llama_cpp.llama_token_to_piece(self._vocab, token, buffer, len(buffer), 0, special)
            found = self._pieces[token, special] = buffer.raw[: max(0, length)]
        return found

    def control_texts(self) -> set[str]:
        """The texts that stand for control tokens."""
        count = llama_cpp.llama_vocab_n_tokens(self._vocab)
        control = (token for token in range(count) if llama_cpp.llama_vocab_is_control(self._vocab, token))
        return {self._token_text(token) for token in control}

    def embed(self, texts: Sequence[str], working: Callable[[], None]) -> NDArray[np.float32]:
        """L2-normalised vectors (n, d). Raises WorkerError for a text over the limit: nothing is cut."""
        tokens = [self.tokenize(text or " ", control=True) for text in texts]
        for text, piece in zip(texts, tokens, strict=True):
            if len(piece) > self._embedding.limit:
                raise worker_errors.text_too_long(text, len(piece), self._embedding.limit)
        vectors = self._embedding.pooled(tokens, working)
        for text, vector in zip(texts, vectors, strict=True):
            if not np.isfinite(vector).all():
                raise worker_errors.no_vector(text)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(norms, 1e-12), np.float32)

    def rerank(self, query: str, texts: Sequence[str], working: Callable[[], None]) -> list[float]:
        """One score a text, as the model's head gives it. A text over the limit is cut off at its end."""
        pairs = [self._pair(query, text) for text in texts]
        return [float(score) for score in self._ranking.pooled(pairs, working)[:, 0]]

    @cached_property
    def _embedding(self) -> PooledContext:
        pooling = POOLING.get(self.options.pooling, AS_THE_FILE_SAYS)
        return self._pooled(pooling, int(llama_cpp.llama_model_n_embd(self._model)))

    @cached_property
    def _ranking(self) -> PooledContext:
        return self._pooled(RANK, 1)

    def _pooled(self, pooling: int, dimensions: int) -> PooledContext:
        made = PooledContext(self._model, self.options, pooling, dimensions)
        self._adapters.apply(made.context)
        return made

    def _pair(self, query: str, text: str) -> list[int]:
        """Question and passage as one input that fits."""
        while len(tokens := self._joined(query, text)) > self._ranking.limit:
            if not text:
                raise worker_errors.query_too_long(len(tokens), self._ranking.limit)
            text = text[: len(text) * 3 // 4]
        return tokens

    def _joined(self, query: str, text: str) -> list[int]:
        """By the file's own template for ranking, else with the model's control tokens around and between."""
        template = llama_cpp.llama_model_chat_template(self._model, b"rerank")
        if template:
            parts = template.decode().split("{document}")
            return self.tokenize(text.join(part.replace("{query}", query) for part in parts), control=True)
        vocab = self._vocab
        ends = llama_cpp.llama_vocab_eos(vocab)
        ends = ends if ends >= 0 else llama_cpp.llama_vocab_sep(vocab)
        begin = [llama_cpp.llama_vocab_bos(vocab)] if llama_cpp.llama_vocab_get_add_bos(vocab) else []
        end = [ends] if llama_cpp.llama_vocab_get_add_eos(vocab) else []
        between = [llama_cpp.llama_vocab_sep(vocab)] if llama_cpp.llama_vocab_get_add_sep(vocab) else []
        first, second = self.tokenize(query, control=False), self.tokenize(text, control=False)
        return [*begin, *first, *end, *between, *second, *end]

    def _token_text(self, token: int) -> str:
        return self.piece(token, special=True).decode("utf-8", "replace") if token >= 0 else ""


def _going_on(progress: Callable[[float], None]) -> Callable[[float, object], bool]:
    def report(share: float, _: object) -> bool:
        progress(share)
        return True

    return report
