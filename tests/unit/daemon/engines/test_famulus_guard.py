from typing import Any

import pytest

from daemon.engines.vllm.guard.famulus_guard import KeyGate

KEY = (b"authorization", b"Bearer secret")


async def asked(kind: str, *headers: tuple[bytes, bytes]) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await send({"type": "reached"})

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await KeyGate(app)({"type": kind, "path": "/collective_rpc", "headers": list(headers)}, None, send)
    return sent


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLLM_API_KEY", "secret")


@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_who_has_the_key_comes_in(kind: str) -> None:
    assert await asked(kind, (b"host", b"x"), KEY) == [{"type": "reached"}]


@pytest.mark.parametrize(
    "headers", [(), ((b"authorization", b"Bearer secre"),), ((b"authorization", b"secret"),), (KEY, KEY)]
)
async def test_who_has_not_stays_out(headers: tuple[tuple[bytes, bytes], ...]) -> None:
    assert (await asked("http", *headers))[0]["status"] == 401
    assert await asked("websocket", *headers) == [{"type": "websocket.close", "code": 1008}]


async def test_without_a_key_nobody_comes_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLLM_API_KEY", "")
    assert (await asked("http", (b"authorization", b"Bearer ")))[0]["status"] == 401


async def test_the_start_of_the_server_is_no_request() -> None:
    assert await asked("lifespan") == [{"type": "reached"}]
