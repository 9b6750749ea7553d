import json
from typing import Any

import pytest

from agents.errors import AgentError, EngineError, EngineLoadingError, EngineRefusedError
from daemon.engines.openai.reranker import OpenAIReranker
from daemon.engines.spec import EngineSpec
from tests.unit.daemon.engines.openai.test_chat import Script, server  # noqa: F401 — a fixture


def spec(script: Script, **more: Any) -> EngineSpec:
    return EngineSpec("far", "openai", "judge", url=script.url, **more)


def answer(*scores: tuple[int, float]) -> tuple[int, str]:
    return 200, json.dumps({"results": [{"index": i, "relevance_score": s} for i, s in scores], "usage": {}})


def test_scores_come_back_in_the_order_of_the_texts(server: Script, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setenv("RANK_KEY", "secret")
    server.answers = [answer((2, 0.9), (0, -1.5), (1, 0))]
    reranker = OpenAIReranker(spec(server, api_key_env="RANK_KEY"))
    assert reranker.rerank("q\ud800", ["a", "b", "c"]) == [-1.5, 0, 0.9] and reranker.state == "ready"
    path, headers, body = server.asked[0]
    assert path == "/v1/rerank" and headers["Authorization"] == "Bearer secret"
    assert body == {
        "model": "judge",
        "query": "q?",
        "documents": ["a", "b", "c"],
        "top_n": 3,
        "return_documents": False,
    }


def test_a_text_that_does_not_fit_is_cut(server: Script) -> None:  # noqa: F811
    server.answers = [answer((0, 1), (1, 2))]
    OpenAIReranker(spec(server, max_tokens=200)).rerank("q", ["short", "word " * 1000])
    short, long = server.asked[0][2]["documents"]
    assert short == "short" and 100 < len(long) < 500


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, answer((0, 1))[1], EngineError),
        (200, '{"results": "none"}', EngineError),
        (200, '{"data": [{"embedding": [1]}]}', EngineError),
        (200, "no JSON", EngineError),
        (404, "{}", EngineRefusedError),
        (401, "{}", EngineRefusedError),
        (500, "{}", EngineError),
        (503, "{}", EngineLoadingError),
    ],
)
def test_what_a_server_may_answer_instead(server: Script, status: int, body: str, error: type[AgentError]) -> None:  # noqa: F811
    server.answers = [(status, body)]
    with pytest.raises(error) as caught:
        OpenAIReranker(spec(server)).rerank("q", ["a", "b"])
    assert caught.value.fix and len(server.asked) == 1, "somebody waits: it is not tried again"


def test_a_server_that_is_not_there() -> None:
    reranker = OpenAIReranker(EngineSpec("far", "openai", "judge", url="http://127.0.0.1:9/v1"))
    with pytest.raises(EngineError):
        reranker.rerank("q", ["a"])
    assert reranker.state == "failed"
    reranker.close()
    assert reranker.state == "closed"
