"""Chat, embeddings and reranking by vLLM, in a process of ours."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import TypeVar

from agents.errors import EngineError
from agents.ports import ChatDelta, ChatRequest, Message
from daemon.engines.dialogue.control import harmless
from daemon.engines.files.checkpoint import Checkpoint, read_checkpoint
from daemon.engines.files.registry import resolve_folder
from daemon.engines.openai.chat import OpenAIEngine
from daemon.engines.openai.embedder import OpenAIEmbedder
from daemon.engines.openai.reranker import OpenAIReranker
from daemon.engines.openai.server import TRIES
from daemon.engines.spec import EngineSpec
from daemon.engines.vllm.adapter import asked_name, read_adapter
from daemon.engines.vllm.server import VllmServer
from daemon.engines.worker.process import ChildProcess
from daemon.engines.worker.watchdog import Watchdog
from vault_sync.ports import Vectors

log = logging.getLogger(__name__)
T = TypeVar("T")


class _Served:
    """What the engines of this module share: a server of their own, which can rest."""

    _vllm: VllmServer

    @property
    def state(self) -> str:
        """The state of its process, or `asleep`."""
        return self._vllm.now

    @property
    def starts(self) -> int:
        """How often its process was started."""
        return self._vllm.worker.starts

    @property
    def memory(self) -> int:
        """MiB that it holds on its devices; 0 while it rests."""
        return self._vllm.memory

    async def rest(self) -> None:
        """Free the devices, once those who use it are served."""
        await self._vllm.rest()

    async def wake(self) -> None:
        """Be ready. Raises EngineError or EngineLoadingError."""
        async with self._vllm.used():
            pass

    def close(self) -> None:
        """End the process; returns when it is gone."""
        self._vllm.worker.close()


class VllmEngine(_Served):
    """A ChatEngine. vLLM batches; a request is tried again where the process dies before its first token."""

    def __init__(self, spec: EngineSpec) -> None:
        self._spec = spec
        self._vllm = VllmServer(spec, "generate")
        self._http = OpenAIEngine(self._vllm.spec, self._vllm, tries=1)
        self._watch = Watchdog(spec.stall_seconds, self._bite)
        self._ends: set[asyncio.Task[None]] = set()

    @property
    def name(self) -> str:
        """The engine's name in `famulus.toml`."""
        return self._spec.name

    @property
    def model(self) -> str:
        """The name of the model's folder, or of its repository; with an adapter, the name of that."""
        return asked_name(self._spec)

    @property
    def identity(self) -> str:
        """Name and fingerprint of the weights, also of an adapter. Raises EngineError where they are missing."""
        return _identity(self._spec, _checkpoint(self._spec))

    @property
    def context_tokens(self) -> int:
        """How many tokens prompt and answer may have together."""
        return self._spec.context

    def close(self) -> None:
        """Hang up and end the process; returns when it is gone."""
        self._http.close()
        super().close()

    async def start(self) -> None:
        """Load the model now instead of on the first request."""
        await self._vllm.worker.ready(self._spec.load_seconds)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        """Generate. Raises ContextLengthError, BadRequestError, EngineError or EngineLoadingError."""
        for attempt in range(TRIES):
            said = False
            async with self._vllm.used() as process:
                try:
                    async with aclosing(self._watched(request)) as deltas:
                        async for delta in deltas:
                            said = True
                            yield delta
                    self._vllm.worker.answered()
                    return
                except EngineError as error:
                    await self._judge(process, error, again=not said and attempt < TRIES - 1)

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        """Tokens of the rendered prompt, exactly."""
        async with self._vllm.used():
            self._watch.expect()
            try:
                return await self._http.count_tokens(harmless(messages, self._vllm.control))
            finally:
                self._watch.calm()

    async def _watched(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        """The deltas, under the watch while vLLM is waited for, but not while the reader of the answer is."""
        waiting = True
        self._watch.expect()
        request = replace(request, messages=harmless(request.messages, self._vllm.control))
        try:
            async with aclosing(self._http.stream(request)) as deltas:
                async for delta in deltas:
                    self._watch.progress()
                    self._watch.calm()
                    waiting = False
                    yield delta
                    self._watch.expect()
                    waiting = True
        finally:
            if waiting:
                self._watch.calm()

    async def _judge(self, process: ChildProcess | None, error: EngineError, *, again: bool) -> None:
        """Raises what the caller is told; returns where the request may be tried again."""
        if not await asyncio.to_thread(self._vllm.died, process):
            raise error
        cause = self._vllm.worker.last_cause
        if not again:
            raise self._vllm.worker.error(cause) from error
        log.info("engine %s is asked again: %s", self.name, cause)

    def _bite(self) -> None:
        task = asyncio.ensure_future(asyncio.to_thread(self._vllm.end_stalled))
        self._ends.add(task)
        task.add_done_callback(self._ends.discard)


class VllmEmbedder(_Served, OpenAIEmbedder):
    """An Embedder by `--runner pooling`; the length of the vectors is read from the model."""

    def __init__(self, spec: EngineSpec) -> None:
        found = _checkpoint(spec)
        self._vllm = VllmServer(spec, "pooling")
        known = replace(spec, model=_identity(spec, found), dimensions=spec.dimensions or found.hidden_size)
        OpenAIEmbedder.__init__(self, known, self._vllm)

    def close(self) -> None:
        """End the process; returns when it is gone."""
        OpenAIEmbedder.close(self)
        _Served.close(self)

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` as a passage, exactly."""
        return _tried(self._vllm, lambda: OpenAIEmbedder.count_tokens(self, text))

    def _embed(self, texts: Sequence[str]) -> Vectors:
        return _tried(self._vllm, lambda: OpenAIEmbedder._embed(self, texts))


class VllmReranker(_Served, OpenAIReranker):
    """A Reranker by `--runner pooling`."""

    def __init__(self, spec: EngineSpec) -> None:
        self._vllm = VllmServer(spec, "pooling")
        OpenAIReranker.__init__(self, self._vllm.spec, self._vllm)

    def close(self) -> None:
        """End the process; returns when it is gone."""
        OpenAIReranker.close(self)
        _Served.close(self)

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """One score a text. Raises EngineError."""
        if not texts:
            return []
        return _tried(self._vllm, lambda: OpenAIReranker.rerank(self, query, texts))


def _checkpoint(spec: EngineSpec) -> Checkpoint:
    return read_checkpoint(resolve_folder(spec), weights=False)


def _identity(spec: EngineSpec, found: Checkpoint) -> str:
    adapter = read_adapter(spec)
    return f"{found.identity}+{adapter.identity}" if adapter else found.identity


def _tried(server: VllmServer, work: Callable[[], T]) -> T:
    """What `work` gives, tried again where the process died under it. Raises what it raises."""
    for attempt in range(TRIES):
        with server.used_by_thread() as process:
            try:
                found = work()
            except EngineError:
                if not server.died(process) or attempt == TRIES - 1:
                    raise
            else:
                server.worker.answered()
                return found
    raise AssertionError("unreachable")
