"""What a server may do to a connection, with a real one that does it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import httpx
import pytest

from daemon.engines.openai.pool import BrokenConnectionError, Pool, proxy_for

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
WHOLE = HEAD + b"2\r\nhi\r\n0\r\n\r\n"
Answering = Callable[[int, int, asyncio.StreamWriter], Awaitable[bool]]


class Server:
    """Counts connections and, for each, requests; `answering` writes and says whether the connection stays."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self.connections = 0
        self.left = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        connection, request = self.connections, 0
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(2)
                request += 1
                if not await self._answering(connection, request, writer):
                    break
        self.left.set()
        writer.close()


@asynccontextmanager
async def asked(
    answering: Answering, read: float | None = 20
) -> AsyncIterator[tuple[Server, Callable[[], Awaitable[bytes]], Pool, str]]:
    server, pool = Server(answering), Pool(httpx.Timeout(read, connect=20))
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0) as listening:
        url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"

        async def ask() -> bytes:
            async with pool.post(url, b"{}", {}) as answer:
                return b"".join([piece async for piece in answer.pieces()])

        yield server, ask, pool, url
        await asyncio.to_thread(pool.close)
        listening.close()


async def test_a_connection_is_kept() -> None:
    async def whole(connection: int, request: int, writer: asyncio.StreamWriter) -> bool:
        writer.write(WHOLE)
        return True

    async with asked(whole) as (server, ask, _, _):
        assert [await ask() for _ in range(3)] == [b"hi"] * 3
        assert server.connections == 1


async def test_one_that_the_server_gave_up_is_made_anew_without_a_word() -> None:
    async def once(connection: int, request: int, writer: asyncio.StreamWriter) -> bool:
        if request == 1:
            writer.write(WHOLE)
        return request == 1

    async with asked(once) as (server, ask, _, _):
        assert [await ask() for _ in range(2)] == [b"hi"] * 2
        assert server.connections == 2


async def test_a_stream_that_breaks_off_is_noticed() -> None:
    async def half(connection: int, request: int, writer: asyncio.StreamWriter) -> bool:
        writer.write(HEAD + b"2\r\nhi\r\n")
        return False

    async with asked(half) as (_, ask, _, _):
        with pytest.raises(BrokenConnectionError) as caught:
            await ask()
        assert not caught.value.silent


async def test_a_server_that_says_nothing_is_told_from_one_that_is_gone() -> None:
    async def silent(connection: int, request: int, writer: asyncio.StreamWriter) -> bool:
        writer.write(HEAD + b"2\r\nhi\r\n")
        return True

    async with asked(silent, read=0.05) as (_, ask, _, url):
        with pytest.raises(BrokenConnectionError) as caught:
            await ask()
        assert caught.value.silent
    pool = Pool(httpx.Timeout(20))
    with pytest.raises(BrokenConnectionError) as caught:
        async with pool.post(url, b"{}", {}):
            pass
    assert not caught.value.silent
    await asyncio.to_thread(pool.close)


async def test_who_leaves_early_hangs_up() -> None:
    async def endless(connection: int, request: int, writer: asyncio.StreamWriter) -> bool:
        writer.write(HEAD + b"2\r\nhi\r\n")
        return True

    async with asked(endless) as (server, _, pool, url):
        async with pool.post(url, b"{}", {}) as answer:
            assert await anext(answer.pieces()) == b"hi"
            assert not server.left.is_set()
        await server.left.wait()


def test_proxies_are_those_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", "http://proxy:1")
    monkeypatch.setenv("no_proxy", "127.0.0.1,near.example")
    assert proxy_for("http://far.example/v1") == "http://proxy:1"
    assert proxy_for("http://127.0.0.1:9/v1") is None
    assert proxy_for("http://near.example/v1") is None
    assert proxy_for("https://far.example/v1") is None
