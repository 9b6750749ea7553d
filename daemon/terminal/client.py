"""How a command reaches the agent: over HTTP where a daemon has the vault, else in this process. Same routes, same JSON."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from agents.errors import AgentError
from daemon.bus import BusEvent
from daemon.config import Settings
from daemon.interrupts import deadly
from daemon.lock import Holder, VaultLock
from vault_sync.errors import VaultLockedError
from vault_sync.vault import Vault

TIMEOUT = httpx.Timeout(10.0, read=600.0)

Heard = Callable[[BusEvent], None]


class RequestFailedError(AgentError):
    """The daemon answered with an error; its envelope in our words."""

    def __init__(self, body: dict[str, Any], status: int) -> None:
        error = body.get("error", {})
        super().__init__(
            error.get("effect") or error.get("message") or f"The daemon answered {status}.",
            error.get("cause", ""),
            error.get("fix", ""),
        )
        self.code = error.get("code") or "failed"
        self.body = body


@dataclass(frozen=True, slots=True)
class Client:
    """Calls the API."""

    http: httpx.AsyncClient
    alone: bool = False
    """Whether this process does the work, because no daemon has the vault."""

    async def get(self, path: str, /, **params: Any) -> Any:
        """The JSON of a GET. Raises RequestFailedError."""
        given = {key: value for key, value in params.items() if value not in (None, "")}
        return _checked(await self.http.get(path, params=given))

    async def post(self, path: str, body: dict[str, Any] | None = None, **params: Any) -> Any:
        """The JSON of a POST. Raises RequestFailedError."""
        return _checked(await self.http.post(path, json=body or {}, params=params))

    async def events(self, heard: Heard) -> None:
        """Tell of each event until cancelled or the daemon ends."""
        name = ""
        async with self.http.stream("GET", "/api/events", timeout=None) as response:
            async for line in response.aiter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    heard(BusEvent(name, json.loads(line.removeprefix("data: "))))

    async def stream(self, path: str, body: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """The events of a streaming POST. Raises RequestFailedError, also for an error in mid-stream."""
        async with self.http.stream("POST", path, json=body) as response:
            if response.status_code >= 400:
                await response.aread()
                _checked(response)
            async for line in response.aiter_lines():
                if not line.startswith("data: ") or line == "data: [DONE]":
                    continue
                data = json.loads(line.removeprefix("data: "))
                if "error" in data:
                    raise RequestFailedError(data, 500)
                yield data


def _checked(response: httpx.Response) -> Any:
    if response.status_code >= 400:
        try:
            raise RequestFailedError(response.json(), response.status_code)
        except json.JSONDecodeError as error:
            raise RequestFailedError({}, response.status_code) from error
    return response.json()


@asynccontextmanager
async def connect(
    settings: Settings,
    *,
    quiet: bool = False,
    patient: bool = False,
    thorough: bool = False,
    work: bool = False,
    heard: Heard = lambda event: None,
) -> AsyncIterator[Client]:
    """A client for the vault that the settings name; without a daemon the index is first brought up to date.

    With `thorough` that includes what a daemon does in quiet moments, such as a change of the embedder, which can take
    hours. A `patient` one waits for an answer as long as it takes, and tells of all events meanwhile. With `work` jobs
    are carried on here where no daemon does.
    """
    holder = VaultLock(Vault(settings.vault).id).holder() if settings.vault else None
    if holder is not None:
        async with _remote(holder, None if patient else TIMEOUT) as client:
            listening = asyncio.create_task(client.events(heard)) if patient else None
            try:
                yield client
            finally:
                if listening is not None:
                    listening.cancel()
                    await asyncio.gather(listening, return_exceptions=True)
        return
    with deadly():
        from daemon.terminal import alone
    async with alone.client(settings, quiet=quiet, thorough=thorough, work=work, heard=heard) as client:
        yield client


@asynccontextmanager
async def _remote(holder: Holder, timeout: httpx.Timeout | None) -> AsyncIterator[Client]:
    if not holder.url:
        raise VaultLockedError(
            "This vault is in use by another Famulus.", f"Process {holder.pid} is busy with it.", "Wait for it to end."
        )
    token = Path(holder.token_file).read_text(encoding="utf-8").strip()
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=holder.url, headers=headers, timeout=timeout, trust_env=False) as http:
        try:
            yield Client(http)
        except httpx.TransportError as error:
            raise AgentError(
                f"The daemon at {holder.url} did not answer.",
                f"{type(error).__name__}.",
                "Look into its log, or start it again.",
            ) from error
