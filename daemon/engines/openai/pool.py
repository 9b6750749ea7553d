"""Connections to a server that answers in streams, kept between requests: the only place with aiohttp.

Each token of each client passes here: what a token costs the whole way is in docs/benchmarks.md ("gateway").
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx

from daemon.engines.openai.server import on_loopback, seconds_of

_KEPT = 4.0
"""Seconds that a connection is kept unused: less than the five after which uvicorn and llama-server hang up."""
_END = 5.0
"""Seconds that closing waits for the loop of the connections."""
_REST = 0.2
"""Seconds that a server has to end an answer that it has ended in words; else its connection is not kept."""
_LONGEST = 1 << 24
"""Bytes of a body that is read as a whole."""


class BrokenConnectionError(Exception):
    """The server is not there, hung up, or said nothing for too long (then `silent`)."""

    def __init__(self, cause: str, *, silent: bool = False) -> None:
        super().__init__(cause)
        self.silent = silent


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer whose body is still to come."""

    status: int
    _response: aiohttp.ClientResponse
    _patience: float | None = None

    @property
    def good(self) -> bool:
        """Whether it is what was asked for."""
        return 200 <= self.status < 300

    @property
    def retry_after(self) -> int:
        """Whole seconds after which the server wants to be asked again; 0 where it does not say."""
        return seconds_of(self._response.headers.get("Retry-After", ""))

    async def text(self) -> str:
        """The whole body, up to 16 MiB. Raises out of `Pool.post` where it does not come within its time."""
        body = bytearray()
        async with asyncio.timeout(self._patience):
            async for piece in self.pieces():
                body += piece
                if len(body) > _LONGEST:
                    break
        return body[:_LONGEST].decode("utf-8", "replace")

    def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes. Raises BrokenConnectionError out of `Pool.post` where it ends too early."""
        return self._response.content.iter_any()

    async def ended(self) -> None:
        """Take in what follows the last word, which is nothing where the server ends its answer."""
        with suppress(aiohttp.ClientError, OSError):
            async with asyncio.timeout(_REST):
                async for _ in self.pieces():
                    pass


class Pool:
    """Belongs to the event loop that asks; where another one asks, it gets connections of its own."""

    def __init__(self, timeout: httpx.Timeout) -> None:
        """`timeout.read` is how long the server may say nothing, None for ever."""
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=timeout.connect, sock_read=timeout.read)
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @asynccontextmanager
    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> AsyncIterator[Answer]:
        """The answer to a JSON body, for the length of a block; leaving early hangs up. Raises BrokenConnectionError."""
        headers = {**headers, "Content-Type": "application/json"}
        try:
            async with await self._asked(url, body, headers) as response:
                yield Answer(response.status, response, self._timeout.sock_read)
        except aiohttp.ServerTimeoutError as error:
            raise BrokenConnectionError(_told(error), silent=True) from error
        except (aiohttp.ClientError, OSError) as error:
            raise BrokenConnectionError(_told(error)) from error

    async def _asked(self, url: str, body: bytes, headers: dict[str, str]) -> aiohttp.ClientResponse:
        try:
            return await self._here(url).post(url, data=body, headers=headers, allow_redirects=False)
        except (aiohttp.ServerDisconnectedError, ConnectionResetError):
            # a kept connection that the server closed in this moment; nothing was said, so it is asked anew
            return await self._here(url).post(url, data=body, headers=headers, allow_redirects=False)

    def _here(self, url: str) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self._session is None or self._loop is not loop:
            secure = httpx.create_ssl_context() if url.startswith("https:") else True
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEPT, ssl=secure)
            jar = aiohttp.DummyCookieJar()
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=jar, timeout=self._timeout, proxy=proxy_for(url)
            )
            self._loop = loop
        return self._session

    def close(self) -> None:
        """Hang up; from any thread. Requests that run break off."""
        session, loop, self._session = self._session, self._loop, None
        if session is None or loop is None or not loop.is_running():
            return
        ending = asyncio.run_coroutine_threadsafe(session.close(), loop)
        if not _inside(loop):
            ending.result(_END)


def _inside(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


def proxy_for(url: str) -> str | None:
    """The proxy that the environment names for this address; none for this machine's own."""
    parts = urlsplit(url)
    if on_loopback(url) or proxy_bypass(parts.hostname or ""):
        return None
    found = getproxies()
    return found.get(parts.scheme) or found.get("all")


def _told(error: Exception) -> str:
    return str(error) or type(error).__name__
