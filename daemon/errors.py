"""The one place that turns any error into a response. One envelope everywhere, which OpenAI clients can read."""

import logging
import sqlite3
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from agents.errors import AgentError, EngineBusyError
from daemon.envelope import IN_VAIN, describe, envelope, spoken, status_of
from vault_sync.databases.soundness import is_damage
from vault_sync.errors import VaultError

log = logging.getLogger(__name__)

_NOT_PARSED = "There was an error parsing the body"
"""What FastAPI says of a body that it can not take apart."""


def install(app: FastAPI, on_damage: Callable[[], None] = lambda: None) -> None:
    """Make `app` answer every error in the envelope; `on_damage` is told where a request found the index damaged."""

    async def damaged(request: Request, error: Exception) -> JSONResponse:
        if not is_damage(error):
            return await _unexpected(request, error)
        log.error("The index is damaged: %s", error)
        on_damage()
        return await _expected(request, error)

    app.add_exception_handler(sqlite3.DatabaseError, damaged)
    app.add_exception_handler(UnicodeEncodeError, _half)
    app.add_exception_handler(VaultError, _expected)
    app.add_exception_handler(AgentError, _expected)
    app.add_exception_handler(RequestValidationError, _shape)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


async def _expected(request: Request, error: Exception) -> JSONResponse:
    later = error.retry_after if isinstance(error, EngineBusyError) else 2
    status = status_of(error)
    headers = {"Retry-After": str(later)} if status in (429, 503) else {}
    if isinstance(error, AgentError) and error.code in IN_VAIN:
        headers = {"x-should-retry": "false"}  # OpenAI's clients would ask again otherwise, as with any 5xx
    return _answer(request, describe(error), status, headers)


async def _shape(request: Request, error: Exception) -> JSONResponse:
    problems = error.errors() if isinstance(error, RequestValidationError) else []
    cause = " ".join(_problem(request, problem) for problem in problems[:3])
    return _answer(
        request, envelope("The request has the wrong shape.", "invalid_shape", cause, "See /docs.", 422), 422
    )


def _problem(request: Request, problem: dict[str, Any]) -> str:
    """One thing that is wrong with a request, where it is and what."""
    kind = request.headers.get("content-type", "")
    if problem["type"] == "json_invalid":
        return f"The body is no JSON: {problem.get('ctx', {}).get('error', '')}, at character {problem['loc'][-1]}."
    if problem["loc"] == ("body",) and "json" not in kind:
        return f"The Content-Type is {kind!r}; a body has to be application/json."
    place = ".".join(str(part) for part in problem["loc"][1:]) or "the body"
    return f"{place}: {str(problem['msg']).removeprefix('Value error, ')}."


async def _http(request: Request, error: Exception) -> JSONResponse:
    """What the framework refuses, such as a route that is not there."""
    status, detail = (error.status_code, str(error.detail)) if isinstance(error, HTTPException) else (500, "")
    asked = f"{request.method} {request.url.path}"
    code, cause = {
        400: ("bad_request", "The body is no JSON in UTF-8." if detail == _NOT_PARSED else detail),
        404: ("not_found", f"There is no {asked}."),
        405: ("method_not_allowed", f"There is no {asked}, but the route takes other methods."),
        413: ("too_large", detail),
    }.get(status, ("http_error", detail))
    return _answer(request, envelope("Nothing was done.", code, cause, "See /docs for the routes.", status), status)


async def _half(request: Request, error: Exception) -> JSONResponse:
    """Half a pair of surrogates comes from nowhere but a request: notes and their names are UTF-8."""
    if not isinstance(error, UnicodeEncodeError) or error.reason != "surrogates not allowed":
        return await _unexpected(request, error)
    cause = "It holds half a character (a surrogate without the other one)."
    return _answer(request, envelope("Nothing was done.", "bad_request", cause, "Send whole characters."), 400)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    log.exception("Unexpected error in %s %s", request.method, request.url.path, exc_info=error)
    return _answer(request, describe(error), 500)


def _answer(request: Request, body: dict[str, Any], status: int, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse(spoken(body, request.url.path), status, headers)
