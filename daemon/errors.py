"""The one place that turns any error into a response. One envelope everywhere, which OpenAI clients can read."""

import logging
import sqlite3
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from agents.errors import AgentError
from vault_sync.errors import VaultError
from vault_sync.soundness import is_damage

log = logging.getLogger(__name__)

STATUS = {
    "bad_path": 400,
    "bad_request": 400,
    "context_length_exceeded": 400,
    "digest": 400,
    "bad_property": 400,
    "config": 400,
    "note_not_found": 404,
    "model_not_found": 404,
    "not_found": 404,
    "suggestion": 409,
    "job": 409,
    "job_not_found": 404,
    "suggestion_not_found": 404,
    "suggestion_ambiguous": 400,
    "managed_section": 409,
    "properties": 409,
    "prompt": 409,
    "section_prompt": 400,
    "engine_spec": 503,
    "stale": 409,
    "note_busy": 409,
    "undo_refused": 409,
    "conflict": 409,
    "write_refused": 409,
    "note_unreadable": 422,
    "engine_loading": 503,
    "engine_failed": 503,
    "vault_unavailable": 503,
    "store_broken": 503,
    "store_away": 503,
    "index_busy": 503,
    "embedder_failed": 503,
    "reranker_failed": 503,
}


class NotFoundError(AgentError):
    """A thing that is not there, such as a model of that name."""

    def __init__(self, effect: str, code: str, fix: str = "") -> None:
        super().__init__(effect, "", fix)
        self.code = code


def envelope(message: str, code: str, cause: str = "", fix: str = "") -> dict[str, Any]:
    """The body of every error."""
    kind = "invalid_request_error" if STATUS.get(code, 500) < 500 else "server_error"
    return {"error": {"message": message, "type": kind, "code": code, "cause": cause, "fix": fix}}


def describe(error: Exception) -> dict[str, Any]:
    """The envelope for any error; an unexpected one says so without its insides."""
    if isinstance(error, VaultError | AgentError):
        return envelope(error.effect, error.code, error.cause, error.fix)
    if is_damage(error):
        return envelope(
            "The index is damaged.", "index_busy", f"SQLite says: {error}.", "It is being looked at; try again soon."
        )
    return envelope("Famulus failed.", "internal_error", f"{type(error).__name__}.", "Look into the daemon's log.")


def status_of(error: Exception) -> int:
    """The HTTP status for any error."""
    if is_damage(error):
        return STATUS["index_busy"]
    return STATUS.get(error.code, 500) if isinstance(error, VaultError | AgentError) else 500


def install(app: FastAPI, on_damage: Callable[[], None] = lambda: None) -> None:
    """Make `app` answer every error in the envelope; `on_damage` is told where a request found the index damaged."""

    async def damaged(request: Request, error: Exception) -> JSONResponse:
        if not is_damage(error):
            return await _unexpected(request, error)
        log.error("The index is damaged: %s", error)
        on_damage()
        return await _expected(request, error)

    app.add_exception_handler(sqlite3.DatabaseError, damaged)
    app.add_exception_handler(VaultError, _expected)
    app.add_exception_handler(AgentError, _expected)
    app.add_exception_handler(RequestValidationError, _shape)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


async def _expected(request: Request, error: Exception) -> JSONResponse:
    status = status_of(error)
    headers = {"Retry-After": "2"} if status == 503 else None
    return JSONResponse(describe(error), status, headers)


async def _shape(request: Request, error: Exception) -> JSONResponse:
    problems = error.errors() if isinstance(error, RequestValidationError) else []
    cause = "; ".join(f"{'.'.join(str(part) for part in p['loc'][1:])}: {p['msg']}" for p in problems[:3])
    return JSONResponse(envelope("The request has the wrong shape.", "invalid_shape", cause, "See /docs."), 422)


async def _http(request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    code = {404: "not_found", 405: "method_not_allowed"}.get(status, "http_error")
    detail = str(getattr(error, "detail", ""))
    return JSONResponse(envelope(detail or "The request failed.", code, "", "See /docs for the routes."), status)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    log.exception("Unexpected error in %s %s", request.method, request.url.path, exc_info=error)
    return JSONResponse(describe(error), 500)
