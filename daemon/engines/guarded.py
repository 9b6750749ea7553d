"""Engines whose failures are the vault's own errors: `vault_sync` knows nothing of engines."""

import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from agents.errors import AgentError
from vault_sync.errors import EmbedderError, RerankerError
from vault_sync.ports import Embedder, EmbedderSpec, Reranker, Vectors

log = logging.getLogger(__name__)

T = TypeVar("T")

PAUSE = 30.0
"""Seconds for which a reranker that failed is not asked again: nobody waits for it at each search."""


@dataclass(frozen=True, slots=True)
class GuardedEmbedder:
    """The given embedder; raises EmbedderError where that raises an AgentError, or gives numbers that are none."""

    inner: Embedder

    @property
    def spec(self) -> EmbedderSpec:
        """What the embedder is."""
        return self.inner.spec

    def start(self) -> None:
        """Load the model now, where it has a place of its own: one that shares a card is loaded when it is needed."""
        start = getattr(self.inner, "start", None)
        if start is not None:
            _guarded(start)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of shape (len(texts), dimensions)."""
        return _finite(_guarded(lambda: self.inner.embed_passages(texts)))

    def embed_query(self, text: str) -> Vectors:
        """One vector of shape (dimensions,)."""
        return _finite(_guarded(lambda: self.inner.embed_query(text)))

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` as a passage."""
        return _guarded(lambda: self.inner.count_tokens(text))


def _finite(vectors: Vectors) -> Vectors:
    """The vectors. One that is not finite would stay in the index, and no search could compare it."""
    if np.isfinite(vectors).all():
        return vectors
    raise EmbedderError(
        "A text can not be embedded.",
        "The model computed no numbers (NaN or infinity) for it.",
        "Look at the engine of the role `embedder`: its file may be damaged, or its backend does not suit it.",
    )


def _guarded(work: Callable[[], T]) -> T:
    try:
        return work()
    except AgentError as error:
        raise EmbedderError(error.effect, error.cause, error.fix) from error


@dataclass(slots=True)
class GuardedReranker:
    """The given reranker, with a time limit; raises RerankerError where it fails, is too slow, or failed just now.

    The first searches after the start may find it still loading: they go on without it.
    """

    inner: Reranker
    seconds: float
    clock: Callable[[], float] = time.monotonic
    problem: str = ""
    """Why it was not heard the last time; empty while all is well."""
    _again: float = field(default=-math.inf, init=False)

    def rerank(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        """One finite score a text."""
        if self.clock() < self._again:
            raise RerankerError("The passages are not reranked.", self.problem, "It is tried again in half a minute.")
        try:
            scores = _within(self.seconds, lambda: self.inner.rerank(query, texts))
        except TimeoutError:
            raise self._failed(f"The reranker took longer than {self.seconds:g} s.") from None
        except AgentError as error:
            raise self._failed(f"{error.effect} {error.cause}") from error
        if len(scores) != len(texts) or not all(map(math.isfinite, scores)):
            raise self._failed(f"{len(scores)} scores came for {len(texts)} passages, or some that are no numbers.")
        self.problem = ""
        return scores

    def _failed(self, problem: str) -> RerankerError:
        if problem != self.problem:
            log.warning("Search goes on without the reranker. %s", problem)
        self.problem, self._again = problem, self.clock() + PAUSE
        return RerankerError("The passages are not reranked.", problem, "Look at the engine of the role `reranker`.")


def _within(seconds: float, work: Callable[[], T]) -> T:
    """The result of `work`, done in a thread that nobody waits for longer. Raises TimeoutError."""
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(work())
        except Exception as error:  # noqa: BLE001 — it belongs to whoever asked
            answer.set_exception(error)

    threading.Thread(target=run, name="rerank", daemon=True).start()
    return answer.result(seconds)
