import pytest
from fastapi import FastAPI, HTTPException
from fastapi.testclient import TestClient
from pydantic import BaseModel

import daemon.terminal.alone  # noqa: F401 — it brings every error with it
from agents.errors import (
    AgentError,
    BadRequestError,
    ContextLengthError,
    EngineBusyError,
    EngineError,
    EngineRefusedError,
)
from daemon.engines.spec import SpecError
from daemon.envelope import STATUS, describe, status_of
from daemon.errors import install
from vault_sync.errors import NoteNotFoundError, StaleEditError, VaultError


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BadRequestError("x"), 400),
        (ContextLengthError("x"), 400),
        (NoteNotFoundError("x"), 404),
        (StaleEditError("x"), 409),
        (EngineError("x"), 503),
        (EngineRefusedError("x"), 502),
        (EngineBusyError("x"), 429),
        (ValueError("secret detail"), 500),
    ],
)
def test_status(error: Exception, status: int) -> None:
    assert status_of(error) == status


def test_an_expected_error_says_effect_cause_and_fix() -> None:
    body = describe(ContextLengthError("Too long.", "It has 9 tokens.", "Shorten it."))
    assert body == {
        "error": {
            "message": "Too long.",
            "type": "invalid_request_error",
            "code": "context_length_exceeded",
            "cause": "It has 9 tokens.",
            "fix": "Shorten it.",
        }
    }


def test_an_unexpected_error_keeps_its_insides() -> None:
    assert "secret" not in str(describe(ValueError("secret detail")))


def codes(kind: type[Exception]) -> set[str]:
    return {str(getattr(kind, "code", ""))}.union(*(codes(below) for below in kind.__subclasses__()))


def test_every_error_has_a_status() -> None:
    inner = {
        "vault_error",
        "agent_error",
        "vault_locked",
        "ledger",
        "fence",
        "port_taken",
        "failed",
        "watch_limit",
        "system",
    }
    without = (codes(VaultError) | codes(AgentError)) - STATUS.keys() - inner
    assert not without, "a new error: decide its status in daemon/errors.py"


@pytest.mark.parametrize(
    ("path", "given", "status", "kind"),
    [
        ("/refused", {}, 400, "invalid_request_error"),
        ("/refused", {"json": {}}, 405, "invalid_request_error"),
        ("/nowhere", {}, 404, "invalid_request_error"),
        ("/shaped?number=x", {}, 422, "invalid_request_error"),
        ("/broken", {}, 502, "server_error"),
    ],
)
def test_what_the_client_did_wrong_is_not_the_servers_error(
    path: str, given: dict[str, object], status: int, kind: str
) -> None:
    app = FastAPI()
    install(app)

    @app.get("/refused")
    def refused() -> None:
        raise HTTPException(400, "no")

    @app.get("/broken")
    def broken() -> None:
        raise HTTPException(502, "no")

    @app.get("/shaped")
    def shaped(number: int) -> int:
        return number

    answer = TestClient(app).request("POST" if given else "GET", path)
    assert (answer.status_code, answer.json()["error"]["type"]) == (status, kind)


def test_clients_that_show_the_message_alone_are_told_all_of_it() -> None:
    app = FastAPI()
    install(app)

    @app.get("/v1/x")
    @app.get("/api/x")
    def refused() -> None:
        raise ContextLengthError("Too long.", "It has 9 tokens.", "Shorten it.")

    told = TestClient(app).get("/v1/x").json()["error"]
    assert (told["message"], told["effect"]) == ("Too long. It has 9 tokens. Shorten it.", "Too long.")
    assert (told["cause"], told["fix"], told["code"]) == ("It has 9 tokens.", "Shorten it.", "context_length_exceeded")
    assert TestClient(app).get("/api/x").json()["error"]["message"] == "Too long."


class Named(BaseModel):
    name: str


@pytest.mark.parametrize(
    ("content", "kind", "cause"),
    [
        ("{", "application/json", "The body is no JSON"),
        ("[]", "application/json", "the body: "),
        ("", "application/json", "the body: "),
        ('{"name": "x"}', "text/plain", "Content-Type is 'text/plain'"),
        ('{"name": 5}', "application/json", "name: Input should be a valid string."),
    ],
)
def test_a_body_that_can_not_be_read_is_explained(content: str, kind: str, cause: str) -> None:
    app = FastAPI()
    install(app)

    @app.post("/x")
    def named(body: Named) -> None:
        return None

    answer = TestClient(app).post("/x", content=content, headers={"Content-Type": kind})
    assert answer.status_code == 422
    assert cause in answer.json()["error"]["cause"]


def test_bytes_that_are_no_text_are_refused_in_the_envelope() -> None:
    app = FastAPI()
    install(app)

    @app.post("/x")
    def named(body: Named) -> None:
        return None

    answer = TestClient(app).post("/x", content=b'{"name": "\xff"}', headers={"Content-Type": "application/json"})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["cause"]) == (400, "bad_request", "The body is no JSON in UTF-8.")


def test_what_is_not_there_is_named() -> None:
    app = FastAPI()
    install(app)
    error = TestClient(app).get("/v1/completions").json()["error"]
    assert (error["effect"], error["cause"]) == ("Nothing was done.", "There is no GET /v1/completions.")


@pytest.mark.parametrize(
    ("error", "headers"),
    [
        (EngineError("x"), {"retry-after": "2"}),
        (EngineBusyError("x", retry_after=9), {"retry-after": "9"}),
        (EngineRefusedError("x"), {"x-should-retry": "false"}),
        (SpecError("x"), {"x-should-retry": "false"}),
        (BadRequestError("x"), {}),
    ],
)
def test_clients_are_told_whether_asking_again_helps(error: AgentError, headers: dict[str, str]) -> None:
    app = FastAPI()
    install(app)

    @app.get("/failing")
    def failing() -> None:
        raise error

    answer = TestClient(app).get("/failing")
    told = {name: answer.headers[name] for name in ("retry-after", "x-should-retry") if name in answer.headers}
    assert told == headers
