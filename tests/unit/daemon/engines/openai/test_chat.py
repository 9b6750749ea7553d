import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest

from agents.errors import (
    AgentError,
    BadRequestError,
    ContextLengthError,
    EngineBusyError,
    EngineError,
    EngineLoadingError,
    EngineRefusedError,
)
from agents.ports import ChatRequest, Message, Usage
from daemon.engines.openai import chat as openai
from daemon.engines.openai import embedder as openai_embedder
from daemon.engines.openai.chat import OpenAIEngine
from daemon.engines.openai.embedder import OpenAIEmbedder
from daemon.engines.spec import EngineSpec

REQUEST = ChatRequest((Message("user", "Hi"),))


def event(text: str = "", reason: str | None = None, **more: object) -> str:
    choice = {"delta": {"content": text}, "finish_reason": reason}
    return f"data: {json.dumps({'choices': [choice], **more})}\n\n"


GOOD = event("Hel") + event("lo") + event(reason="stop") + "data: [DONE]\n\n"


class Script(ThreadingHTTPServer):
    """Answers as scripted, one (status, body) after the other, and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[tuple[int, str]] = []
        self.asked: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.retry_after = ""
        self.lost = 0
        """Bytes at the end of an answer that are announced and do not come."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1/"


class _Handler(BaseHTTPRequestHandler):
    server: Script

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, dict(self.headers), body))
        status, text = self.server.answers.pop(0)
        if not status:
            self.close_connection = True  # hangs up without a word
            return
        self.send_response(status)
        if self.server.retry_after and status != 200:
            self.send_header("Retry-After", self.server.retry_after)
        if status in (301, 302, 307, 308):
            self.send_header("Location", self.server.url)
        if self.server.lost:
            self.send_header("Content-Length", str(len(text.encode()) + self.server.lost))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Script]:
    monkeypatch.setattr(openai, "PAUSE", 0.0)
    monkeypatch.setattr(openai_embedder, "PAUSE", 0.0)
    with Script() as script:
        thread = Thread(target=script.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield script
        script.shutdown()
        thread.join()


def spec(server: Script, **more: Any) -> EngineSpec:
    return EngineSpec("far", "openai", "big", url=server.url, **more)


_MADE: list[OpenAIEngine] = []


def far(spec: EngineSpec) -> OpenAIEngine:
    _MADE.append(OpenAIEngine(spec))
    return _MADE[-1]


@pytest.fixture(autouse=True)
async def closed() -> AsyncIterator[None]:
    yield
    while _MADE:
        await asyncio.to_thread(_MADE.pop().close)


async def ask(engine: OpenAIEngine, request: ChatRequest = REQUEST) -> str:
    return "".join([delta.text async for delta in engine.stream(request)])


async def test_a_stream_becomes_deltas(server: Script) -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 4}}
    late = f"data: {json.dumps({'choices': [], 'usage': usage})}\n\n"
    server.answers = [(200, ": comment\n\n" + event("Hel") + event("lo", "length") + late + "data: [DONE]\n\n")]
    engine = far(spec(server))
    deltas = [delta async for delta in engine.stream(REQUEST)]
    assert [delta.text for delta in deltas] == ["Hel", "lo", ""]
    assert (deltas[-1].finish_reason, deltas[-1].usage) == ("length", Usage(5, 4, 2))
    assert engine.state == "ready"


