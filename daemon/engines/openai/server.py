"""What chat and embeddings share of an OpenAI-compatible server: address, key, and what its failures mean."""

import json
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson

from agents.errors import (
    AgentError,
    BadRequestError,
    ContextLengthError,
    EngineBusyError,
    EngineError,
    EngineLoadingError,
    EngineRefusedError,
)
from agents.ports import ChatRequest
from daemon.engines.spec import EngineSpec

TRIES = 3
PAUSE = 0.5
PATIENCE = 2
"""Seconds; a server that wants to be left alone for longer is not asked again here: the client is told when."""
RETRIED = frozenset({429, 500, 502, 504})
_LOADING = 503
_TOO_LONG = ("context_length", "context length", "context size", "maximum context", "exceed_context_size")


class Server:
    """The address of a server, its key, and what its failures mean."""

    def __init__(self, spec: EngineSpec) -> None:
        self.spec = spec
        self.url = spec.url.rstrip("/")
        self.timeout = httpx.Timeout(spec.stall_seconds, connect=10)
        self.state = "stopped"
        self.proxied = not on_loopback(self.url)

    def headers(self) -> dict[str, str]:
        """The key, read anew each time so that it can be changed. Raises EngineError where it is not set."""
        name = self.spec.api_key_env
        if not name:
            return {}
        key = os.environ.get(name, "").strip()
        if not key:
            raise self.refused(f"The environment variable {name} is empty.", f"Put the server's key into {name}.")
        if not (key.isascii() and key.isprintable()):
            raise self.refused(f"What {name} holds is no key: it has letters that none has.", "Put the key there anew.")
        return {"Authorization": f"Bearer {key}"}

    def more(self, request: ChatRequest) -> dict[str, object]:
        """What this server's body has beyond the common one: nothing."""
        return {}

    def error(self, cause: str, fix: str) -> EngineError:
        """This engine failed."""
        self.state = "failed"
        return EngineError(self._no_answer, cause, fix)

    def refused(self, cause: str, fix: str) -> EngineError:
        """This engine will fail until a setting is changed."""
        self.state = "failed"
        return EngineRefusedError(self._no_answer, cause, fix)

    @property
    def _no_answer(self) -> str:
        return f"The engine {self.spec.name!r} gave no answer."

    def unreachable(self, error: Exception) -> EngineError:
        """The connection failed or broke off."""
        what = str(error) or type(error).__name__
        return self.error(f"{self.url}: {what}.", "Start the server, or correct the engine's url.")

    def broke_off(self, error: Exception) -> EngineError:
        """The connection broke off when a part of the answer had come."""
        what = str(error) or type(error).__name__
        return self.error(f"The stream broke off in the middle ({what}).", "See the server's log, then ask again.")

    def refused_key(self, body: str) -> EngineError:
        """The server wants a key, or another one."""
        cause = f"The server refused the key: {message_of(body)}"
        return self.refused(cause, "Check api_key_env and the variable it names.")

    def refusal(self, status: int, body: str, retry_after: int = 1) -> AgentError:
        """The error that an answer with this status means; `retry_after` seconds are what its header says."""
        said = message_of(body)
        if status in (400, 413, 422) and any(hint in body.lower() for hint in _TOO_LONG):
            return ContextLengthError(
                "The conversation does not fit the model.",
                f"The server says: {said}",
                "Shorten the conversation, ask for fewer tokens, or start the server with a larger context.",
            )
        if status == _LOADING:
            self.state = "loading"
            name = self.spec.name
            return EngineLoadingError(f"The engine {name!r} does not answer yet.", said, "Try again in a minute.")
        if status == 429:
            effect = f"The engine {self.spec.name!r} takes no more requests now."
            return EngineBusyError(effect, f"The server says: {said}", f"Ask again in {retry_after} s.", retry_after)
        if status in (400, 422):
            return BadRequestError("The engine refused the request.", f"The server says: {said}", "Change it.")
        if status in (401, 403):
            return self.refused_key(body)
        if 300 <= status < 400:
            return self.refused(
                f"The server answered {status}: it is elsewhere.", "Correct url: no key is sent after it."
            )
        if status == 404:
            return self.refused(f"The server has no such model or path: {said}", "Check model and url.")
        return self.error(f"The server answered {status}: {said}", "See the server's log.")


def seconds_of(retry_after: str) -> int:
    """Whole seconds in the header Retry-After, 0 where it is missing, a date, or beyond a day."""
    return int(retry_after) if retry_after.isascii() and retry_after.isdecimal() and len(retry_after) < 6 else 0


def on_loopback(url: str) -> bool:
    """Whether an address is on this machine: what is sent there goes through no proxy of the environment."""
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def estimated_tokens(text: str) -> int:
    """An upper estimate where a server does not count: a token for each 2.5 bytes, and eight around the text."""
    return 8 + int(len(text.encode()) / 2.5)


def as_bytes(data: Mapping[str, object]) -> bytes:
    """JSON to send."""
    try:
        return orjson.dumps(data)
    except TypeError:  # half a pair of surrogates somewhere, or a number beyond 64 bits
        return json.dumps(data).encode()


def as_object(text: str | bytes) -> dict[str, Any]:
    """The JSON object in `text`, an empty one where there is none. `NaN` is read, too: some servers write it."""
    try:
        found = orjson.loads(text)
    except ValueError:
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return {}
    return found if isinstance(found, dict) else {}


def message_of(body: str) -> str:
    """What the body of an error says, in the words of the server; another Famulus also says the cause."""
    error = as_object(body).get("error")
    if isinstance(error, dict):
        error = " ".join(str(error[key]) for key in ("message", "cause") if error.get(key))
    return str(error or body.strip()[:200] or "nothing")
