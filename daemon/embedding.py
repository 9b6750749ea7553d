"""Texts become vectors for `/v1/embeddings`: group by group, for as long as somebody waits for them."""

import asyncio
import base64
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from agents.errors import BadRequestError, ContextLengthError
from daemon.sse import ClientGoneError
from daemon.wire import EmbeddingRequest
from vault_sync.ports import Embedder, EmbedderSpec, Vectors

GROUP = 32
"""Texts between two looks at whether the client is still there."""
AT_ONCE = 2
"""Requests that are worked on at the same time. Each holds a thread of those that searches and writes need, too, and the
embedder takes one group after the other in any case."""


class Embedding:
    """Answers requests with the vectors of one embedder."""

    def __init__(self, embedder: Callable[[], Embedder]) -> None:
        self._embedder = embedder
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def answer(self, body: EmbeddingRequest) -> dict[str, Any]:
        """OpenAI's answer. Where it is cancelled, at most one more group is embedded.

        Raises BadRequestError for a length that the vectors do not have, ContextLengthError, EmbedderError.
        """
        _check_size(body.dimensions, self._embedder().spec)
        gone = threading.Event()
        async with self._turns:
            try:
                return await asyncio.to_thread(self._answer, body, gone)
            finally:
                gone.set()

    def _answer(self, body: EmbeddingRequest, gone: threading.Event) -> dict[str, Any]:
        embedder, texts = self._embedder(), [body.input] if isinstance(body.input, str) else body.input
        tokens = sum(_counted(embedder, number, text, gone) for number, text in enumerate(texts))
        groups = [texts[start : start + GROUP] for start in range(0, len(texts), GROUP)]
        vectors = [vector for group in groups for vector in _vectors(embedder, group, body.input_type, gone)]
        data = [
            {"object": "embedding", "index": index, "embedding": _coded(vector, body.encoding_format)}
            for index, vector in enumerate(vectors)
        ]
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        model = embedder.spec.model
        return {"object": "list", "data": data, "model": model, "usage": usage, "created": int(time.time())}


def _check_size(wanted: int | None, spec: EmbedderSpec) -> None:
    if wanted not in (None, spec.dimensions):
        cause = f"{wanted} dimensions are wanted; the vectors of {spec.model} have {spec.dimensions}."
        raise BadRequestError("Nothing was embedded.", cause, "Leave `dimensions` out.")


def _counted(embedder: Embedder, number: int, text: str, gone: threading.Event) -> int:
    """Tokens of a text. Raises ContextLengthError where the embedder would not read all of it."""
    _go_on(gone)
    count = embedder.count_tokens(text)
    if count > embedder.spec.max_tokens:
        raise ContextLengthError(
            f"Input {number} was not embedded.",
            f"It has {count} tokens; the embedder reads {embedder.spec.max_tokens}.",
            "Cut it into smaller pieces.",
        )
    return count


def _vectors(embedder: Embedder, texts: Sequence[str], kind: str, gone: threading.Event) -> Iterable[Vectors]:
    _go_on(gone)
    return map(embedder.embed_query, texts) if kind == "query" else embedder.embed_passages(texts)


def _go_on(gone: threading.Event) -> None:
    if gone.is_set():
        raise ClientGoneError


def _coded(vector: Vectors, encoding: str) -> str | list[float]:
    if encoding == "base64":
        return base64.b64encode(vector.astype("<f4").tobytes()).decode()
    return [float(number) for number in vector]
