"""`/v1/embeddings`: what comes back, and what is done for those who have gone."""

import asyncio
import base64
from typing import Any

import httpx
import numpy as np
import pytest

from daemon.compose import Famulus
from daemon.embedding import AT_ONCE, GROUP, Embedding
from daemon.wire import EmbeddingRequest
from tests.composed import Build
from tests.effort import LONG
from tests.fakes.embedder import WaitingEmbedder


@pytest.fixture
def famulus(build: Build) -> Famulus:
    return build()


async def embedded(client: httpx.AsyncClient, given: object, **more: object) -> Any:
    answer = await client.post("/v1/embeddings", json={"model": "embedder", "input": given, **more})
    return answer.json()


async def test_each_text_has_its_vector_in_numbers_or_in_bytes(client: httpx.AsyncClient) -> None:
    texts = [f"word number {number}" for number in range(GROUP + 3)]
    told = await embedded(client, texts)
    assert [row["index"] for row in told["data"]] == list(range(len(texts)))
    assert told["usage"] == {"prompt_tokens": 5 * len(texts), "total_tokens": 5 * len(texts)}
    coded = await embedded(client, texts, encoding_format="base64")
    for row, bytes_ in zip(told["data"], coded["data"], strict=True):
        assert np.frombuffer(base64.b64decode(bytes_["embedding"]), "<f4").tolist() == row["embedding"]
    alone = await embedded(client, texts[-1])
    assert alone["data"][0]["embedding"] == told["data"][-1]["embedding"]


async def test_nothing_to_embed_is_said_to_be_nothing(client: httpx.AsyncClient) -> None:
    error = (await embedded(client, []))["error"]
    assert error["code"] == "invalid_shape" and "holds no text" in error["message"]


async def test_a_text_that_is_too_long_is_named(client: httpx.AsyncClient) -> None:
    error = (await embedded(client, ["short", "word " * 600]))["error"]
    assert error["code"] == "context_length_exceeded" and "Input 1" in error["message"]


def asked(count: int) -> EmbeddingRequest:
    return EmbeddingRequest(model="embedder", input=["text"] * count)


async def test_nothing_more_is_embedded_for_who_has_gone() -> None:
    embedder = WaitingEmbedder()
    task = asyncio.create_task(Embedding(lambda: embedder).answer(asked(3 * GROUP)))
    assert await asyncio.to_thread(embedder.called.wait, LONG)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    embedder.go.set()
    await asyncio.get_running_loop().shutdown_default_executor()
    assert len(embedder.seen) == GROUP


async def test_many_who_embed_leave_threads_to_all_others() -> None:
    embedder = WaitingEmbedder()
    embedding = Embedding(lambda: embedder)
    tasks = [asyncio.create_task(embedding.answer(asked(1))) for _ in range(40)]
    assert await asyncio.to_thread(embedder.called.wait, LONG)
    async with asyncio.timeout(LONG):
        assert await asyncio.to_thread(lambda: 5) == 5
    embedder.go.set()
    assert len(await asyncio.gather(*tasks)) == 40 > AT_ONCE
