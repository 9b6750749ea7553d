"""The OpenAI-compatible routes: `/v1/chat/completions`, `/v1/embeddings`, `/v1/models`."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from daemon import envelope, errors, sse, wire
from daemon.chat import Completion, Piece, run_chat
from daemon.compose import Famulus
from daemon.embedding import Embedding
from daemon.models.modelnames import AGENT
from daemon.wire_chat import ChatCompletionRequest, call_json, logprobs_json

PREFIX = "/v1"


def router(famulus: Famulus) -> APIRouter:
    """The routes, bound to one vault."""
    routes = APIRouter(prefix=PREFIX, tags=["openai"])
    embedding = Embedding(lambda: famulus.embedder)

    @routes.post("/chat/completions")
    async def chat(body: ChatCompletionRequest, request: Request) -> Response:
        """Answer from the notes with citations (`famulus`), or straight from an engine (a role's or model's name)."""
        famulus.models.chat(body.model)
        completion = Completion(body.model)
        pieces = run_chat(famulus, body, completion)
        if not body.stream:
            return JSONResponse(await sse.until_gone(request, _whole(pieces, completion, body)))
        first = await sse.until_gone(request, anext(pieces))
        return sse.EventStream(_stream(first, pieces, completion, body))

    @routes.post("/embeddings")
    async def embeddings(body: wire.EmbeddingRequest, request: Request) -> dict[str, Any]:
        """Vectors of the given texts by the embedder."""
        famulus.models.check_embedder(body.model)
        return await sse.until_gone(request, embedding.answer(body))

    @routes.get("/models")
    async def models() -> dict[str, Any]:
        """What may be named as `model`."""
        data = [{"id": name, "object": "model", "created": 0, "owned_by": "famulus"} for name in famulus.models.all()]
        return {"object": "list", "data": data}

    @routes.get("/models/{name:path}")
    async def model(name: str) -> dict[str, Any]:
        """One model."""
        if name not in famulus.models.all():
            raise famulus.models.unknown(name)
        return {"id": name, "object": "model", "created": 0, "owned_by": "famulus"}

    return routes


async def _whole(
    pieces: AsyncGenerator[Piece, None], completion: Completion, body: ChatCompletionRequest
) -> dict[str, Any]:
    all_ = [piece async for piece in pieces]
    calls = [call_json(call) for piece in all_ for call in piece.tool_calls]
    text = "".join(piece.text for piece in all_)
    message: dict[str, Any] = {"role": "assistant", "content": text or (None if calls else "")}
    if reasoning := "".join(piece.reasoning for piece in all_):
        message["reasoning_content"] = reasoning
    if calls:
        message["tool_calls"] = calls
    if completion.model == AGENT:
        message["citations"] = completion.citations
    logprobs = logprobs_json(one for piece in all_ for one in piece.logprobs) if body.logprobs else None
    choice = {"index": 0, "message": message, "finish_reason": completion.finish_reason, "logprobs": logprobs}
    return {**_head(completion, "chat.completion"), "choices": [choice], "usage": completion.usage, **completion.extra}


async def _stream(
    first: Piece, rest: AsyncGenerator[Piece, None], completion: Completion, body: ChatCompletionRequest
) -> AsyncGenerator[bytes, None]:
    writer = _Writer(completion, told=bool(body.logprobs))
    held = b""
    try:
        async with aclosing(rest):
            held = writer.piece(first, {"role": "assistant", "content": None if first.tool_calls else first.text})
            if not first.more:
                yield held
                held = b""
            async for piece in rest:
                if not piece.empty:
                    held += writer.piece(piece, {"content": piece.text} if piece.text else {})
                if not piece.more:
                    yield held
                    held = b""
    except Exception as error:  # noqa: BLE001 — the status line is out: the error travels as an event
        if envelope.status_of(error) == 500:
            errors.log.exception("An answer broke off.")
        yield held + sse.event(envelope.spoken(envelope.describe(error), f"{PREFIX}/"))
        return
    held += writer.end()
    if body.stream_options and body.stream_options.include_usage:
        held += sse.event({**_head(completion, "chat.completion.chunk"), "choices": [], "usage": completion.usage})
    yield held + sse.DONE


class _Writer:
    """The chunks of one streamed answer. Calls are numbered; `told`: each chunk has the logprobs of its tokens."""

    def __init__(self, completion: Completion, *, told: bool) -> None:
        self._completion = completion
        self._told = told
        self._calls = 0
        # the same in every chunk, so that it is written once
        head = sse.event({**_head(completion, "chat.completion.chunk"), "choices": []})
        self._before = head[: head.rindex(b"]")] + b'{"index":0,"delta":'

    def piece(self, piece: Piece, delta: dict[str, Any]) -> bytes:
        """The chunk of a piece, with `delta` for its text."""
        if piece.reasoning:
            delta["reasoning_content"] = piece.reasoning
        if piece.tool_calls:
            delta["tool_calls"] = [
                {"index": self._calls + number, **call_json(call)} for number, call in enumerate(piece.tool_calls)
            ]
            self._calls += len(piece.tool_calls)
        logprobs = sse.as_json(logprobs_json(piece.logprobs)) if self._told else b"null"
        return b'%b%b,"finish_reason":null,"logprobs":%b}]}\n\n' % (self._before, sse.as_json(delta), logprobs)

    def end(self) -> bytes:
        """The last chunk, with the reason to stop."""
        completion = self._completion
        delta = {"citations": completion.citations} if completion.model == AGENT else {}
        choice = {"index": 0, "delta": delta, "finish_reason": completion.finish_reason, "logprobs": None}
        return sse.event({**_head(completion, "chat.completion.chunk"), "choices": [choice], **completion.extra})


def _head(completion: Completion, kind: str) -> dict[str, Any]:
    return {"id": completion.id, "object": kind, "created": completion.created, "model": completion.model}
