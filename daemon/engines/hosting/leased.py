"""Engines that are used under a lease, so that unloading never meets a running answer."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass

from agents.ports import ChatDelta, ChatEngine, ChatRequest, Message
from daemon.engines.hosting.residency import Residency
from daemon.engines.passing import PassingEngine
from vault_sync.ports import Embedder, EmbedderSpec, Reranker, Vectors

_FEW = 8
"""So few texts are what a saved note has, or an answer that is checked; more of them are work in bulk."""


class _Flow:
    """An answer under way. It is handed on as it comes; once its engine is to leave, it is written to the end ahead of
    whoever reads it, so that a slow reader, or one who needs the next engine to read on, holds nobody up."""

    def __init__(self, deltas: AsyncGenerator[ChatDelta, None]) -> None:
        self._deltas = deltas
        self.written: Callable[[], None] = lambda: None
        self._loop = asyncio.get_running_loop()
        self._ahead: asyncio.Queue[ChatDelta | BaseException | None] = asyncio.Queue()
        self._writer: asyncio.Task[None] | None = None
        self._asked = self._hurried = False

    def hurry(self) -> None:
        """Do not wait for the reader any more; may be called from any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._hurry)

    async def next(self) -> ChatDelta | None:
        """The next piece, None at the end. Raises what the engine raises."""
        if self._writer is not None:
            found = await self._ahead.get()
            if isinstance(found, BaseException):
                raise found
            return found
        self._asked = True
        try:
            delta = await anext(self._deltas, None)
        finally:
            self._asked = False
        if self._hurried and delta is not None:
            self._begin()
        return delta

    async def close(self) -> None:
        """Stop the engine, where it has not come to the end."""
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)
        await self._deltas.aclose()

    def _hurry(self) -> None:
        self._hurried = True
        if not self._asked and self._writer is None:
            self._begin()

    def _begin(self) -> None:
        self._writer = asyncio.ensure_future(self._write())

    async def _write(self) -> None:
        try:
            async for delta in self._deltas:
                self._ahead.put_nowait(delta)
            self._ahead.put_nowait(None)
        except Exception as error:  # noqa: BLE001 - it belongs to whoever reads
            self._ahead.put_nowait(error)
        finally:
            self.written()


class LeasedChat(PassingEngine):
    """A ChatEngine that has its room while it answers."""

    def __init__(self, engine: ChatEngine, residency: Residency) -> None:
        super().__init__(engine)
        self._residency = residency

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        """As the engine does, once it has room. Raises EngineError where there is none."""
        flow = _Flow(self.engine.stream(request))
        lease = await self._residency.take(self.name, request.priority, flow.hurry)
        flow.written = lease.release
        try:
            while (delta := await flow.next()) is not None:
                yield delta
        finally:
            try:
                await flow.close()
            finally:
                lease.release()

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        """As the engine does, once it has room."""
        async with self._residency.lease(self.name):
            return await self.engine.count_tokens(messages)


@dataclass(frozen=True, slots=True)
class LeasedEmbedder:
    """An Embedder that has its room while it embeds."""

    engine: Embedder
    residency: Residency
    name: str

    @property
    def spec(self) -> EmbedderSpec:
        """The engine's."""
        return self.engine.spec

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of shape (len(texts), dimensions)."""
        with self.residency.held(self.name, "save" if len(texts) <= _FEW else "bulk"):
            return self.engine.embed_passages(texts)

    def embed_query(self, text: str) -> Vectors:
        """One vector of shape (dimensions,)."""
        with self.residency.held(self.name):
            return self.engine.embed_query(text)

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` as a passage."""
        with self.residency.held(self.name, "save"):
            return self.engine.count_tokens(text)


@dataclass(frozen=True, slots=True)
class LeasedReranker:
    """A Reranker that has its room while it ranks."""

    engine: Reranker
    residency: Residency
    name: str

    def rerank(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        """One score a text."""
        with self.residency.held(self.name):
            return self.engine.rerank(query, texts)
