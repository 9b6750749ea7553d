"""Reranking at a server: `/v1/rerank` as Jina, Cohere, vLLM and llama-server speak it."""

from collections.abc import Sequence
from typing import Any

import httpx

from daemon.engines.dialogue.pieces import encodable
from daemon.engines.openai.server import Server, as_object, estimated_tokens
from daemon.engines.spec import EngineSpec


class OpenAIReranker:
    """A Reranker at a URL. Never tried again: somebody waits for the search."""

    def __init__(self, spec: EngineSpec, server: Server | None = None) -> None:
        self._server = server or Server(spec)
        self._spec = spec
        self._client = httpx.Client(timeout=self._server.timeout, trust_env=self._server.proxied)

    @property
    def model(self) -> str:
        """The model's name at the server."""
        return self._spec.model

    @property
    def state(self) -> str:
        """As for the chat engine."""
        return self._server.state

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
        self._server.state = "closed"

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """One score a text. Raises EngineError. What exceeds the model's input is cut off at the end of a text."""
        if not texts:
            return []
        query = encodable(query)
        room = (self._spec.max_tokens or self._spec.context) - estimated_tokens(query)
        body = {
            "model": self._server.spec.model,
            "query": query,
            "documents": [_cut(encodable(text), room) for text in texts],
            "top_n": len(texts),
            "return_documents": False,
        }
        try:
            answer = self._client.post(f"{self._server.url}/rerank", json=body, headers=self._server.headers())
        except httpx.HTTPError as error:
            raise self._server.unreachable(error) from error
        if not answer.is_success:
            raise self._server.refusal(answer.status_code, answer.text)
        scores = _scores(as_object(answer.text), len(texts))
        if scores is None:
            raise self._server.error(
                f"It answered without one relevance_score for each of {len(texts)} documents.",
                "Name a server and a model that rerank, by the url before /rerank.",
            )
        self._server.state = "ready"
        return scores


def _cut(text: str, tokens: int) -> str:
    while text and estimated_tokens(text) > max(tokens, 64):
        text = text[: len(text) * 3 // 4]
    return text


def _scores(answer: dict[str, Any], count: int) -> list[float] | None:
    """The scores by index; None where the answer is not complete."""
    scores: dict[int, float] = {}
    for row in answer.get("results") or []:
        index, score = (row.get("index"), row.get("relevance_score")) if isinstance(row, dict) else (None, None)
        if isinstance(index, int) and isinstance(score, int | float):
            scores[index] = float(score)
    return [scores[index] for index in range(count)] if scores.keys() == set(range(count)) else None
