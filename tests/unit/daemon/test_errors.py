import pytest

import daemon.client  # noqa: F401 — it brings every error with it
from agents.errors import AgentError, BadRequestError, ContextLengthError, EngineError
from daemon.errors import STATUS, describe, status_of
from vault_sync.errors import NoteNotFoundError, StaleEditError, VaultError


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BadRequestError("x"), 400),
        (ContextLengthError("x"), 400),
        (NoteNotFoundError("x"), 404),
        (StaleEditError("x"), 409),
        (EngineError("x"), 503),
        (ValueError("secret detail"), 500),
    ],
)
def test_status(error: Exception, status: int) -> None:
    assert status_of(error) == status


def test_an_expected_error_says_effect_cause_and_fix() -> None:
    body = describe(ContextLengthError("Too long.", "It has 9 tokens.", "Shorten it."))
    assert body == {
        "error": {
            "message": "Too long.",
            "type": "invalid_request_error",
            "code": "context_length_exceeded",
            "cause": "It has 9 tokens.",
            "fix": "Shorten it.",
        }
    }


def test_an_unexpected_error_keeps_its_insides() -> None:
    assert "secret" not in str(describe(ValueError("secret detail")))


def codes(kind: type[Exception]) -> set[str]:
    return {str(getattr(kind, "code", ""))}.union(*(codes(below) for below in kind.__subclasses__()))


def test_every_error_has_a_status() -> None:
    inner = {"vault_error", "agent_error", "vault_locked", "ledger", "fence", "port_taken", "failed", "watch_limit"}
    without = (codes(VaultError) | codes(AgentError)) - STATUS.keys() - inner
    assert not without, "a new error: decide its status in daemon/errors.py"