async def test_the_request_says_what_was_asked(server: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAR_KEY", "secret")
    server.answers = [(200, GOOD)]
    request = ChatRequest((Message("user", "Hi"),), seed=7, stop=("x",), json_schema={"type": "array"})
    await ask(far(spec(server, api_key_env="FAR_KEY")), request)
    path, headers, body = server.asked[0]
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == "Bearer secret"
    assert (body["model"], body["seed"], body["stop"], body["stream"]) == ("big", 7, ["x"], True)
    assert body["response_format"]["json_schema"]["schema"] == {"type": "array"}


async def test_an_empty_key_is_told_before_anything_is_sent(server: Script) -> None:
    with pytest.raises(EngineError) as caught:
        await ask(far(spec(server, api_key_env="FAR_KEY_THAT_IS_NOT_SET")))
    assert "FAR_KEY_THAT_IS_NOT_SET" in caught.value.cause
    assert server.asked == []


@pytest.mark.parametrize("status", [429, 500, 502])
async def test_what_may_pass_is_tried_again(server: Script, status: int) -> None:
    server.answers = [(status, "busy"), (status, "busy"), (200, GOOD)]
    assert await ask(far(spec(server))) == "Hello"


async def test_a_server_that_wants_to_be_left_alone_is_and_the_client_is_told(server: Script) -> None:
    server.answers, server.retry_after = [(429, '{"error": {"message": "full"}}')] * 3, "7"
    with pytest.raises(EngineBusyError) as caught:
        await ask(far(spec(server)))
    assert (caught.value.retry_after, caught.value.cause) == (7, "The server says: full")
    embedder = OpenAIEmbedder(spec(server, dimensions=2))
    with pytest.raises(EngineBusyError) as caught:
        embedder.embed_query("a")
    assert (caught.value.retry_after, len(server.asked)) == (7, 2)
    embedder.close()


@pytest.mark.parametrize(("told", "pauses"), [("2", [2, 2]), ("", [0, 0]), ("Fri, 27 Nov 2026 17:00:00 GMT", [0, 0])])
async def test_a_short_wait_is_kept(
    server: Script, monkeypatch: pytest.MonkeyPatch, told: str, pauses: list[int]
) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(openai, "asyncio", SimpleNamespace(sleep=sleep))
    server.answers, server.retry_after = [(429, "full"), (429, "full"), (200, GOOD)], told
    assert (await ask(far(spec(server))), waited) == ("Hello", pauses)


async def test_what_is_no_stream_is_told_with_what_helps(server: Script) -> None:
    server.answers = [(200, "<html>Welcome</html>")]
    with pytest.raises(EngineError) as caught:
        await ask(far(spec(server)))
    assert "no stream" in caught.value.cause and "/v1" in caught.value.fix


async def test_three_tries_are_enough(server: Script) -> None:
    server.answers = [(500, '{"error": {"message": "broken"}}')] * 4
    with pytest.raises(EngineError) as caught:
        await ask(far(spec(server)))
    assert "broken" in caught.value.cause
    assert len(server.asked) == 3


async def test_nothing_is_tried_again_after_the_first_token(server: Script) -> None:
    server.answers = [(200, event("Hel")), (200, GOOD)]
    with pytest.raises(EngineError) as caught:
        await ask(far(spec(server)))
    assert "broke off" in caught.value.cause
    assert len(server.asked) == 1


async def test_a_connection_that_breaks_in_mid_answer_is_no_server_that_is_away(server: Script) -> None:
    server.answers, server.lost = [(200, event("Hel")), (200, GOOD)], 9
    with pytest.raises(EngineError) as caught:
        await ask(far(spec(server)))
    assert "broke off in the middle" in caught.value.cause and "url" not in caught.value.fix
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, '{"error": {"message": "too long", "code": "context_length_exceeded"}}', ContextLengthError),
        (400, '{"error": {"message": "This model\'s maximum context length is 9 tokens"}}', ContextLengthError),
        (400, '{"error": {"type": "exceed_context_size_error"}}', ContextLengthError),
        (400, '{"error": {"message": "bad grammar"}}', BadRequestError),
        (401, "no", EngineRefusedError),
        (404, '{"error": "no such model"}', EngineRefusedError),
        (503, '{"error": {"message": "Loading model"}}', EngineLoadingError),
    ],
)
async def test_refusals_keep_their_meaning(server: Script, status: int, body: str, kind: type[AgentError]) -> None:
    server.answers = [(status, body)]
    with pytest.raises(AgentError) as caught:
        await ask(far(spec(server)))
    assert type(caught.value) is kind
    assert caught.value.fix


async def test_another_famulus_says_the_cause_too(server: Script) -> None:
    server.answers = [(400, '{"error": {"message": "No.", "code": "bad_request", "cause": "It is so."}}')]
    with pytest.raises(BadRequestError) as caught:
        await ask(far(spec(server)))
    assert "No. It is so." in caught.value.cause


