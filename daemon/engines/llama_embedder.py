"""Embeddings by a GGUF file, through a worker process."""

import base64
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from agents.errors import EngineError
from daemon.engines.gguf import GgufHeader, fingerprint, read_header
from daemon.engines.lifecycle import EngineState
from daemon.engines.llama_question import Question
from daemon.engines.pace import Pace
from daemon.engines.registry import resolve_model
from daemon.engines.spec import EngineSpec
from daemon.engines.turnstile import BULK, INTERACTIVE, Turnstile
from daemon.engines.worker import Worker
from vault_sync.ports import EmbedderSpec, Vectors

_GROUP = 8
_POOLING_NAMES = {0: "", 1: "mean", 2: "cls", 3: "last"}


class LlamaCppEmbedder:
    """An Embedder on a GGUF file. A text over the limit is an error, never cut."""

    def __init__(self, spec: EngineSpec, worker: Worker, turnstile: Turnstile) -> None:
        path = resolve_model(spec)
        self._spec = embedder_spec(spec, path, read_header(path))
        self._worker = worker
        self._question = Question(worker, spec.stall_seconds, spec.load_seconds)
        self._turnstile = turnstile
        self._pace = Pace(most=_GROUP)

    @property
    def spec(self) -> EmbedderSpec:
        """What this embedder is; `model` tells file and pooling apart."""
        return self._spec

    @property
    def state(self) -> EngineState:
        """The worker's state."""
        return self._worker.state

    def start(self) -> None:
        """Load the model now instead of on the first request."""
        self._question.process()

    def close(self) -> None:
        """End the worker."""
        self._worker.close()

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors (n, d), in groups, so that a query waits for one group at most."""
        vectors = np.zeros((len(texts), self._spec.dimensions), np.float32)
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        while order:
            with self._turnstile.turn(BULK):
                size = self._pace.fitting([len(texts[row]) for row in order[:_GROUP]])
                rows, order = order[:size], order[size:]
                self.start()  # loading says nothing of the pace
                began = time.perf_counter()
                vectors[rows] = self._embed([self._spec.passage_prefix + texts[row] for row in rows])
                self._pace.took([len(texts[row]) for row in rows], time.perf_counter() - began)
        return vectors

    def embed_query(self, text: str) -> Vectors:
        """One vector (d,)."""
        with self._turnstile.turn(INTERACTIVE):
            first: Vectors = self._embed([self._spec.query_prefix + text])[0]
            return first

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` as a passage, prefix and special tokens included."""
        return int(self._question.ask({"op": "count_text", "text": self._spec.passage_prefix + text})["tokens"])

    def _embed(self, texts: Sequence[str]) -> Vectors:
        event = self._question.ask({"op": "embed", "texts": texts})
        data = np.frombuffer(base64.b64decode(event["data"]), "<f4")
        return np.asarray(data.reshape(event["shape"]), np.float32)


def embedder_spec(spec: EngineSpec, path: Path, header: GgufHeader) -> EmbedderSpec:
    """What the file and the settings make together. Raises EngineError when the pooling is not known."""
    stored = header.of_architecture("pooling_type")
    pooling = spec.pooling or _POOLING_NAMES.get(stored if isinstance(stored, int) else 0, "")
    if not pooling:
        raise EngineError(
            f"The engine {spec.name!r} can not embed.",
            f"{path.name} does not say how the vectors of tokens become one.",
            'Write pooling = "mean" (or "cls", "last") as the model\'s page says.',
        )
    return EmbedderSpec(
        model=f"{path.name.removesuffix('.gguf')}@{fingerprint(path)}/{pooling}",
        dimensions=_number(header, "embedding_length"),
        max_tokens=min(spec.max_tokens or spec.context, _number(header, "context_length")),
        query_prefix=spec.query_prefix,
        passage_prefix=spec.passage_prefix,
    )


def _number(header: GgufHeader, key: str) -> int:
    value = header.of_architecture(key)
    return value if isinstance(value, int) else 0
