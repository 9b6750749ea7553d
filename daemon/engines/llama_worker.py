"""One GGUF model in a process of its own: the only place with llama_cpp. Run by daemon/engines/worker.py.

The low-level interface is used because the high-level one counts `max_tokens` wrongly while a token is half a
character, cuts inputs to embed without saying so and can not be cancelled while it reads a prompt.
"""

import ctypes
import os
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

import llama_cpp
import numpy as np
from llama_cpp._ggml import libggml
from llama_cpp.llama_grammar import json_schema_to_gbnf
from numpy.typing import NDArray

from daemon.engines import worker_errors
from daemon.engines.pieces import packed
from daemon.engines.worker_loop import LoadOptions, Sampling, serve

_POOLING = {"mean": 1, "cls": 2, "last": 3}
_RANK = 4
_SEQUENCES = 8
_WARNING, _ERROR = 3, 4
_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
_Decided = Callable[[], bool]


class LlamaModel:
    """Weights, and the two contexts on them: one to chat, one to embed, each made when it is first needed."""

    def __init__(self, options: LoadOptions, progress: Callable[[float], None]) -> None:
        self._options = options
        parameters = llama_cpp.llama_model_default_params()
        parameters.n_gpu_layers = options.gpu_layers
        self._progress = llama_cpp.llama_progress_callback(_going_on(progress))
        parameters.progress_callback = self._progress
        self._devices = _devices(options.devices)
        if self._devices is not None:
            parameters.devices = ctypes.cast(self._devices, ctypes.c_void_p)
        self._model = llama_cpp.llama_model_load_from_file(options.path.encode(), parameters)
        if not self._model:
            raise worker_errors.refused(options.path)
        self._vocab = llama_cpp.llama_model_get_vocab(self._model)
        self._chat: _ChatContext | None = None

    def metadata(self, key: str) -> str:
        """A value of the file's metadata, "" where there is none."""
        buffer = ctypes.create_string_buffer(1 << 17)
        length = llama_cpp.llama_model_meta_val_str(self._model, key.encode(), buffer, len(buffer))
        return buffer.value.decode("utf-8", "replace") if length >= 0 else ""

    @property
    def context_tokens(self) -> int:
        """How many tokens one conversation may have: as configured, at most what the model was trained for."""
        trained = llama_cpp.llama_model_n_ctx_train(self._model)
        return min(self._options.context, trained) if trained > 0 else self._options.context

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

    def generate(self, prompt: Sequence[int], sampling: Sampling, cancelled: _Decided) -> Iterator[bytes | None]:
        """The bytes of one token after the other, None after each piece of prompt that was read.

        Ends at an end-of-answer token, after `max_tokens`, or within a step once `cancelled` says so. The
        first value is always None, when `reused_tokens` is known.
        """
        if self._chat is None:
            self._chat = _ChatContext(self._model, self._options, self.context_tokens)
        sampler = _Sampler(self._vocab, self._grammar(sampling), sampling)
        try:
            for _ in self._chat.read(prompt, cancelled):
                yield None
            for number in range(sampling.max_tokens):
                if cancelled():
                    return
                token = sampler.sample(self._chat.pointer)
                if llama_cpp.llama_vocab_is_eog(self._vocab, token):
                    return
                yield self._piece(token)
                if number + 1 < sampling.max_tokens:
                    self._chat.decode([token])
        finally:
            sampler.close()

    @property
    def reused_tokens(self) -> int:
        """Tokens of the last prompt that were still in the cache."""
        return self._chat.reused if self._chat else 0

    @cached_property
    def _embedding(self) -> "_PooledContext":
        pooling, dimensions = _POOLING.get(self._options.pooling, -1), llama_cpp.llama_model_n_embd(self._model)
        return _PooledContext(self._model, self._options, pooling, int(dimensions))

    @cached_property
    def _ranking(self) -> "_PooledContext":
        return _PooledContext(self._model, self._options, _RANK, 1)

    def embed(self, texts: Sequence[str], working: Callable[[], None]) -> NDArray[np.float32]:
        """L2-normalised vectors (n, d). Raises WorkerError for a text over the limit: nothing is cut."""
        tokens = [self.tokenize(text or " ", control=True) for text in texts]
        for text, piece in zip(texts, tokens, strict=True):
            if len(piece) > self._embedding.limit:
                raise worker_errors.text_too_long(text, len(piece), self._embedding.limit)
        vectors = self._embedding.pooled(tokens, working)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(norms, 1e-12), np.float32)

    def rerank(self, query: str, texts: Sequence[str], working: Callable[[], None]) -> list[float]:
        """One score a text, as the model's head gives it. A text over the limit is cut off at its end."""
        pairs = [self._pair(query, text) for text in texts]
        return [float(score) for score in self._ranking.pooled(pairs, working)[:, 0]]

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

    def _grammar(self, sampling: Sampling) -> str:
        if sampling.grammar or not sampling.json_schema:
            return sampling.grammar
        try:
            return str(json_schema_to_gbnf(sampling.json_schema))
        except Exception as error:
            raise worker_errors.bad_schema(error) from error

    def _piece(self, token: int, *, special: bool = False) -> bytes:
        buffer = ctypes.create_string_buffer(512)
        length = llama_cpp.llama_token_to_piece(self._vocab, token, buffer, len(buffer), 0, special)
        return buffer.raw[: max(0, length)]

    def _token_text(self, token: int) -> str:
        return self._piece(token, special=True).decode("utf-8", "replace") if token >= 0 else ""

    def control_texts(self) -> set[str]:
        """The texts that stand for control tokens."""
        count = llama_cpp.llama_vocab_n_tokens(self._vocab)
        control = (token for token in range(count) if llama_cpp.llama_vocab_is_control(self._vocab, token))
        return {self._token_text(token) for token in control}


