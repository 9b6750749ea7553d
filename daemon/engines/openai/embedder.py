"""Embeddings at an OpenAI-compatible server."""

import time
from collections.abc import Sequence
from typing import Any

import httpx
import numpy as np

from agents.errors import EngineError
from daemon.engines.dialogue.pieces import encodable
from daemon.engines.openai.server import (
    PATIENCE,
    PAUSE,
    RETRIED,
    TRIES,
    Server,
    as_object,
    estimated_tokens,
    seconds_of,
)
from daemon.engines.spec import EngineSpec
from vault_sync.ports import EmbedderSpec, Vectors

_HUNG_UP = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)
_GROUP = 32


class OpenAIEmbedder:
    """An Embedder at a URL; the configuration has to say the dimensions."""

    def __init__(self, spec: EngineSpec, server: Server | None = None) -> None:
        self._server = server or Server(spec)
        if not spec.dimensions:
            raise EngineError(
                f"The engine {spec.name!r} can not embed.",
                "It is not known how long its vectors are.",
                "Write dimensions = … as the model's page says.",
            )
        self._spec = EmbedderSpec(
            f"{spec.model}/{spec.dimensions}", spec.dimensions, spec.max_tokens or spec.context,
            spec.query_prefix, spec.passage_prefix,
        )  # fmt: skip
        self._client = httpx.Client(timeout=self._server.timeout, trust_env=self._server.proxied)

    @property
    def spec(self) -> EmbedderSpec:
        """What this embedder is."""
        return self._spec

    @property
    def state(self) -> str:
        """As for the chat engine."""
        return self._server.state

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
        self._server.state = "closed"

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors (n, d), asked for in groups of 32. The server's own queue decides who goes first."""
        vectors = np.zeros((len(texts), self._spec.dimensions), np.float32)
        for start in range(0, len(texts), _GROUP):
            group = texts[start : start + _GROUP]
            vectors[start : start + len(group)] = self._embed([self._spec.passage_prefix + text for text in group])
        return vectors

    def embed_query(self, text: str) -> Vectors:
        """One vector (d,)."""
        first: Vectors = self._embed([self._spec.query_prefix + text])[0]
        return first

    def count_tokens(self, text: str) -> int:
        """Exact where the server has `/tokenize`, else an upper estimate of a token for each 2.5 bytes."""
        root = self._server.url.removesuffix("/v1")
        prompt = encodable(self._spec.passage_prefix + text)
        body: dict[str, object] = {
            "model": self._server.spec.model,
            "prompt": prompt,
            "content": prompt,
            "add_special": True,
        }
        answer = self._post(f"{root}/tokenize", body)
        found = as_object(answer.text) if answer.is_success else {}
        if isinstance(found.get("count"), int):
            return int(found["count"])
        tokens = found.get("tokens")
        return len(tokens) if isinstance(tokens, list) else estimated_tokens(prompt)

    def _embed(self, texts: Sequence[str]) -> Vectors:
        body: dict[str, object] = {
            "model": self._server.spec.model,
            "input": [encodable(text) for text in texts],
            "encoding_format": "float",
        }
        url = f"{self._server.url}/embeddings"
        answer = self._post(url, body)
        for attempt in range(TRIES - 1):
            after = seconds_of(answer.headers.get("Retry-After", ""))
            if answer.status_code not in RETRIED or after > PATIENCE:
                break
            time.sleep(max(PAUSE * 2**attempt, after))
            answer = self._post(url, body)
        if not answer.is_success:
            after = seconds_of(answer.headers.get("Retry-After", ""))
            raise self._server.refusal(answer.status_code, answer.text, after or 1)
        self._server.state = "ready"
        return self._vectors(as_object(answer.text), len(texts))

    def _post(self, url: str, body: dict[str, object]) -> httpx.Response:
        headers = self._server.headers()
        try:
            try:
                return self._client.post(url, json=body, headers=headers)
            except _HUNG_UP:
                # a kept connection that the server closed in this moment, or a server that was started anew
                return self._client.post(url, json=body, headers=headers)
        except httpx.HTTPError as error:
            raise self._server.unreachable(error) from error

    def _vectors(self, answer: dict[str, Any], count: int) -> Vectors:
        try:
            rows = list(enumerate(answer.get("data") or []))
            rows.sort(key=lambda row: int(row[1].get("index", row[0])))
            vectors = np.array([row["embedding"] for _, row in rows], np.float32)
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
            raise self._server.error(
                f"What came is no list of vectors ({error!r}).", "Name a server and a model that embed, by the url."
            ) from error
        if vectors.shape != (count, self._spec.dimensions):
            raise self._server.error(
                f"Vectors of shape {vectors.shape} came instead of {(count, self._spec.dimensions)}.",
                "Correct dimensions in famulus.toml.",
            )
        if not np.isfinite(vectors).all():
            raise self._server.error("Of a text came a vector that is not finite.", "See the server's log.")
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(norms, 1e-12), np.float32)
