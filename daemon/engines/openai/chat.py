"""Chat at an OpenAI-compatible server, such as `llama-server` or `vllm serve`."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing

from agents.errors import AgentError
from agents.ports import ChatDelta, ChatRequest, Message
from daemon.engines.openai.lines import Lines, LongLineError
from daemon.engines.openai.pool import BrokenConnectionError, Pool
from daemon.engines.openai.server import PATIENCE, PAUSE, RETRIED, TRIES, Server, as_bytes, as_object, estimated_tokens
from daemon.engines.openai.wire import StreamReader, body_of, turns_of
from daemon.engines.spec import EngineSpec

_WORDLESS = 10
"""So many times as long as a server may say nothing it may say that it lives, and nothing else: it reads a long prompt."""
log = logging.getLogger(__name__)


class OpenAIEngine:
    """A ChatEngine at a URL. Tried again while nothing has been said, never afterwards."""

    def __init__(self, spec: EngineSpec, server: Server | None = None, *, tries: int = TRIES) -> None:
        """`server` is given where the engine is started by Famulus, and then `tries` is 1: it knows better when."""
        self._server = server or Server(spec)
        self._spec = spec
        self._tries = tries
        self._pool = Pool(self._server.timeout)

    @property
    def name(self) -> str:
        """The engine's name in `famulus.toml`."""
        return self._spec.name

    @property
    def model(self) -> str:
        """The model's name at the server."""
        return self._spec.model

    @property
    def identity(self) -> str:
        """The model at this server."""
        return f"{self._spec.model}@{self._spec.url}"

    @property
    def context_tokens(self) -> int:
        """How many tokens prompt and answer may have together, as configured."""
        return self._spec.context

    @property
    def state(self) -> str:
        """`ready` after an answer, `failed` or `loading` after a failure, `stopped` before the first request."""
        return self._server.state

    def close(self) -> None:
        """Hang up."""
        self._pool.close()
        self._server.state = "closed"

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        """Generate. Raises ContextLengthError, BadRequestError, EngineError or EngineLoadingError."""
        body = as_bytes(body_of(self._spec.model, request) | self._server.more(request))
        for attempt in range(self._tries):
            said = False
            try:
                async with aclosing(self._attempt(body)) as deltas:
                    async for delta in deltas:
                        said = True
                        yield delta
                return
            except _Again as again:
                if said or attempt == self._tries - 1 or again.after > PATIENCE:
                    raise again.error from again
                log.info("engine %s is tried again: %s", self.name, again.error.cause)
                pause = max(PAUSE * 2**attempt, again.after)
            await asyncio.sleep(pause)

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        """Tokens of the rendered prompt: exact where the server has vLLM's `/tokenize`, else an upper estimate."""
        root = self._server.url.removesuffix("/v1")
        body = {"model": self._spec.model, "messages": turns_of(messages)}
        try:
            async with self._pool.post(f"{root}/tokenize", as_bytes(body), self._server.headers()) as answer:
                told = as_object(await answer.text()) if answer.good else {}
        except BrokenConnectionError as error:
            raise self._server.unreachable(error) from error
        if isinstance(count := told.get("count"), int):
            return count
        return sum(estimated_tokens(message.content) for message in messages)

    async def _attempt(self, body: bytes) -> AsyncGenerator[ChatDelta, None]:
        server, begun = self._server, False
        stream = _Stream(server)
        try:
            async with self._pool.post(f"{server.url}/chat/completions", body, server.headers()) as answer:
                if not answer.good:
                    refusal = server.refusal(answer.status, await answer.text(), answer.retry_after or 1)
                    raise _Again(refusal, answer.retry_after) if answer.status in RETRIED else refusal
                async for piece in answer.pieces():
                    for delta in stream.feed(piece):
                        begun = True
                        yield delta
                    if stream.reader.done:
                        break
                for delta in stream.end():
                    yield delta
                server.state = "ready"
                await answer.ended()
        except BrokenConnectionError as error:
            if not stream.reader.complete:
                raise _Again(server.broke_off(error) if begun else server.unreachable(error)) from error
            for delta in stream.end():  # all was said before the connection broke
                yield delta
            server.state = "ready"


class _Stream:
    """What comes of one answer, from bytes to deltas."""

    def __init__(self, server: Server) -> None:
        self.reader = StreamReader(server.error, server.refusal)
        self._server = server
        self._lines = Lines()
        self._heard, self._heard_at = 0, time.monotonic()

    def feed(self, piece: bytes) -> Iterator[ChatDelta]:
        """The deltas that are whole with these bytes. Raises AgentError, also where only signs of life come."""
        try:
            lines = self._lines.feed(piece)
        except LongLineError as error:
            raise self._server.error(
                f"What came is no stream: {error}.", "Correct the url: most end in /v1."
            ) from error
        yield from self.reader.feed(lines)
        if self.reader.heard > self._heard:
            self._heard, self._heard_at = self.reader.heard, time.monotonic()
        elif (silent := time.monotonic() - self._heard_at) > _WORDLESS * self._server.spec.stall_seconds:
            raise self._server.error(f"It sent signs of life and no word for {silent:.0f} s.", "See the server's log.")

    def end(self) -> Iterator[ChatDelta]:
        """What is left, and the last delta. Raises AgentError where the answer is not whole."""
        if not self.reader.done:
            yield from self.reader.feed(self._lines.end())
        yield from self.reader.end()


class _Again(Exception):  # noqa: N818 - not an error of its own but a wish to try again
    def __init__(self, error: AgentError, after: int = 0) -> None:
        """`after` seconds are how long the server wants to be left alone, 0 where it does not say."""
        super().__init__(error.effect)
        self.error = error
        self.after = after
