import logging
import threading
from collections.abc import Sequence

import numpy as np
import pytest

from agents.errors import EngineError
from daemon.engines.guarded import PAUSE, GuardedEmbedder, GuardedReranker
from tests.effort import LONG
from tests.fakes.embedder import WordEmbedder
from vault_sync.errors import EmbedderError, RerankerError
from vault_sync.ports import Vectors


class Failing(WordEmbedder):
    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        raise EngineError("No answer.", "The server is away.", "Start it.")


def test_an_engine_that_fails_is_an_error_of_the_vault() -> None:
    with pytest.raises(EmbedderError) as caught:
        GuardedEmbedder(Failing()).embed_passages(["x"])
    assert (caught.value.effect, caught.value.cause, caught.value.fix) == (
        "No answer.",
        "The server is away.",
        "Start it.",
    )


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_vectors_of_no_numbers_are_an_error(number: float) -> None:
    class Broken(WordEmbedder):
        def embed_passages(self, texts: Sequence[str]) -> Vectors:
            vectors = WordEmbedder.embed_passages(self, texts)
            vectors[-1, 3] = number
            return vectors

        def embed_query(self, text: str) -> Vectors:
            found: Vectors = self.embed_passages([text])[0]
            return found

    guarded = GuardedEmbedder(Broken())
    with pytest.raises(EmbedderError) as caught:
        guarded.embed_passages(["a", "b"])
    assert "NaN" in caught.value.cause
    with pytest.raises(EmbedderError):
        guarded.embed_query("a")


def test_what_works_is_handed_through() -> None:
    inner = WordEmbedder()
    guarded = GuardedEmbedder(inner)
    assert guarded.spec is inner.spec and guarded.count_tokens("a b") == 4
    assert (guarded.embed_passages(["a"])[0] == guarded.embed_query("a")).all()


def test_what_can_be_loaded_ahead_is() -> None:
    class Loads(WordEmbedder):
        ready = False

        def start(self) -> None:
            if self.ready:
                raise EngineError("No answer.", "It is broken.", "Mend it.")
            self.ready = True

    GuardedEmbedder(WordEmbedder()).start()
    loads = Loads()
    GuardedEmbedder(loads).start()
    assert loads.ready
    with pytest.raises(EmbedderError):
        GuardedEmbedder(loads).start()


class Ranks:
    """Gives the scores that it is told to, or fails."""

    def __init__(self, scores: Sequence[float] = (), error: Exception | None = None) -> None:
        self.scores, self.error, self.asked = scores, error, 0

    def rerank(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return self.scores


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_reranker_that_fails_is_left_alone_for_a_while_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    inner, clock = Ranks([1, 2], EngineError("No answer.", "The server is away.", "Start it.")), Clock()
    guarded = GuardedReranker(inner, 5, clock)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            with pytest.raises(RerankerError, match="not reranked"):
                guarded.rerank("q", ["a", "b"])
        clock.now += PAUSE
        with pytest.raises(RerankerError):
            guarded.rerank("q", ["a", "b"])
    assert inner.asked == 2 and len(caplog.records) == 1 and "server is away" in guarded.problem
    inner.error, clock.now = None, clock.now + PAUSE
    assert guarded.rerank("q", ["a", "b"]) == [1, 2] and guarded.problem == ""


@pytest.mark.parametrize("scores", [[1.0], [1.0, float("nan")], []])
def test_scores_that_are_none_are_a_failure(scores: list[float]) -> None:
    guarded = GuardedReranker(Ranks(scores), 5)
    with pytest.raises(RerankerError):
        guarded.rerank("q", ["a", "b"])
    assert "scores" in guarded.problem


def test_nobody_waits_longer_than_was_said() -> None:
    end = threading.Event()

    class Slow(Ranks):
        def rerank(self, query: str, texts: Sequence[str]) -> Sequence[float]:
            assert end.wait(LONG)
            return [1.0]

    guarded = GuardedReranker(Slow(), 0.01)
    with pytest.raises(RerankerError):
        guarded.rerank("q", ["a"])
    assert "longer than 0.01 s" in guarded.problem
    end.set()
