"""Embeddings by a worker process of ours."""

import base64
import time
from collections.abc import Sequence

import numpy as np

from daemon.engines.hosting.turnstile import BULK, INTERACTIVE, Turnstile
from daemon.engines.llama_cpp.question import Question
from daemon.engines.pace import Pace
from daemon.engines.spec import EngineSpec
from daemon.engines.worker.worker import Worker
from daemon.engines.worker.working import Working
from vault_sync.ports import EmbedderSpec, Vectors

_GROUP = 8


class WorkerEmbedder(Working):
    """An Embedder in a process of its own. A query waits for one group of passages at most."""

    def __init__(self, engine: EngineSpec, spec: EmbedderSpec, worker: Worker, turnstile: Turnstile) -> None:
        """`spec` is what the worker makes vectors by."""
        super().__init__(worker)
        self._spec = spec
        self._question = Question(worker, engine.stall_seconds, engine.load_seconds)
        self.turnstile = turnstile
        self._pace = Pace(most=_GROUP)

    @property
    def spec(self) -> EmbedderSpec:
        """What this embedder is; `model` tells file and pooling apart."""
        return self._spec

    def start(self) -> None:
        """Load the model now instead of on the first request."""
        self._question.process()

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors (n, d), in groups, so that a query waits for one group at most."""
        vectors = np.zeros((len(texts), self._spec.dimensions), np.float32)
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        while order:
            with self.turnstile.turn(BULK):
                size = self._pace.fitting([len(texts[row]) for row in order[:_GROUP]])
                rows, order = order[:size], order[size:]
                self.start()  # loading says nothing of the pace
                began = time.perf_counter()
                vectors[rows] = self._embed([self._spec.passage_prefix + texts[row] for row in rows])
                self._pace.took([len(texts[row]) for row in rows], time.perf_counter() - began)
        return vectors

    def embed_query(self, text: str) -> Vectors:
        """One vector (d,)."""
        with self.turnstile.turn(INTERACTIVE):
            first: Vectors = self._embed([self._spec.query_prefix + text])[0]
            return first

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` as a passage, prefix and special tokens included."""
        return int(self._question.ask({"op": "count_text", "text": self._spec.passage_prefix + text})["tokens"])

    def _check(self) -> None:
        """Raises EngineError where the worker has loaded another model than `spec` says."""

    def _embed(self, texts: Sequence[str]) -> Vectors:
        event = self._question.ask({"op": "embed", "texts": texts})
        self._check()
        data = np.frombuffer(base64.b64decode(event["data"]), "<f4")
        return np.asarray(data.reshape(event["shape"]), np.float32)
