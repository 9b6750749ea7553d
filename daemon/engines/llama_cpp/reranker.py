"""Reranking by a GGUF file with a head that ranks (bge-reranker, jina-reranker, Qwen3-Reranker), in a worker process."""

from collections.abc import Sequence

from agents.errors import EngineError
from daemon.engines.files.gguf import GgufHeader, read_header
from daemon.engines.files.registry import resolve_model
from daemon.engines.hosting.turnstile import INTERACTIVE, Turnstile
from daemon.engines.llama_cpp.question import Question
from daemon.engines.spec import EngineSpec
from daemon.engines.worker.worker import Worker
from daemon.engines.worker.working import Working

_HEADS = frozenset({"cls.weight", "cls.output.weight"})


class LlamaCppReranker(Working):
    """A Reranker on a GGUF file. What exceeds its input is cut off at the end of a text."""

    def __init__(self, spec: EngineSpec, worker: Worker, turnstile: Turnstile) -> None:
        """Raises EngineError where the file is missing or no reranker."""
        super().__init__(worker)
        path = resolve_model(spec)
        check_ranks(spec.name, path.name, read_header(path))
        self._model = path.name.removesuffix(".gguf")
        self._turnstile = turnstile
        self._question = Question(worker, spec.stall_seconds, spec.load_seconds)

    @property
    def model(self) -> str:
        """The file's name."""
        return self._model

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """One score a text. Raises EngineError."""
        if not texts:
            return []
        with self._turnstile.turn(INTERACTIVE):
            event = self._question.ask({"op": "rerank", "query": query, "texts": list(texts)})
        return [float(score) for score in event["scores"]]


def check_ranks(name: str, file: str, header: GgufHeader) -> None:
    """Raises EngineError for a model without a head that ranks: llama.cpp would give numbers that mean nothing."""
    if _HEADS.isdisjoint(header.tensors):
        raise EngineError(
            f"The engine {name!r} can not rerank.",
            f"{file} has no head that ranks: it is a model that chats or embeds.",
            "Name the GGUF file of a reranker, such as bge-reranker-v2-m3 or Qwen3-Reranker.",
        )
