"""No body of a request is read beyond a bound, so that one caller can not fill the memory.

FastAPI has a `max_body_size`, too, which answers a body whose stated length is too large in plain text whatever our
handlers say, and does not tell the bound.
"""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST = 32 * 2**20
"""Bytes: a context of a million tokens, or two thousand texts to embed, take a quarter of it."""


class BoundedMiddleware:
    """Answers 413 to a body that is larger than `most` bytes."""

    def __init__(self, app: ASGIApp, most: int = MOST) -> None:
        self.app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        stated = Headers(scope=scope).get("content-length", "")
        left = -1 if stated.isdigit() and int(stated) > self._most else self._most

        async def bounded() -> Message:
            nonlocal left
            if left < 0:
                raise self._refusal()
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise self._refusal()
            return message

        await self.app(scope, bounded, send)

    def _refusal(self) -> HTTPException:
        return HTTPException(413, f"The body has more than {self._most:,} bytes.")
