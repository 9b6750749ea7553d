"""An OpenAI-compatible server that costs nearly nothing: 2,000 tokens a second for each stream, as many as are asked for.

    python -m tests.bench.gateway_upstream     # prints its port

What it sends is made before it is asked; a late tick sends what is due at once, so that the pace is kept.
"""

import asyncio
import json
import re
import time
from typing import cast

import uvloop

PACE = 2000
"""Tokens a second of one stream."""
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def frame(data: str) -> bytes:
    """An event of the stream, as a piece of a chunked answer."""
    event = f"data: {data}\n\n".encode()
    return b"%x\r\n%s\r\n" % (len(event), event)


def chunk(delta: dict[str, str], finish: str | None = None) -> str:
    """One chunk of an answer, with the fields that vLLM sends."""
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    head = {"id": "chatcmpl-0123456789abcdef", "object": "chat.completion.chunk", "created": 1764000000, "model": "big"}
    return json.dumps({**head, "choices": [choice]}, separators=(",", ":"))


def _usage(tokens: int) -> str:
    usage = {"prompt_tokens": 9, "completion_tokens": tokens, "total_tokens": 9 + tokens}
    return json.dumps({**json.loads(chunk({})), "choices": [], "usage": usage}, separators=(",", ":"))


ROLE = frame(chunk({"role": "assistant", "content": ""}))
TOKENS = [frame(chunk({"content": f" fox{number % 10}"})) for number in range(1000)]
"""The pieces of any answer: no two alike beside each other, which some gateways take for a model that went astray."""
SIZE = len(TOKENS[0])
ANSWER = memoryview(b"".join(TOKENS))
END = frame(chunk({}, "length"))
DONE = frame("[DONE]") + b"0\r\n\r\n"


class _Stream(asyncio.Protocol):
    """One connection; requests come one after the other."""

    def __init__(self, ticker: "_Ticker") -> None:
        self._ticker = ticker
        self._heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._ticker.streams.discard(self)

    def data_received(self, data: bytes) -> None:
        self._heard += data
        head, found, rest = self._heard.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not found or (length and len(rest) < int(length[1])):
            return
        self._heard = b""
        if not head.startswith(b"POST"):
            self._transport.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return
        self._wanted = int(json.loads(rest).get("max_tokens", 1))
        self._sent = 1
        self._began = time.perf_counter()
        self._transport.write(_HEAD + ROLE + TOKENS[0])
        self._ticker.add(self)

    def tick(self, now: float) -> bool:
        """Send what is due; whether more is to come."""
        due = min(self._wanted, 1 + int((now - self._began) * PACE))
        if due > self._sent:
            self._transport.write(ANSWER[self._sent * SIZE : due * SIZE])
            self._sent = due
        if due == self._wanted:
            self._transport.write(END + frame(_usage(due)) + DONE)
            return False
        return True


class _Ticker:
    def __init__(self) -> None:
        self.streams: set[_Stream] = set()
        self._runs = False

    def add(self, stream: _Stream) -> None:
        self.streams.add(stream)
        if not self._runs:
            self._runs = True
            asyncio.get_running_loop().call_later(1 / PACE, self._tick)

    def _tick(self) -> None:
        now = time.perf_counter()
        self.streams = {stream for stream in self.streams if stream.tick(now)}
        self._runs = bool(self.streams)
        if self._runs:
            asyncio.get_running_loop().call_later(1 / PACE, self._tick)


async def main() -> None:
    ticker = _Ticker()
    server = await asyncio.get_running_loop().create_server(lambda: _Stream(ticker), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
