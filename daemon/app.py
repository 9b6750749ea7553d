"""The HTTP application."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from daemon import __version__, errors, metrics, sse
from daemon.auth import Gate, GateMiddleware, allowed_names
from daemon.bounded import BoundedMiddleware
from daemon.compose import Famulus
from daemon.courtesy import Courtesy
from daemon.routes import (
    apipage,
    digests,
    evaluation,
    index,
    jobs,
    journal,
    openai,
    plugin,
    search,
    status,
    suggestions,
)

DESCRIPTION = """Search, cited answers, links and digests for one Obsidian vault, on your own machine.

Send `Authorization: Bearer <token>`; the token lies in the data folder. Every error is one envelope:
`{"error": {"message", "type", "code", "cause", "fix"}}`."""


def build_app(famulus: Famulus, *, serve: bool = True) -> FastAPI:
    """The application for one vault; with `serve` it also watches, links on save and runs digests."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if serve:
            await famulus.start()
        yield
        await famulus.close()

    app = FastAPI(
        title="Famulus", version=__version__, description=DESCRIPTION, lifespan=lifespan, docs_url=None, redoc_url=None
    )
    for routes in (openai, search, evaluation, suggestions, digests, jobs, index, journal, plugin, status):
        app.include_router(routes.router(famulus))
    app.include_router(apipage.router())
    app.add_exception_handler(sse.ClientGoneError, _nobody_there)
    errors.install(app, famulus.upkeep.suspect)
    app.add_middleware(BoundedMiddleware)
    app.add_middleware(_Measure)
    app.add_middleware(_Serve, courtesy=famulus.courtesy)
    server = famulus.settings.server
    gate = Gate(famulus.token, allowed_names(server.allowed_hosts, server.host), tuple(server.allowed_origins))
    app.add_middleware(GateMiddleware, gate=gate)
    return app


async def _nobody_there(request: object, error: Exception) -> Response:
    return Response(status_code=499)


class _Serve:
    """Bulk work gives way while a request is answered, up to the last byte of a stream."""

    def __init__(self, app: ASGIApp, courtesy: Courtesy) -> None:
        self.app = app
        self._courtesy = courtesy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        with self._courtesy.serving(scope["path"]):
            await self.app(scope, receive, send)


class _Measure:
    """Counts requests by route, not by path: paths name notes."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()

        async def measured(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "other")
                metrics.REQUESTS.labels(route, str(message["status"])).inc()
                metrics.SECONDS.labels(route).observe(time.perf_counter() - began)
            await send(message)

        await self.app(scope, receive, measured)
