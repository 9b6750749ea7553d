"""What chat and embeddings share of an OpenAI-compatible server: address, key, and what its failures mean."""

import json
import os
from typing import Any

import httpx

from agents.errors import AgentError, BadRequestError, ContextLengthError, EngineError, EngineLoadingError
from daemon.engines.spec import EngineSpec

TRIES = 3
PAUSE = 0.5
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

    def headers(self) -> dict[str, str]:
        """The key, read anew each time so that it can be changed. Raises EngineError where it is not set."""
        name = self.spec.api_key_env
        if not name:
            return {}
        key = os.environ.get(name, "")
        if not key:
            raise self.error(f"The environment variable {name} is empty.", f"Put the server's key into {name}.")
        return {"Authorization": f"Bearer {key}"}

    def error(self, cause: str, fix: str) -> EngineError:
        """This engine failed."""
        self.state = "failed"
        return EngineError(f"The engine {self.spec.name!r} gave no answer.", cause, fix)

    def unreachable(self, error: Exception) -> EngineError:
        """The connection failed or broke off."""
        what = str(error) or type(error).__name__
        return self.error(f"{self.url}: {what}.", "Start the server, or correct the engine's url.")

    def refusal(self, status: int, body: str) -> AgentError:
        """The error that an answer with this status means."""
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
        if status in (400, 422):
            return BadRequestError("The engine refused the request.", f"The server says: {said}", "Change it.")
        if status in (401, 403):
            return self.error(f"The server refused the key: {said}", "Check api_key_env and the variable it names.")
        if status == 404:
            return self.error(f"The server has no such model or path: {said}", "Check model and url.")
        return self.error(f"The server answered {status}: {said}", "See the server's log.")


def estimated_tokens(text: str) -> int:
    """An upper estimate where a server does not count: a token for each 2.5 bytes, and eight around the text."""
    return 8 + int(len(text.encode()) / 2.5)


def as_object(text: str) -> dict[str, Any]:
    """The JSON object in `text`, an empty one where there is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def message_of(body: str) -> str:
    """What the body of an error says, in the words of the server."""
    error = as_object(body).get("error")
    said = error.get("message") if isinstance(error, dict) else error
    return str(said or body.strip()[:200] or "nothing")