class _Sampler:
    """Chooses tokens. A grammar is asked about the chosen token only, and about all of them when it refuses that."""

    def __init__(self, vocab: object, grammar: str, sampling: Sampling) -> None:
        self._chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
        seed = sampling.seed if sampling.seed is not None else random.getrandbits(32)
        for link in _links(sampling, seed & 0xFFFFFFFF):
            llama_cpp.llama_sampler_chain_add(self._chain, link)
        self._size = llama_cpp.llama_vocab_n_tokens(vocab)
        self._grammar = None
        if grammar:
            self._grammar = llama_cpp.llama_sampler_init_grammar(vocab, grammar.encode(), b"root")
            if not self._grammar:
                raise worker_errors.bad_grammar()

    def sample(self, context: object) -> int:
        """The next token."""
        token = int(llama_cpp.llama_sampler_sample(self._chain, context, -1))
        if self._grammar is None:
            return token
        if not self._allows(token):
            token = self._sample_allowed(context)
        llama_cpp.llama_sampler_accept(self._grammar, token)
        return token

    def close(self) -> None:
        """Free what llama.cpp holds."""
        llama_cpp.llama_sampler_free(self._chain)
        if self._grammar is not None:
            llama_cpp.llama_sampler_free(self._grammar)

    def _allows(self, token: int) -> bool:
        one = np.array([(token, 1.0, 0.0)], _CANDIDATE)
        llama_cpp.llama_sampler_apply(self._grammar, ctypes.byref(_candidates(one)))
        return bool(np.isfinite(one["logit"][0]))

    def _sample_allowed(self, context: object) -> int:
        logits = llama_cpp.llama_get_logits_ith(context, -1)
        every = np.zeros(self._size, _CANDIDATE)
        every["id"] = np.arange(self._size)
        every["logit"] = np.ctypeslib.as_array(logits, shape=(self._size,))
        array = _candidates(every)
        llama_cpp.llama_sampler_apply(self._grammar, ctypes.byref(array))
        llama_cpp.llama_sampler_apply(self._chain, ctypes.byref(array))
        return int(array.data[array.selected].id)


def _links(sampling: Sampling, seed: int) -> list[object]:
    if sampling.temperature <= 0:
        return [llama_cpp.llama_sampler_init_greedy()]
    return [
        llama_cpp.llama_sampler_init_top_p(sampling.top_p, 1),
        llama_cpp.llama_sampler_init_temp(sampling.temperature),
        llama_cpp.llama_sampler_init_dist(seed),
    ]


def _candidates(rows: "NDArray[np.void]") -> "llama_cpp.llama_token_data_array":
    pointer = rows.ctypes.data_as(ctypes.POINTER(llama_cpp.llama_token_data))
    return llama_cpp.llama_token_data_array(pointer, len(rows), -1, False)


class _ChatContext:
    """The key-value cache of one conversation, of which the longest common beginning is kept."""

    def __init__(self, model: object, options: LoadOptions, context: int) -> None:
        self.piece = 256 if options.gpu_layers else 128
        parameters = _context_parameters(options, context)
        parameters.n_batch = parameters.n_ubatch = self.piece
        self.pointer = _new_context(model, parameters, context)
        self._memory = llama_cpp.llama_get_memory(self.pointer)
        self._tokens: list[int] = []
        self.reused = 0

    def read(self, prompt: Sequence[int], cancelled: _Decided) -> Iterator[None]:
        """Take in a prompt piece by piece; the last token is always read, for its logits."""
        self.reused = self._keep(prompt)
        yield None
        for start in range(self.reused, len(prompt), self.piece):
            if cancelled():
                return
            self.decode(prompt[start : start + self.piece])
            yield None

    def decode(self, tokens: Sequence[int]) -> None:
        """Read tokens that follow what was read before."""
        array = (llama_cpp.llama_token * len(tokens))(*tokens)
        result = llama_cpp.llama_decode(self.pointer, llama_cpp.llama_batch_get_one(array, len(tokens)))
        if result != 0:
            raise worker_errors.broke_off(result)
        self._tokens.extend(tokens)

    def _keep(self, prompt: Sequence[int]) -> int:
        pairs = zip(self._tokens, prompt[:-1], strict=False)
        common = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(self._tokens), len(prompt) - 1))
        if not llama_cpp.llama_memory_seq_rm(self._memory, 0, common, -1):
            llama_cpp.llama_memory_clear(self._memory, True)  # recurrent models can not go back
            common = 0
        del self._tokens[common:]
        return common


