"""Chat at an OpenAI-compatible server, such as `llama-server` or `vllm serve`."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import httpx

from agents.errors import AgentError, EngineError
from agents.ports import ChatDelta, ChatRequest, Message, Usage
from daemon.engines.openai_server import PAUSE, RETRIED, TRIES, Server, as_object, estimated_tokens, message_of
from daemon.engines.pieces import encodable
from daemon.engines.spec import EngineSpec

log = logging.getLogger(__name__)


class OpenAIEngine:
    """A ChatEngine at a URL. Tried again while nothing has been said, never afterwards."""

    def __init__(self, spec: EngineSpec) -> None:
        self._server = Server(spec)
        self._spec = spec

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
        """Nothing is held between requests."""
        self._server.state = "closed"

    async def stream(self, request: ChatRequest) -> AsyncIterator[ChatDelta]:
        """Generate. Raises ContextLengthError, BadRequestError, EngineError or EngineLoadingError."""
        body = _body(self._spec.model, request)
        for attempt in range(TRIES):
            said = False
            try:
                async for delta in self._attempt(body):
                    said = True
                    yield delta
                return
            except _Again as again:
                if said or attempt == TRIES - 1:
                    raise again.error from again
                log.info("engine %s is tried again: %s", self.name, again.error.cause)
            await asyncio.sleep(PAUSE * 2**attempt)

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        """Tokens of the rendered prompt: exact where the server has vLLM's `/tokenize`, else an upper estimate."""
        root = self._server.url.removesuffix("/v1")
        body = {"model": self._spec.model, "messages": _turns(messages)}
        async with httpx.AsyncClient(timeout=self._server.timeout) as client:
            try:
                answer = await client.post(f"{root}/tokenize", json=body, headers=self._server.headers())
            except httpx.HTTPError as error:
                raise self._server.unreachable(error) from error
        if answer.is_success and isinstance(count := as_object(answer.text).get("count"), int):
            return count
        return sum(estimated_tokens(message.content) for message in messages)

    async def _attempt(self, body: dict[str, object]) -> AsyncIterator[ChatDelta]:
        server = self._server
        url = f"{server.url}/chat/completions"
        try:
            async with (
                httpx.AsyncClient(timeout=server.timeout) as client,
                client.stream("POST", url, json=body, headers=server.headers()) as answer,
            ):
                if not answer.is_success:
                    text = (await answer.aread()).decode("utf-8", "replace")
                    raise _maybe_again(answer.status_code, server.refusal(answer.status_code, text))
                reader = _StreamReader(server.error)
                async for line in answer.aiter_lines():
                    for delta in reader.feed(line):
                        yield delta
                yield reader.end()
                server.state = "ready"
        except httpx.HTTPError as error:
            raise _Again(server.unreachable(error)) from error


class _Again(Exception):  # noqa: N818 - not an error of its own but a wish to try again
    def __init__(self, error: AgentError) -> None:
        super().__init__(error.effect)
        self.error = error


def _maybe_again(status: int, error: AgentError) -> Exception:
    return _Again(error) if status in RETRIED else error


class _StreamReader:
    """Server-sent events to deltas; the last delta is held until the usage is known."""

    def __init__(self, error: Callable[[str, str], EngineError]) -> None:
        self._error = error
        self._reason = ""
        self._usage: Usage | None = None

    def feed(self, line: str) -> list[ChatDelta]:
        """The deltas in one line of the stream."""
        if not line.startswith("data:") or line[5:].strip() == "[DONE]":
            return []
        chunk = as_object(line[5:])
        if "error" in chunk:
            raise self._error(f"The server says: {message_of(line[5:])}", "See the server's log.")
        if usage := chunk.get("usage"):
            self._usage = _usage(usage)
        choice: dict[str, Any] = next(iter(chunk.get("choices") or []), {})
        self._reason = choice.get("finish_reason") or self._reason
        text = (choice.get("delta") or {}).get("content") or ""
        return [ChatDelta(text)] if text else []

    def end(self) -> ChatDelta:
        """The last delta. Raises EngineError where the stream broke off before a reason to stop."""
        if not self._reason:
            raise self._error("The stream broke off in the middle.", "See the server's log, then ask again.")
        return ChatDelta("", "length" if self._reason == "length" else "stop", self._usage)


def _body(model: str, request: ChatRequest) -> dict[str, object]:
    body: dict[str, object] = {
        "model": model, "messages": _turns(request.messages), "max_tokens": request.max_tokens,
        "temperature": request.temperature, "top_p": request.top_p, "stream": True,
        "stream_options": {"include_usage": True},
    }  # fmt: skip
    if request.seed is not None:
        body["seed"] = request.seed
    if request.stop:
        body["stop"] = list(request.stop)
    if request.grammar:
        # llama-server reads `grammar`, vLLM `structured_outputs`; each leaves the other's key alone
        body |= {"grammar": request.grammar, "structured_outputs": {"grammar": request.grammar}}
    if request.json_schema:
        schema = {"name": "answer", "schema": request.json_schema, "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return body


def _turns(messages: Sequence[Message]) -> list[dict[str, str]]:
    return [{"role": message.role, "content": encodable(message.content)} for message in messages]


def _usage(usage: dict[str, Any]) -> Usage:
    details = usage.get("prompt_tokens_details") or {}
    return Usage(
        usage.get("prompt_tokens") or 0, details.get("cached_tokens") or 0, usage.get("completion_tokens") or 0
    )
