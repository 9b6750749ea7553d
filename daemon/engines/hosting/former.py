"""The embedder that serves until the vectors of the configured one are complete: it has its room under leases, too."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from daemon.engines.hosting.leased import LeasedEmbedder
from daemon.engines.hosting.residency import Residency
from daemon.engines.hosting.rooms import Tenant
from daemon.engines.hosting.sharing import Sharing
from daemon.engines.hosting.sizing import size_of
from daemon.engines.hosting.turnstile import Turnstile
from daemon.engines.llama_cpp.chat import llama_worker
from daemon.engines.llama_cpp.embedder import LlamaCppEmbedder
from daemon.engines.spec import EngineSpec
from daemon.engines.vllm.engine import VllmEmbedder


@dataclass(frozen=True, slots=True)
class FormerEmbedder(LeasedEmbedder):
    """An Embedder that takes turns with the engines that are configured, until it is closed."""

    end: Callable[[], None]

    @property
    def state(self) -> str:
        """One of the states of daemon/engines/hosting/lifecycle.py."""
        return str(getattr(self.engine, "state", "stopped"))

    def close(self) -> None:
        """End it for good: who waits for it is told, and who uses it hears of its end."""
        self.residency.part(self.name)
        self.end()


def former(spec: EngineSpec, residency: Residency, sharing: Sharing) -> FormerEmbedder:
    """The embedder of a spec whose memory is given and taken here, of the kinds llama_cpp and vllm. Raises EngineError."""
    engine: LlamaCppEmbedder | VllmEmbedder
    if spec.kind == "vllm":
        engine = served = VllmEmbedder(spec)

        def unload() -> None:
            asyncio.run(served.rest())
    else:
        worker = llama_worker(spec, residency.placed)
        engine = LlamaCppEmbedder(spec, worker, Turnstile())

        def unload() -> None:
            worker.rest("It made room.")

    size, state = partial(size_of, spec, ("embed",)), partial(getattr, engine, "state")
    residency.join(Tenant(spec, ("embedder",), size, state, unload, sharing.terms(spec)))
    return FormerEmbedder(engine, residency, spec.name, engine.close)
