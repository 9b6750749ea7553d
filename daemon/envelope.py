"""The body of every error: one envelope for the API and for `--json`, which OpenAI clients can read too."""

from typing import Any

from agents.errors import AgentError
from vault_sync.databases.soundness import is_damage
from vault_sync.errors import VaultError

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
    "engine_busy": 429,
    "engine_loading": 503,
    "engine_failed": 503,
    "engine_refused": 502,
    "vault_unavailable": 503,
    "store_broken": 503,
    "store_away": 503,
    "index_busy": 503,
    "embedder_failed": 503,
    "reranker_failed": 503,
}


IN_VAIN = frozenset({"engine_refused", "engine_spec"})
"""Codes of what stays as it is until somebody changes a setting."""


class NotFoundError(AgentError):
    """A thing that is not there, such as a model of that name."""

    def __init__(self, effect: str, code: str, fix: str = "") -> None:
        super().__init__(effect, "", fix)
        self.code = code


def envelope(message: str, code: str, cause: str = "", fix: str = "", status: int = 0) -> dict[str, Any]:
    """The body of every error; `status` is for codes that have no status of their own."""
    status = status or STATUS.get(code, 500)
    kind = "rate_limit_error" if status == 429 else "invalid_request_error" if status < 500 else "server_error"
    return {"error": {"message": message, "type": kind, "code": code, "cause": cause, "fix": fix}}


def spoken(body: dict[str, Any], path: str) -> dict[str, Any]:
    """The envelope as it leaves by this route: programs that speak OpenAI's protocol show their users the message alone,
    so below /v1 it says cause and fix, too; the first sentence is then also in `effect`.
    """
    error = body["error"]
    if not path.startswith("/v1/"):
        return body
    whole = " ".join(part for part in (error["message"], error["cause"], error["fix"]) if part)
    return {"error": {**error, "message": whole, "effect": error["message"]}}


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
