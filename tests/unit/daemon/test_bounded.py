from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel
from starlette.types import Message, Receive, Scope, Send

from daemon import errors
from daemon.bounded import BoundedMiddleware

JSON = {"Content-Type": "application/json"}


class Named(BaseModel):
    name: str


def app(most: int) -> FastAPI:
    made = FastAPI()
    errors.install(made)
    made.add_middleware(BoundedMiddleware, most=most)

    @made.post("/x")
    def named(body: Named) -> str:
        return body.name

    return made


def test_a_body_up_to_the_bound_is_read() -> None:
    body = b'{"name": "abc"}'
    assert TestClient(app(len(body))).post("/x", content=body, headers=JSON).json() == "abc"


def test_a_larger_one_is_refused_in_the_envelope() -> None:
    answer = TestClient(app(10)).post("/x", content=b'{"name": "abc"}', headers=JSON)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (413, "too_large")
    assert "10" in error["cause"]


async def test_one_that_does_not_say_its_size_is_read_no_further_than_the_bound() -> None:
    taken = 0

    async def receive() -> Message:
        nonlocal taken
        taken += 1
        return {"type": "http.request", "body": b" " * 6, "more_body": True}

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json")]
    scope: Scope = {
        "type": "http", "method": "POST", "path": "/x", "raw_path": b"/x", "query_string": b"", "headers": headers,
        "http_version": "1.1", "scheme": "http", "server": ("x", 80), "client": None, "root_path": "",
    }  # fmt: skip
    await _run(app(10), scope, receive, send)
    assert sent[0]["status"] == 413 and taken == 2


async def _run(made: FastAPI, scope: Scope, receive: Receive, send: Send) -> None:
    await made(scope, receive, send)
