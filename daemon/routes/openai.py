"""The OpenAI-compatible routes: `/v1/chat/completions`, `/v1/embeddings`, `/v1/models`."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from agents.errors import ContextLengthError
from daemon import errors, sse, wire
from daemon.chat import AGENT, Completion, Piece, run_chat
from daemon.compose import Famulus


def router(famulus: Famulus) -> APIRouter:
    """The routes, bound to one vault."""
    routes = APIRouter(prefix="/v1", tags=["openai"])

    @routes.post("/chat/completions")
    async def chat(body: wire.ChatCompletionRequest, request: Request) -> Response:
        """Answer from the notes with citations (`famulus`), or straight from an engine (a role's or model's name)."""
        famulus.engine_for(body.model)
        completion = Completion(body.model)
        pieces = run_chat(famulus, body, completion)
        if not body.stream:
            return JSONResponse(await sse.until_gone(request, _whole(pieces, completion)))
        first = await sse.until_gone(request, anext(pieces))
        return sse.response(_stream(first, pieces, completion, body))

    @routes.post("/embeddings")
    async def embeddings(body: wire.EmbeddingRequest, request: Request) -> dict[str, Any]:
        """Vectors of the given texts by the embedder."""
        famulus.check_embedder(body.model)
        texts = [body.input] if isinstance(body.input, str) else body.input
        return await sse.until_gone(request, asyncio.to_thread(_embed, famulus, body, texts))

    @routes.get("/models")
    async def models() -> dict[str, Any]:
        """What may be named as `model`."""
        data = [{"id": name, "object": "model", "created": 0, "owned_by": "famulus"} for name in famulus.model_names()]
        return {"object": "list", "data": data}

    @routes.get("/models/{name}")
    async def model(name: str) -> dict[str, Any]:
        """One model."""
        if name not in famulus.model_names():
            raise famulus.no_such_model(name)
        return {"id": name, "object": "model", "created": 0, "owned_by": "famulus"}

    return routes


async def _whole(pieces: AsyncIterator[Piece], completion: Completion) -> dict[str, Any]:
    text = "".join([piece.text async for piece in pieces])
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if completion.model == AGENT:
        message["citations"] = completion.citations
    choice = {"index": 0, "message": message, "finish_reason": completion.finish_reason, "logprobs": None}
    return {**_head(completion, "chat.completion"), "choices": [choice], "usage": completion.usage, **completion.extra}


async def _stream(
    first: Piece, rest: AsyncIterator[Piece], completion: Completion, body: wire.ChatCompletionRequest
) -> AsyncIterator[bytes]:
    try:
        yield _chunk(completion, {"role": "assistant", "content": first.text})
        async with aclosing(rest):  # type: ignore[type-var]
            async for piece in rest:
                yield _chunk(completion, {"content": piece.text})
    except Exception as error:  # noqa: BLE001 — the status line is out: the error travels as an event
        if errors.status_of(error) == 500:
            errors.log.exception("An answer broke off.")
        yield sse.event(errors.describe(error))
        return
    delta = {"citations": completion.citations} if completion.model == AGENT else {}
    yield _chunk(completion, delta, completion.finish_reason, completion.extra)
    if body.stream_options and body.stream_options.include_usage:
        yield sse.event({**_head(completion, "chat.completion.chunk"), "choices": [], "usage": completion.usage})
    yield sse.DONE


def _head(completion: Completion, kind: str) -> dict[str, Any]:
    return {"id": completion.id, "object": kind, "created": completion.created, "model": completion.model}


def _chunk(
    completion: Completion, delta: dict[str, Any], finish: str | None = None, extra: dict[str, Any] | None = None
) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return sse.event({**_head(completion, "chat.completion.chunk"), "choices": [choice], **(extra or {})})


def _embed(famulus: Famulus, body: wire.EmbeddingRequest, texts: list[str]) -> dict[str, Any]:
    embedder = famulus.embedder
    counts = [embedder.count_tokens(text) for text in texts]
    for number, count in enumerate(counts):
        if count > embedder.spec.max_tokens:
            raise ContextLengthError(
                f"Input {number} was not embedded.",
                f"It has {count} tokens; the embedder reads {embedder.spec.max_tokens}.",
                "Cut it into smaller pieces.",
            )
    if body.input_type == "query":
        vectors = [embedder.embed_query(text) for text in texts]
    else:
        vectors = list(embedder.embed_passages(texts)) if texts else []
    data = [
        {
            "object": "embedding",
            "index": index,
            "embedding": base64.b64encode(vector.astype("<f4").tobytes()).decode()
            if body.encoding_format == "base64"
            else [float(x) for x in vector],
        }
        for index, vector in enumerate(vectors)
    ]
    usage = {"prompt_tokens": sum(counts), "total_tokens": sum(counts)}
    return {"object": "list", "data": data, "model": embedder.spec.model, "usage": usage, "created": int(time.time())}