class _PooledContext:
    """Several texts at a time, each a sequence of its own, of which one row of numbers is made."""

    def __init__(self, model: object, options: LoadOptions, pooling: int, dimensions: int) -> None:
        trained = llama_cpp.llama_model_n_ctx_train(model)
        self.limit = min(options.max_tokens or options.context, trained if trained > 0 else options.context)
        parameters = _context_parameters(options, self.limit)
        parameters.n_batch = parameters.n_ubatch = self.limit
        parameters.n_seq_max, parameters.kv_unified = _SEQUENCES, True
        parameters.embeddings = True
        parameters.pooling_type = pooling
        self._pointer = _new_context(model, parameters, self.limit)
        if llama_cpp.llama_pooling_type(self._pointer) == 0:
            raise worker_errors.no_pooling()
        self.dimensions = dimensions

    def pooled(self, texts: Sequence[Sequence[int]], working: Callable[[], None]) -> NDArray[np.float32]:
        """Rows (n, d); `working` is called after each batch."""
        found = np.zeros((len(texts), self.dimensions), np.float32)
        for rows in packed([len(text) for text in texts], self.limit, _SEQUENCES):
            self._batch([texts[row] for row in rows], rows, found)
            working()
        return found

    def _batch(self, texts: Sequence[Sequence[int]], rows: Sequence[int], out: NDArray[np.float32]) -> None:
        memory = llama_cpp.llama_get_memory(self._pointer)
        if memory:
            llama_cpp.llama_memory_clear(memory, True)
        batch = llama_cpp.llama_batch_init(sum(map(len, texts)), 0, len(texts))
        try:
            for sequence, tokens in enumerate(texts):
                for position, token in enumerate(tokens):
                    _add(batch, token, position, sequence)
            result = llama_cpp.llama_decode(self._pointer, batch)
        finally:
            llama_cpp.llama_batch_free(batch)
        if result != 0:
            raise worker_errors.broke_off(result)
        for sequence, row in enumerate(rows):
            pointer = llama_cpp.llama_get_embeddings_seq(self._pointer, sequence)
            out[row] = np.ctypeslib.as_array(pointer, shape=(self.dimensions,))


def _going_on(progress: Callable[[float], None]) -> Callable[[float, object], bool]:
    def report(share: float, _: object) -> bool:
        progress(share)
        return True

    return report


def _add(batch: object, token: int, position: int, sequence: int) -> None:
    at = batch.n_tokens  # type: ignore[attr-defined]
    batch.token[at], batch.pos[at], batch.n_seq_id[at] = token, position, 1  # type: ignore[attr-defined]
    batch.seq_id[at][0], batch.logits[at] = sequence, 1  # type: ignore[attr-defined]
    batch.n_tokens = at + 1  # type: ignore[attr-defined]


def _context_parameters(options: LoadOptions, context: int) -> llama_cpp.llama_context_params:
    parameters = llama_cpp.llama_context_default_params()
    parameters.n_ctx = context
    parameters.n_threads = parameters.n_threads_batch = options.threads or len(os.sched_getaffinity(0))
    return parameters


def _new_context(model: object, parameters: llama_cpp.llama_context_params, context: int) -> object:
    pointer = llama_cpp.llama_init_from_model(model, parameters)
    if not pointer:
        raise worker_errors.no_room(context)
    return pointer


def _devices(names: Sequence[str]) -> "ctypes.Array[ctypes.c_void_p] | None":
    if not names:
        return None
    libggml.ggml_backend_dev_by_name.restype = ctypes.c_void_p
    libggml.ggml_backend_dev_get.restype = ctypes.c_void_p
    libggml.ggml_backend_dev_get.argtypes = [ctypes.c_size_t]
    libggml.ggml_backend_dev_name.restype = ctypes.c_char_p
    libggml.ggml_backend_dev_name.argtypes = [ctypes.c_void_p]
    libggml.ggml_backend_dev_count.restype = ctypes.c_size_t
    found = [libggml.ggml_backend_dev_by_name(name.encode()) for name in names]
    if not all(found):
        present = [
            libggml.ggml_backend_dev_name(libggml.ggml_backend_dev_get(i)).decode()
            for i in range(libggml.ggml_backend_dev_count())
        ]
        raise worker_errors.no_device(names, present)
    return (ctypes.c_void_p * (len(found) + 1))(*found, None)


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
def _log(level: int, text: bytes, _: object) -> None:
    if level in (_WARNING, _ERROR):
        sys.stderr.write(text.decode("utf-8", "replace"))


if __name__ == "__main__":
    llama_cpp.llama_log_set(_log, None)
    serve(LlamaModel)
