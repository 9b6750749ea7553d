"""Texts of which one row of numbers is made each: embeddings, and scores of a ranking head."""

from collections.abc import Callable, Sequence

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from daemon.engines.dialogue.pieces import packed
from daemon.engines.llama_cpp.batch_ports import Row
from daemon.engines.llama_cpp.native import contexts
from daemon.engines.llama_cpp.native.sequences import Batch
from daemon.engines.worker import errors as worker_errors
from daemon.engines.worker.requests import LoadOptions

RANK = 4
POOLING = {"mean": 1, "cls": 2, "last": 3}
AS_THE_FILE_SAYS = -1
_SEQUENCES = 8
_TOGETHER = 256
"""Tokens of texts that are read together where each looks at all of them: a mask hides the others, and takes time."""
_SHORT, _FEW_THREADS = 64, 4
"""Tokens of a question, in which threads find more to wait for than to do; and how many of them read it at most."""

Vectors = Callable[[Sequence[int]], NDArray[np.float32]]
"""The vectors (n, d) of tokens, for a model whose file has no words."""


class PooledContext:
    """Several texts at a time, each a sequence of its own."""

    def __init__(
        self, model: object, options: LoadOptions, pooling: int, dimensions: int, vectors: Vectors | None = None
    ) -> None:
        trained = llama_cpp.llama_model_n_ctx_train(model)
        self.limit = min(options.max_tokens or options.context, trained if trained > 0 else options.context)
        wanted = contexts.parameters(options, self.limit, self.limit)
        wanted.n_ubatch = self.limit
        wanted.n_seq_max, wanted.kv_unified = _SEQUENCES, True
        wanted.embeddings = True
        wanted.pooling_type = pooling
        self.context = contexts.new_context(model, wanted)
        if llama_cpp.llama_pooling_type(self.context) == 0:
            raise worker_errors.no_pooling()
        self._memory = llama_cpp.llama_get_memory(self.context)
        self._dimensions = dimensions
        self._vectors = vectors
        self._threads = contexts.threads(options)
        self._batch = Batch(self.limit)

    def pooled(self, texts: Sequence[Sequence[int]], working: Callable[[], None]) -> NDArray[np.float32]:
        """Rows (n, d); `working` is called after each batch."""
        found = np.zeros((len(texts), self._dimensions), np.float32)
        limit = self.limit if self._memory else min(self.limit, _TOGETHER)
        for rows in packed([len(text) for text in texts], limit, _SEQUENCES):
            self._pool(found, texts, rows)
            for row in rows if len(rows) > 1 else ():
                if not np.isfinite(found[row]).all():
                    # in a cache that they share, what is no number spoils whoever stands beside it
                    self._pool(found, texts, [row])
            working()
        return found

    def _pool(self, found: NDArray[np.float32], texts: Sequence[Sequence[int]], rows: Sequence[int]) -> None:
        self._read([texts[row] for row in rows])
        for sequence, row in enumerate(rows):
            pointer = llama_cpp.llama_get_embeddings_seq(self.context, sequence)
            found[row] = np.ctypeslib.as_array(pointer, shape=(self._dimensions,))

    def _read(self, texts: Sequence[Sequence[int]]) -> None:
        rows = [Row(sequence, 0, tokens, len(tokens)) for sequence, tokens in enumerate(texts)]
        vectors = None if self._vectors is None else self._vectors([token for text in texts for token in text])
        batch = self._batch.of(rows, vectors)
        if self._memory:
            llama_cpp.llama_memory_clear(self._memory, True)
            result = llama_cpp.llama_decode(self.context, batch)
        else:
            threads = self._threads if batch.n_tokens > _SHORT else min(_FEW_THREADS, max(1, self._threads // 2))
            llama_cpp.llama_set_n_threads(self.context, threads, threads)
            result = llama_cpp.llama_encode(self.context, batch)
        if result != 0:
            raise worker_errors.broke_off(result)
