"""A real HTTP server with the OpenAI protocol, and `/v1/rerank`, in front of any ChatEngine, Embedder or Reranker."""

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse

from agents.errors import AgentError
from agents.ports import ChatDelta, ChatEngine, ChatRequest, Message
from vault_sync.ports import Embedder, Reranker


def request_of(body: dict[str, Any]) -> ChatRequest:
    schema = (body.get("response_format") or {}).get("json_schema", {}).get("schema")
    return ChatRequest(
        messages=tuple(Message(turn["role"], turn["content"]) for turn in body["messages"]),
        max_tokens=body["max_tokens"], temperature=body["temperature"], top_p=body["top_p"],
        seed=body.get("seed"), stop=tuple(body.get("stop", ())), grammar=body.get("grammar"), json_schema=schema,
    )  # fmt: skip


def chunk_of(delta: ChatDelta) -> str:
    choice = {"index": 0, "delta": {"content": delta.text}, "finish_reason": delta.finish_reason}
    chunk: dict[str, Any] = {"choices": [choice]}
    if delta.usage:
        chunk["usage"] = {
            "prompt_tokens": delta.usage.prompt_tokens,
            "completion_tokens": delta.usage.completion_tokens,
            "prompt_tokens_details": {"cached_tokens": delta.usage.cached_tokens},
        }
    return f"data: {json.dumps(chunk)}\n\n"


def refusal(error: AgentError) -> JSONResponse:
    said = f"{error.effect} {error.cause}"
    return JSONResponse({"error": {"message": said, "code": error.code}}, 500 if error.code == "engine_failed" else 400)


def app_for(engine: ChatEngine | None, embedder: Embedder | None, reranker: Reranker | None = None) -> FastAPI:
    app = FastAPI()

    @app.post("/v1/chat/completions")
    async def chat(request: Request) -> Any:
        assert engine is not None
        stream = engine.stream(request_of(await request.json()))
        try:
            first = await anext(stream)
        except AgentError as error:
            return refusal(error)

        async def lines() -> AsyncIterator[str]:
            try:
                yield chunk_of(first)
                async for delta in stream:
                    yield chunk_of(delta)
                yield "data: [DONE]\n\n"
            finally:
                await stream.aclose()  # type: ignore[attr-defined]

        return StreamingResponse(lines(), media_type="text/event-stream")

    @app.post("/tokenize")
    async def tokenize(request: Request) -> Any:
        body = await request.json()
        if "messages" in body:
            assert engine is not None
            messages = [Message(turn["role"], turn["content"]) for turn in body["messages"]]
            return {"count": await engine.count_tokens(messages)}
        assert embedder is not None
        return {"tokens": [0] * await asyncio.to_thread(embedder.count_tokens, body["content"])}

    @app.post("/v1/embeddings")
    async def embeddings(request: Request) -> Any:
        assert embedder is not None
        texts = (await request.json())["input"]
        try:
            vectors = await asyncio.to_thread(embedder.embed_passages, texts)
        except AgentError as error:
            return refusal(error)
        return {"data": [{"index": i, "embedding": row.tolist()} for i, row in enumerate(vectors)]}

    @app.post("/v1/rerank")
    async def rerank(request: Request) -> Any:
        assert reranker is not None
        body = await request.json()
        try:
            scores = await asyncio.to_thread(reranker.rerank, body["query"], body["documents"])
        except AgentError as error:
            return refusal(error)
        rows = [{"index": i, "relevance_score": score} for i, score in enumerate(scores)]
        return {
            "model": body["model"],
            "results": sorted(rows, key=lambda row: -row["relevance_score"])[: body["top_n"]],
        }

    return app


@contextmanager
def fronting(
    engine: ChatEngine | None = None, embedder: Embedder | None = None, reranker: Reranker | None = None
) -> Iterator[str]:
    """A server that runs as long as the block, in a thread of its own; gives its base URL."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(
            uvicorn.Config(app_for(engine, embedder, reranker), log_level="warning", lifespan="off")
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        finally:
            server.should_exit = True
            thread.join()
