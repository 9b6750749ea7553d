"""Clients that cost nearly nothing: they ask, look at the clock, and keep bytes without reading them.

python -m tests.bench.gateway_client URL KEY MODEL CLIENTS REQUESTS TOKENS     # prints a Timing as JSON
"""

import asyncio
import json
import re
import sys
import time
from dataclasses import asdict, dataclass
from typing import cast
from urllib.parse import urlsplit

import uvloop

_SAID = re.compile(rb'"content": ?"[^"]')
"""In each piece of an answer that has text."""
_DONE = b"data: [DONE]"


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds: of each request until its first token; from there to the end for each further token; and in all.
    `tokens` are those of all answers together."""

    first: list[float]
    token: list[float]
    tokens: int
    seconds: float


class _Asker(asyncio.Protocol):
    """One client: a connection that is kept, and requests one after the other."""

    def __init__(self, request: bytes, times: int, tokens: int) -> None:
        self._request = request
        self._left = times
        self._tokens = tokens
        self.first: list[float] = []
        self.token: list[float] = []
        self.tokens = 0
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._ask()

    def _ask(self) -> None:
        self._said: list[bytes] = []
        self._first_at = 0.0
        self._left -= 1
        self._asked_at = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._said.append(data)
        if not self._first_at and _SAID.search(b"".join(self._said)):
            self._first_at = time.perf_counter()
        if data.endswith(b"0\r\n\r\n") and _DONE in b"".join(self._said[-3:]):
            self._end()

    def _end(self) -> None:
        now = time.perf_counter()
        said = b"".join(self._said)
        if (count := len(_SAID.findall(said))) > self._tokens or not count:
            self.over.set_exception(ValueError(f"{count} tokens came instead of {self._tokens}: {said[-900:]!r}"))
            return
        self.first.append(self._first_at - self._asked_at)
        self.token.append((now - self._first_at) / max(count - 1, 1))
        self.tokens += count
        if self._left:
            self._ask()
        else:
            self.over.set_result(None)
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.over.done():
            self.over.set_exception(ConnectionError(f"it hung up: {b''.join(self._said)[-900:]!r}"))


async def ask(url: str, key: str, model: str, clients: int, requests: int, tokens: int) -> Timing:
    """All clients at once."""
    to = urlsplit(url)
    turns = [{"role": "user", "content": "Tell me of an animal."}]
    asked = {"model": model, "messages": turns, "max_tokens": tokens, "temperature": 0, "stream": True}
    body = json.dumps(asked).encode()
    head = (
        f"POST {to.path}/chat/completions HTTP/1.1\r\nHost: {to.netloc}\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nAccept: text/event-stream\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    made = [
        loop.create_connection(lambda: _Asker(head.encode() + body, requests, tokens), to.hostname or "", to.port or 80)
        for _ in range(clients)
    ]
    askers = [asker for _, asker in await asyncio.gather(*made)]
    await asyncio.gather(*(asker.over for asker in askers))
    first = [each for asker in askers for each in asker.first]
    token = [each for asker in askers for each in asker.token]
    tokens = sum(asker.tokens for asker in askers)
    return Timing(first, token, tokens, time.perf_counter() - began)


if __name__ == "__main__":
    url, key, model, *numbers = sys.argv[1:]
    print(json.dumps(asdict(uvloop.run(ask(url, key, model, *(int(number) for number in numbers))))))
