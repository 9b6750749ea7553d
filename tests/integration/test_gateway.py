"""Many clients of one engine at a URL, through a real daemon: who is refused, who is answered, and who leaves."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.effort import LONG
from tests.process import Daemon

pytestmark = pytest.mark.slow
CLIENTS, MOST = 200, 64
SETTINGS = """
[linking]
mode = "off"
[roles]
planner = "far"
coder = "far"
[engines.far]
kind = "openai"
model = "big"
url = "http://127.0.0.1:{port}/v1"
"""
BODY = {"model": "far", "messages": [{"role": "user", "content": "Hi"}], "stream": True}


def frame(text: str) -> bytes:
    return b"%x\r\n%b\r\n" % (len(text.encode()), text.encode())


def chunk(text: str, reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": reason}
    return frame(f"data: {json.dumps({'choices': [choice]})}\n\n")


class Upstream:
    """Says `one`, and `two` once it may; `asked` and `left` count who came and who hung up."""

    def __init__(self) -> None:
        self.first, self.second = asyncio.Event(), asyncio.Event()
        self.asked = self.left = 0
        self.moved = asyncio.Condition()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            await reader.readexactly(int(head.partition("content-length:")[2].split()[0]))
            await self.count(asked=1)
            gone = asyncio.ensure_future(reader.read(1))
            await self.answer(writer, gone)
            gone.cancel()
        writer.close()

    async def answer(self, writer: asyncio.StreamWriter, gone: "asyncio.Future[bytes]") -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
        for event, said in ((self.first, "one "), (self.second, "two")):
            due = asyncio.ensure_future(event.wait())
            await asyncio.wait((due, gone), return_when=asyncio.FIRST_COMPLETED)
            due.cancel()
            if gone.done():
                await self.count(left=1)
                return
            writer.write(chunk(said))
        writer.write(chunk("", "stop") + frame("data: [DONE]\n\n") + b"0\r\n\r\n")

    async def count(self, asked: int = 0, left: int = 0) -> None:
        async with self.moved:
            self.asked += asked
            self.left += left
            self.moved.notify_all()

    async def until(self, fits: Callable[[], bool]) -> None:
        async with asyncio.timeout(LONG), self.moved:
            await self.moved.wait_for(fits)


@pytest.fixture
async def upstream() -> AsyncIterator[tuple[Upstream, int]]:
    made = Upstream()
    async with await asyncio.start_server(made.serve, "127.0.0.1", 0, backlog=512) as server:
        yield made, server.sockets[0].getsockname()[1]


@pytest.fixture
async def client(
    upstream: tuple[Upstream, int], start: Callable[..., Daemon], tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    (tmp_path / "famulus.toml").write_text(SETTINGS.format(port=upstream[1]))
    daemon = await asyncio.to_thread(lambda: start("--config", str(tmp_path / "famulus.toml")).ready())
    async with client_of(daemon) as client:
        yield client


def client_of(daemon: Daemon) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {(daemon.data_dir / 'token').read_text().strip()}"}
    limits = httpx.Limits(max_connections=None)
    return httpx.AsyncClient(base_url=daemon.url, headers=headers, timeout=LONG, limits=limits)


async def load(client: httpx.AsyncClient, name: str = "far") -> Any:
    engines = (await client.get("/api/health")).json()["engines"]
    return next(engine["load"] for engine in engines if engine["name"] == name)


async def ask(client: httpx.AsyncClient) -> tuple[int, str, Any]:
    answer = await client.post("/v1/chat/completions", json=BODY)
    return answer.status_code, answer.text, answer.headers


async def test_200_at_once(upstream: tuple[Upstream, int], client: httpx.AsyncClient) -> None:
    server, _ = upstream
    asking = [asyncio.ensure_future(ask(client)) for _ in range(CLIENTS)]
    async with asyncio.timeout(LONG):
        while sum(task.done() for task in asking) < CLIENTS - MOST:
            await asyncio.wait([task for task in asking if not task.done()], return_when=asyncio.FIRST_COMPLETED)
    await server.until(lambda: server.asked == MOST)
    assert (await load(client))["waiting"]["interactive"] == MOST
    server.first.set()
    server.second.set()
    answers = await asyncio.gather(*asking)
    refused = [(text, headers) for status, text, headers in answers if status == 429]
    answered = [text for status, text, _ in answers if status == 200]
    assert (len(refused), len(answered)) == (CLIENTS - MOST, MOST)
    for text, headers in refused:
        error = json.loads(text)["error"]
        assert (error["code"], error["type"], bool(error["fix"])) == ("engine_busy", "rate_limit_error", True)
        assert 1 <= int(headers["Retry-After"]) <= 60
    for text in answered:
        assert "one " in text and "two" in text and text.endswith("data: [DONE]\n\n")
    assert (await ask(client))[0] == 200
    told = await load(client)
    assert told["requests"] == {"answered": MOST + 1, "failed": 0, "gone": 0, "refused": CLIENTS - MOST}
    assert (told["running"], sum(told["waiting"].values())) == (0, 0)
    metrics = (await client.get("/metrics")).text
    assert f'famulus_engine_requests_total{{name="far",outcome="refused"}} {CLIENTS - MOST}.0' in metrics


async def test_who_leaves_before_the_first_token_and_in_the_middle_stops_the_server(
    upstream: tuple[Upstream, int], client: httpx.AsyncClient
) -> None:
    server, _ = upstream
    waiting = asyncio.ensure_future(ask(client))
    await server.until(lambda: server.asked == 1)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await server.until(lambda: server.left == 1)
    server.first.set()
    async with client.stream("POST", "/v1/chat/completions", json=BODY) as answer:
        async for line in answer.aiter_lines():
            if "one " in line:
                break
    await server.until(lambda: server.left == 2)
    async with asyncio.timeout(LONG):
        told = await load(client)
        while told["requests"]["gone"] < 2:  # who leaves is counted once the server is left
            told = await load(client)
    assert (told["requests"]["gone"], told["running"], sum(told["waiting"].values())) == (2, 0, 0)
    server.second.set()
    assert (await ask(client))[1].endswith("data: [DONE]\n\n")


async def test_200_at_once_with_a_real_model(start: Callable[..., Daemon], tmp_path: Path, starter_model: Path) -> None:
    (tmp_path / "famulus.toml").write_text("[linking]\nmode = 'off'\n[server]\nmax_waiting = 16\n")
    daemon = await asyncio.to_thread(lambda: start("--config", str(tmp_path / "famulus.toml")).ready())
    async with client_of(daemon) as client:
        body = {**BODY, "model": "smollm2", "max_tokens": 3}
        asked = await asyncio.gather(*(client.post("/v1/chat/completions", json=body) for _ in range(CLIENTS)))
        answered = [answer.text for answer in asked if answer.status_code == 200]
        refused = [answer for answer in asked if answer.status_code == 429]
        assert len(answered) >= 16 and refused and len(answered) + len(refused) == CLIENTS
        assert all(text.endswith("data: [DONE]\n\n") and '"finish_reason":"length"' in text for text in answered)
        assert (await client.post("/v1/chat/completions", json=body)).status_code == 200
        told = await load(client, "smollm2")
        assert told["requests"]["answered"] == len(answered) + 1
        assert (told["running"], sum(told["waiting"].values()), told["requests"]["failed"]) == (0, 0, 0)
