"""A reranker at a real server, from the configuration to the answer of `/api/search`."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from agents.errors import EngineError
from daemon import compose as composing
from daemon.compose import compose
from daemon.config import SearchSection, Settings
from tests.composed import asking
from tests.fakes.embedder import WordEmbedder
from tests.fakes.openai_front import fronting


class Judge:
    """Likes what is short; fails when it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.fails = False

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        self.asked += 1
        if self.fails:
            raise EngineError("No answer.", "It was told to.", "Ask again.")
        return [-float(len(text)) for text in texts]


@pytest.fixture
def judge() -> Judge:
    return Judge()


@pytest.fixture
def url(judge: Judge) -> Iterator[str]:
    with fronting(reranker=judge) as url:
        yield url


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(composing, "GuardedEmbedder", lambda embedder: WordEmbedder())
    (tmp_path / "vault").mkdir()
    (tmp_path / "vault" / "Long.md").write_text("Boiling water, water and hot water: all about hot water in a kettle.")
    (tmp_path / "vault" / "Short.md").write_text("Water.")
    return Settings(vault=tmp_path / "vault", data_dir=tmp_path / "data")


def with_reranker(settings: Settings, url: str) -> Settings:
    engines = {**settings.engines, "judge": {"kind": "openai", "model": "judge", "url": url}}
    roles = {**settings.roles, "reranker": "judge"}
    search = SearchSection(rerank_seconds=20)
    return settings.model_copy(update={"engines": engines, "roles": roles, "search": search})


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    famulus = compose(settings)
    await famulus.catch_up()
    async with asking(famulus) as http:
        yield http
    await famulus.close()


async def found(http: httpx.AsyncClient, **more: Any) -> list[str]:
    answer = await http.get("/api/search", params={"q": "where is hot water", **more})
    return [result["path"] for result in answer.json()["results"]]


async def test_it_orders_the_passages_unless_one_asks_for_the_order_before(
    settings: Settings, judge: Judge, url: str
) -> None:
    async with serving(with_reranker(settings, url)) as http:
        assert await found(http) == await found(http, rerank="true") == ["Short.md", "Long.md"]
        assert await found(http, rerank="false") == ["Long.md", "Short.md"] and judge.asked == 2
        health = (await http.get("/api/health")).json()
        assert health["reranker"] == {"problem": ""}
        assert {"name": "judge", "role": "reranker", "model": "judge", "state": "ready"} in health["engines"]
        models = (await http.get("/v1/models")).json()
        assert "reranker" in [model["id"] for model in models["data"]]
        chat = {"model": "reranker", "messages": [{"role": "user", "content": "Hi"}]}
        assert (await http.post("/v1/chat/completions", json=chat)).status_code == 404


async def test_when_it_fails_the_order_is_the_one_before_and_health_says_so(
    settings: Settings, judge: Judge, url: str
) -> None:
    judge.fails = True
    async with serving(with_reranker(settings, url)) as http:
        assert await found(http) == await found(http) == ["Long.md", "Short.md"]
        assert judge.asked == 1, "it is left alone for a while"
        health = (await http.get("/api/health")).json()
        assert "no answer" in health["reranker"]["problem"]
        assert "failed" in [engine["state"] for engine in health["engines"] if engine["role"] == "reranker"]


async def test_it_is_off_by_default(settings: Settings) -> None:
    async with serving(settings) as http:
        assert await found(http) == ["Long.md", "Short.md"]
        assert (await http.get("/api/health")).json()["reranker"] is None
        refused = await http.get("/api/search", params={"q": "water", "rerank": "true"})
        assert refused.status_code == 400 and "[roles]" in refused.json()["error"]["fix"]