@pytest.mark.parametrize("key", ["naïve", "two\nlines", "\ufeffsecret"])
async def test_a_key_that_no_header_can_hold_is_told(server: Script, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("THE_KEY", key)
    with pytest.raises(EngineRefusedError) as caught:
        await ask(far(spec(server, api_key_env="THE_KEY")))
    assert "THE_KEY" in caught.value.cause
    assert not server.asked


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_key_is_sent_nowhere_else(server: Script, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    monkeypatch.setenv("THE_KEY", "secret\n")
    server.answers = [(status, "")]
    with pytest.raises(EngineRefusedError) as caught:
        await ask(far(spec(server, api_key_env="THE_KEY")))
    assert str(status) in caught.value.cause
    assert len(server.asked) == 1


async def test_an_answer_is_whole_where_its_reason_came_before_the_connection_broke(server: Script) -> None:
    server.lost = 100
    server.answers = [(200, event("Hello", "stop"))]
    deltas = [delta async for delta in far(spec(server)).stream(REQUEST)]
    assert ("".join(delta.text for delta in deltas), deltas[-1].finish_reason) == ("Hello", "stop")


async def test_an_answer_that_was_ended_in_words_is_not_waited_for(server: Script) -> None:
    async def stay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + GOOD.encode())
        await writer.drain()
        await reader.read()  # until the other side hangs up
        writer.close()

    async with await asyncio.start_server(stay, "127.0.0.1", 0) as listening:
        url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
        async with asyncio.timeout(60):
            assert await ask(far(replace(spec(server), url=url, stall_seconds=600.0))) == "Hello"


async def test_signs_of_life_are_no_words(server: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai, "_WORDLESS", 0)

    async def ping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        with suppress(ConnectionError):
            while True:
                writer.write(b": still here\n\n")
                await writer.drain()
                await asyncio.sleep(0)

    async with await asyncio.start_server(ping, "127.0.0.1", 0) as listening:
        url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
        with pytest.raises(EngineError) as caught:
            await ask(far(replace(spec(server), url=url)))
        assert "no word" in caught.value.cause


async def test_a_server_that_is_not_there_is_told(server: Script) -> None:
    engine = far(EngineSpec("far", "openai", "big", url="http://127.0.0.1:9/v1"))
    with pytest.raises(EngineError) as caught:
        await ask(engine)
    assert "127.0.0.1:9" in caught.value.cause
    assert engine.state == "failed"


async def test_tokens_are_estimated_where_the_server_does_not_count(server: Script) -> None:
    server.answers = [(404, "no"), (200, '{"count": 3}')]
    engine = far(spec(server))
    assert await engine.count_tokens(REQUEST.messages) > 3
    assert await engine.count_tokens(REQUEST.messages) == 3


def test_an_embedder_needs_its_dimensions(server: Script) -> None:
    with pytest.raises(EngineError) as caught:
        OpenAIEmbedder(spec(server))
    assert "dimensions" in caught.value.fix


def test_vectors_are_put_in_order_and_normalised(server: Script) -> None:
    rows = [{"index": 1, "embedding": [0, 2]}, {"index": 0, "embedding": [3, 0]}]
    server.answers = [(500, "busy"), (200, json.dumps({"data": rows}))]
    embedder = OpenAIEmbedder(spec(server, dimensions=2, passage_prefix="p: "))
    assert embedder.embed_passages(["a", "b"]).tolist() == [[1, 0], [0, 1]]
    assert server.asked[0][2]["input"] == ["p: a", "p: b"]
    embedder.close()


def test_a_connection_that_the_server_gave_up_is_made_anew(server: Script) -> None:
    server.answers = [(0, ""), (200, '{"data": [{"embedding": [0, 2]}, {"embedding": [2, 0]}]}')]
    embedder = OpenAIEmbedder(spec(server, dimensions=2))
    assert embedder.embed_passages(["a", "b"]).tolist() == [[0, 1], [1, 0]], "without numbers they come in order"
    server.answers = [(0, ""), (0, "")]
    with pytest.raises(EngineError):
        embedder.embed_query("a")
    embedder.close()


@pytest.mark.parametrize("data", ['[{"index": 0}]', '[{"index": 0, "embedding": "AAAA"}]', '["x"]', "7"])
def test_what_is_no_list_of_vectors_is_told(server: Script, data: str) -> None:
    server.answers = [(200, f'{{"data": {data}}}')]
    embedder = OpenAIEmbedder(spec(server, dimensions=2))
    with pytest.raises(EngineError) as caught:
        embedder.embed_query("a")
    assert "no list of vectors" in caught.value.cause
    embedder.close()


@pytest.mark.parametrize("number", ["NaN", "1e999", "null"])
def test_vectors_that_are_not_finite_are_told(server: Script, number: str) -> None:
    server.answers = [(200, f'{{"data": [{{"index": 0, "embedding": [1.0, {number}]}}]}}')]
    with pytest.raises(EngineError):
        OpenAIEmbedder(spec(server, dimensions=2)).embed_query("a")


def test_vectors_of_another_length_are_refused(server: Script) -> None:
    server.answers = [(200, '{"data": [{"index": 0, "embedding": [1, 2, 3]}]}')]
    embedder = OpenAIEmbedder(spec(server, dimensions=2))
    with pytest.raises(EngineError) as caught:
        embedder.embed_query("a")
    assert "(1, 3)" in caught.value.cause
    embedder.close()


@pytest.mark.parametrize(
    ("code", "message", "told"),
    [
        (400, "The grammar is invalid.", BadRequestError),
        (400, "This model's maximum context length is 128 tokens.", ContextLengthError),
        (500, "The grammar is invalid.", EngineError),
    ],
)
async def test_a_refusal_may_come_in_the_stream(
    server: Script, code: int, message: str, told: type[AgentError]
) -> None:
    server.answers = [(200, f"data: {json.dumps({'error': {'message': message, 'code': code}})}\n\n")]
    with pytest.raises(told) as caught:
        await ask(far(spec(server)))
    assert message in caught.value.cause
