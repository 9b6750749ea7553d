import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

from daemon import sse


def test_events_are_one_line_of_json() -> None:
    assert sse.event({"a": "сад\n"}) == 'data: {"a":"сад\\n"}\n\n'.encode()
    assert sse.event([1], "note") == b"event: note\ndata: [1]\n\n"


def test_what_the_fast_writer_refuses_is_written_all_the_same() -> None:
    assert json.loads(sse.as_json({"a": 1 << 70})) == {"a": 1 << 70}
    assert json.loads(sse.as_json({1: "a"})) == {"1": "a"}
    assert json.loads(sse.as_json("half \ud83d of a pair")) == "half ? of a pair"


class Client:
    """An ASGI client that hangs up when it is told to."""

    def __init__(self) -> None:
        self.hangs_up = asyncio.Event()
        self.got: list[Any] = []

    async def receive(self) -> Any:
        await self.hangs_up.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.got.append(message)


async def test_pieces_go_out_as_they_are() -> None:
    async def pieces() -> AsyncGenerator[bytes, None]:
        yield b"one"
        yield b"two"

    client = Client()
    await sse.EventStream(pieces())({"type": "http"}, client.receive, client.send)
    start, *bodies = client.got
    headers = dict(start["headers"])
    assert headers[b"content-type"].startswith(b"text/event-stream") and b"content-length" not in headers
    assert [(body["body"], body["more_body"]) for body in bodies] == [(b"one", True), (b"two", True), (b"", False)]


async def test_the_work_ends_where_nobody_listens() -> None:
    client, ended = Client(), asyncio.Event()

    async def endless() -> AsyncGenerator[bytes, None]:
        try:
            yield b"one"
            client.hangs_up.set()
            await asyncio.Event().wait()
        finally:
            ended.set()

    await sse.EventStream(endless())({"type": "http"}, client.receive, client.send)
    assert ended.is_set()
