"""A real HTTP server with the OpenAI protocol, and `/v1/rerank`, in front of any ChatEngine, Embedder or Reranker.

Chats go through the daemon's own routes, so that what they write is what an engine of kind `openai` reads.
"""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from agents.errors import AgentError
from agents.ports import ChatEngine, Message
from daemon import errors
from daemon.compose import Famulus
from daemon.routes import openai as routes
from vault_sync.ports import Embedder, Reranker


class House:
    """What the daemon's own routes need of it for a chat."""

    def __init__(self, engine: ChatEngine) -> None:
        self._engine = engine

    @property
    def models(self) -> "House":
        return self

    def chat(self, name: str) -> ChatEngine:
        return self._engine


def refusal(error: AgentError) -> JSONResponse:
    said = f"{error.effect} {error.cause}"
    return JSONResponse({"error": {"message": said, "code": error.code}}, 500 if error.code == "engine_failed" else 400)


def app_for(engine: ChatEngine | None, embedder: Embedder | None, reranker: Reranker | None = None) -> FastAPI:
    app = FastAPI()
    errors.install(app)

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

    if engine is not None:
        app.include_router(routes.router(cast(Famulus, House(engine))))
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
