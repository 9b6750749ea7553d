"""Embeddings by a GGUF file, through a worker process."""

from pathlib import Path

from agents.errors import EngineError
from daemon.engines.files.gguf import GgufHeader, fingerprint, read_header
from daemon.engines.files.registry import resolve_model
from daemon.engines.hosting.turnstile import Turnstile
from daemon.engines.llama_cpp.chat import stamp
from daemon.engines.spec import EngineSpec
from daemon.engines.worker.embedder import WorkerEmbedder
from daemon.engines.worker.worker import Worker
from vault_sync.ports import EmbedderSpec

_POOLING_NAMES = {0: "", 1: "mean", 2: "cls", 3: "last"}


class LlamaCppEmbedder(WorkerEmbedder):
    """An Embedder on a GGUF file. A text over the limit is an error, never cut."""

    def __init__(self, spec: EngineSpec, worker: Worker, turnstile: Turnstile) -> None:
        """Raises EngineError where the file is missing or does not say how it pools."""
        path = resolve_model(spec)
        super().__init__(spec, embedder_spec(spec, path, read_header(path)), worker, turnstile)
        self._engine = spec
        self._checked: object = stamp(path)

    def _check(self) -> None:
        """Vectors of a file that took the place of another must not be kept as those of the other."""
        loaded = self._worker.launched.get("stamp")
        if loaded == self._checked:
            return
        path = resolve_model(self._engine)
        if f"@{fingerprint(path)}/" not in self.spec.model:
            raise EngineError(
                f"The engine {self._engine.name!r} can not embed.",
                f"Its file {path} was replaced by another model, whose vectors do not fit those of the index.",
                "Start Famulus again: notes are then embedded anew. Or put the old file back.",
            )
        self._checked = loaded


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
