"""The key-value cache of a chatting model, which many sequences share, and its step."""

import ctypes
from collections.abc import Callable, Sequence
from typing import TypeVar

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from daemon.engines.llama_cpp.batch_ports import Chosen, Row, Sampler
from daemon.engines.llama_cpp.blocks import Logits, highest
from daemon.engines.llama_cpp.chance import chosen
from daemon.engines.llama_cpp.crew import Crew
from daemon.engines.llama_cpp.drawing import COLD
from daemon.engines.llama_cpp.native import contexts
from daemon.engines.llama_cpp.native.sampler import LlamaSampler
from daemon.engines.llama_cpp.native.schema import grammar_of
from daemon.engines.worker import errors as worker_errors
from daemon.engines.worker.requests import LoadOptions, Sampling

_SAMPLING_THREADS = 4
"""More gain nothing: one core reads 32 rows in 1.2 ms, 4 in 0.8, 8 in 0.9 to 1.2 (16 cores beside an H200)."""
_WORTH_SHARING = 4
Wanted = tuple[Sampler, int, Sequence[int]]
"""Whose token, the number of its first output in the step, and its draft."""
Part = TypeVar("Part")
Result = TypeVar("Result")


class LlamaSequences:
    """One context, of which each sequence has a part of the cache."""

    def __init__(self, model: object, vocab: object, options: LoadOptions, context: int) -> None:
        self._vocab = vocab
        self._vocabulary = llama_cpp.llama_vocab_n_tokens(vocab)
        self._outputs = 0
        self.batch = 2048 if options.gpu_layers else 128
        self.room = context * options.sequences
        spare = options.sequences + 2 if options.unified else 0
        self.count = min(options.sequences + spare, llama_cpp.llama_max_parallel_sequences())
        outputs = max(self.count, options.draft_tokens + 1)
        wanted = contexts.parameters(options, self.room, self.batch)
        wanted.n_ubatch = min(self.batch, options.micro_batch)
        wanted.n_seq_max, wanted.kv_unified, wanted.swa_full = self.count, options.unified, True
        wanted.n_outputs_max = outputs
        self.context = contexts.new_context(model, wanted)
        self._unified = options.unified
        self._on_device = options.device_sampling
        self._memory = llama_cpp.llama_get_memory(self.context)
        layers = llama_cpp.llama_model_n_layer(model)
        here = not llama_cpp.llama_supports_gpu_offload() or options.n_cpu_moe
        self.aside = not here and (options.gpu_layers < 0 or options.gpu_layers >= layers)
        self.partial = not (llama_cpp.llama_model_is_recurrent(model) or llama_cpp.llama_model_is_hybrid(model))
        self._batch = Batch(self.batch + outputs)
        self._crew = Crew(min(_SAMPLING_THREADS, contexts.threads(options) - 1), "sampler")

    def decode(self, rows: Sequence[Row]) -> None:
        """Carry out a step. Raises WorkerError."""
        self._outputs = sum(row.outputs for row in rows)
        result = llama_cpp.llama_decode(self.context, self._batch.of(rows))
        if result != 0:
            raise worker_errors.broke_off(result)

    def cut(self, sequence: int, length: int) -> None:
        """Forget what follows the first `length` tokens."""
        if not llama_cpp.llama_memory_seq_rm(self._memory, sequence, length, -1):
            raise worker_errors.broke_off(-1)

    def copy(self, source: int, target: int, length: int) -> None:
        """Let `target` hold the first `length` tokens of `source`, and nothing else."""
        llama_cpp.llama_memory_seq_rm(self._memory, target, -1, -1)
        part = self.partial and self._unified
        llama_cpp.llama_memory_seq_cp(self._memory, source, target, 0 if part else -1, length if part else -1)
        if self.partial and not self._unified:
            self.cut(target, length)

    def state(self, sequence: int) -> bytes:
        """What the cache holds of a sequence."""
        size = llama_cpp.llama_state_seq_get_size(self.context, sequence)
        room = (ctypes.c_uint8 * size)()
        written = llama_cpp.llama_state_seq_get_data(self.context, room, size, sequence)
        return bytes(room)[:written]

    def restore(self, sequence: int, state: bytes, length: int) -> bool:
        """Let the sequence hold the `length` tokens that `state` was made of; False where it then holds nothing."""
        self.cut(sequence, 0)
        room = (ctypes.c_uint8 * len(state)).from_buffer_copy(state)
        taken = llama_cpp.llama_state_seq_set_data(self.context, room, len(state), sequence)
        if taken == len(state) and llama_cpp.llama_memory_seq_pos_max(self._memory, sequence) == length - 1:
            return True
        self.cut(sequence, 0)
        return False

    def sampler(self, sampling: Sampling) -> LlamaSampler:
        """How an answer is to be sampled. Raises WorkerError for a wrong grammar."""
        return LlamaSampler(self.context, self._vocab, sampling, grammar_of(sampling), on_device=self._on_device)

    def sample(self, wanted: Sequence[Wanted]) -> list[list[Chosen]]:
        """Tokens for (sampler, number of its first output, draft); several at a time where there are cores for it."""
        if not wanted:
            return []
        logits = self.logits()
        plain = [sampler.plain and not sampler.on_device and not draft for sampler, _, draft in wanted]
        by_chance = iter(self._drawn(logits, [each for each, is_plain in zip(wanted, plain, strict=True) if is_plain]))
        others = [each for each, is_plain in zip(wanted, plain, strict=True) if not is_plain]
        told = iter(self._shared(lambda some: [self._of(logits, *each) for each in some], others))
        return [next(by_chance) if is_plain else next(told) for is_plain in plain]

    def ends(self, token: int) -> bool:
        """Whether the token ends an answer."""
        return bool(llama_cpp.llama_vocab_is_eog(self._vocab, token))

    def logits(self) -> Logits:
        """(outputs of the step, vocabulary); empty where the device has chosen for all of them."""
        pointer = llama_cpp.llama_get_logits(self.context)
        address = ctypes.cast(pointer, ctypes.c_void_p).value
        if not address:
            return np.empty((self._outputs, 0), np.float32)
        values = (ctypes.c_float * (self._outputs * self._vocabulary)).from_address(address)
        return np.frombuffer(values, np.float32).reshape(self._outputs, self._vocabulary)

    def _drawn(self, logits: Logits, plain: Sequence[Wanted]) -> list[list[Chosen]]:
        """Tokens of those for whom nothing but chance decides.

        A few cores share what looks at everything; what is left are short calls, for which threads would wait for each
        other.
        """
        if not plain:
            return []
        rows = logits if len(plain) == len(logits) else logits[[output for _, output, _ in plain]]
        chances = [sampler.chance for sampler, _, _ in plain]
        cold = max(chance.temperature for chance in chances) < COLD
        look = self._looks(lambda some: rows[some].argmax(axis=1) if cold else highest(rows[some]), len(rows))
        found = np.concatenate(look)
        tokens = found if cold else chosen(rows, found, chances, self._looks)
        return [
            [Chosen(sampler.seen(int(token), logits[output]))]
            for token, (sampler, output, _) in zip(tokens, plain, strict=True)
        ]

    def _looks(self, work: Callable[[slice], Result], rows: int) -> list[Result]:
        """What is found by looking at slices of the rows, which the cores share where there are enough of them."""
        return self._crew.share(lambda some: work(slice(some[0], some[-1] + 1)), range(rows), _WORTH_SHARING)

    def _shared(self, work: Callable[[Sequence[Part]], list[Result]], parts: Sequence[Part]) -> list[Result]:
        """The results of the work, which the cores share where there is enough of it."""
        return [each for share in self._crew.share(work, parts, _WORTH_SHARING) for each in share]

    def _of(self, logits: Logits, sampler: Sampler, output: int, draft: Sequence[int]) -> list[Chosen]:
        if sampler.on_device:
            return [sampler.sampled(output - self._outputs)]
        found: list[Chosen] = []
        for number in range(len(draft) + 1):
            found.append(sampler.sample(logits[output + number]))
            if number < len(draft) and found[-1].token != draft[number]:
                break
        return found


