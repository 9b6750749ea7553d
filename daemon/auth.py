"""Who may call: Host and Origin are checked on every request, the token on all but a few. Pure ASGI, so streams stay streams."""

import ipaddress
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi.responses import JSONResponse, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from daemon.envelope import envelope, spoken

OBSIDIAN_ORIGINS = ("app://obsidian.md", "capacitor://localhost", "http://localhost")
"""Where the plugin calls from: the desktop app, iOS and Android."""
OPEN_PATHS = frozenset({"/api/health", "/docs", "/openapi.json", "/"})


@dataclass(frozen=True, slots=True)
class Gate:
    """What is let through. A Host that is a number is safe: rebinding attacks need a name."""

    token: str
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()

    def host_allowed(self, host: str) -> bool:
        """Whether the Host header names this machine."""
        name = _host_name(host)
        if name == "localhost" or name in self.hosts:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def origin_allowed(self, origin: str, host: str) -> bool:
        """Whether a page of this origin may call: Obsidian, the owner's list, or a page that we served."""
        return origin in OBSIDIAN_ORIGINS or origin in self.origins or origin in (f"http://{host}", f"https://{host}")

    def token_matches(self, authorization: str) -> bool:
        """Whether the Authorization header carries the token."""
        scheme, _, given = authorization.partition(" ")
        return scheme.lower() == "bearer" and secrets.compare_digest(given.strip().encode(), self.token.encode())


def _host_name(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower() if host.count(":") <= 1 else host


class GateMiddleware:
    """Applies a Gate and answers preflight requests."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self.app = app
        self.gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        scope["famulus_authorized"] = self.gate.token_matches(headers.get("authorization", ""))
        answer = self._answer(scope, headers)
        origin = headers.get("origin")
        if answer is not None:
            await answer(scope, receive, _with_cors(send, None if answer.status_code == 403 else origin))
        else:
            await self.app(scope, receive, _with_cors(send, origin))

    def _answer(self, scope: Scope, headers: Headers) -> Response | None:
        host = headers.get("host", "")
        origin = headers.get("origin")
        if not self.gate.host_allowed(host):
            cause = f"The Host header {host!r} is not one of this machine's."
            return _refuse(
                scope, 403, "host_forbidden", cause, "Call by address, or add the name to `server.allowed_hosts`."
            )
        if origin and not self.gate.origin_allowed(origin, host):
            cause = f"Pages of {origin!r} may not call Famulus."
            return _refuse(scope, 403, "origin_forbidden", cause, "Add the origin to `server.allowed_origins`.")
        if scope["method"] == "OPTIONS":
            return _preflight(headers)
        if scope["path"] in OPEN_PATHS or scope["famulus_authorized"]:
            return None
        given = "authorization" in headers
        cause = "The token is wrong." if given else "There is no token in the Authorization header."
        refusal = _refuse(
            scope, 401, "unauthorized", cause, "Send `Authorization: Bearer` with the token from the data folder."
        )
        refusal.headers["WWW-Authenticate"] = "Bearer"
        return refusal


def _refuse(scope: Scope, status: int, code: str, cause: str, fix: str) -> Response:
    body = envelope("The request was refused.", code, cause, fix, status)
    return JSONResponse(spoken(body, scope["path"]), status)


def _preflight(headers: Headers) -> Response:
    return Response(
        status_code=204,
        headers={
            "Access-Control-Allow-Methods": "GET, POST, DELETE, OPTIONS",
            "Access-Control-Allow-Headers": headers.get(
                "access-control-request-headers", "authorization, content-type"
            ),
            "Access-Control-Allow-Private-Network": "true",
            "Access-Control-Max-Age": "600",
        },
    )


def _with_cors(send: Send, origin: str | None) -> Send:
    if origin is None:
        return send

    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["Access-Control-Allow-Origin"] = origin
            headers.append("Vary", "Origin")
        await send(message)

    return sender


def allowed_names(hosts: Sequence[str], bound: str) -> tuple[str, ...]:
    """Host names that are this machine's: the configured ones and the one that is listened on."""
    return tuple({*(host.lower() for host in hosts), bound.lower()})
