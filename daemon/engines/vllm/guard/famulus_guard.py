"""A gate in front of a vLLM server of Famulus, loaded by vLLM itself: without the key nothing is answered.

vLLM asks for its key below `/v1` only. Its other routes, those for sleep and for calls into its workers among them,
would answer any program on this machine, and any web page that finds the port. This folder holds nothing else, because
it is put on the path of vLLM's own environment; nothing but the standard library may be imported here.
"""

import os
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

Scope = dict[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Any, Send], Awaitable[None]]


class KeyGate:
    """Refuses each request and each web socket that does not carry the key of the environment."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._key = f"Bearer {os.environ.get('VLLM_API_KEY', '')}".encode()

    async def __call__(self, scope: Scope, receive: Any, send: Send) -> None:
        """Hand the request on, or answer 401."""
        if scope["type"] not in ("http", "websocket") or self._knows(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await send({"type": "http.response.start", "status": 401, "headers": []})
            await send({"type": "http.response.body", "body": b'{"error": {"message": "The key is missing."}}'})

    def _knows(self, scope: Scope) -> bool:
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        return len(given) == 1 and len(self._key) > len(b"Bearer ") and secrets.compare_digest(given[0], self._key)