class Batch:
    """A llama_batch over arrays that are made once: filling its fields one by one takes longer than some steps."""

    def __init__(self, size: int) -> None:
        self._token = np.zeros(size, np.int32)
        self._position = np.zeros(size, np.int32)
        self._sequence = np.zeros(size, np.int32)
        self._output = np.zeros(size, np.int8)
        self._ones = np.ones(size, np.int32)
        self._vectors: NDArray[np.float32] | None = None
        at = self._sequence.ctypes.data
        self._pointers = np.arange(at, at + 4 * size, 4, dtype=np.int64)
        self._struct = llama_cpp.llama_batch()
        self._struct.pos = _pointer(self._position, llama_cpp.llama_pos)
        self._struct.n_seq_id = _pointer(self._ones, ctypes.c_int32)
        self._struct.seq_id = self._pointers.ctypes.data_as(ctypes.POINTER(ctypes.POINTER(llama_cpp.llama_seq_id)))
        self._struct.logits = _pointer(self._output, ctypes.c_int8)

    def of(self, rows: Sequence[Row], vectors: NDArray[np.float32] | None = None) -> llama_cpp.llama_batch:
        """The batch of these rows, good until the next call; with `vectors`, these are read in place of the tokens."""
        tokens = [token for row in rows for token in row.tokens]
        count = len(tokens)
        self._token[:count] = tokens
        self._vectors = None if vectors is None else np.ascontiguousarray(vectors, np.float32)
        self._struct.token = _pointer(self._token, llama_cpp.llama_token) if vectors is None else None
        self._struct.embd = None if self._vectors is None else _pointer(self._vectors, ctypes.c_float)
        self._position[:count] = [row.start + place for row in rows for place in range(len(row.tokens))]
        self._sequence[:count] = [row.sequence for row in rows for _ in row.tokens]
        self._output[:count] = [
            place >= len(row.tokens) - row.outputs for row in rows for place in range(len(row.tokens))
        ]
        self._struct.n_tokens = count
        return self._struct


def _pointer(array: NDArray[np.generic], kind: type) -> object:
    return array.ctypes.data_as(ctypes.POINTER(kind))
