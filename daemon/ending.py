"""What a client is told whose answer is cut off because Famulus ends."""

import asyncio
import logging
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from daemon import sse
from daemon.envelope import envelope, spoken

log = logging.getLogger(__name__)


class EndingMiddleware:
    """Outermost: can cut off what is being answered, so that each client is told and none waits for nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._under_way: set[asyncio.Task[Any]] = set()
        self._cut = False

    def cut(self) -> None:
        """End all answers that are under way."""
        self._cut = True
        if self._under_way:
            log.info("%d answers are cut off, because Famulus ends.", len(self._under_way))
        for task in self._under_way:
            task.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = ""

        async def watched(message: Message) -> None:
            nonlocal state
            last = message["type"] == "http.response.body" and not message.get("more_body", False)
            state = "done" if last else "begun"
            await send(message)

        task = asyncio.ensure_future(self.app(scope, receive, watched))
        self._under_way.add(task)
        try:
            await task
        except asyncio.CancelledError:
            task.cancel()
            if not self._cut:
                raise
            body = envelope("The answer was cut off.", "ending", "Famulus ends.", "Ask again once it runs.", 503)
            body = spoken(body, scope["path"])
            if not state:
                await JSONResponse(body, 503)(scope, receive, send)
            elif state == "begun":
                await send({"type": "http.response.body", "body": sse.event(body), "more_body": False})
        finally:
            self._under_way.discard(task)
