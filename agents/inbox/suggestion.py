"""A Suggestion: an Edit with a reason and evidence, and the states that it can be in."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

from agents.errors import SuggestionError
from vault_sync.notes.note import Span
from vault_sync.paths import VaultPath
from vault_sync.writing.edit import Edit

SuggestionState = Literal["pending", "accepted", "rejected", "stale", "applied"]

TRANSITIONS: Mapping[SuggestionState, frozenset[SuggestionState]] = {
    "pending": frozenset({"accepted", "rejected", "stale"}),
    "accepted": frozenset({"applied", "stale", "pending"}),
    "stale": frozenset({"rejected"}),
    "rejected": frozenset({"pending", "applied"}),
    "applied": frozenset({"rejected"}),
}
"""From each state to the states that may follow. `accepted` goes back to `pending` when the write failed, `rejected`
when the user takes it back. `applied` becomes `rejected` when it was undone or taken out of the note, and `applied`
again when the undo is undone. A new pass takes the place of what is pending or stale."""

BY_USER: Mapping[SuggestionState, frozenset[SuggestionState]] = {
    "pending": frozenset({"accepted", "rejected"}),
    "accepted": frozenset(),
    "stale": frozenset({"rejected"}),
    "rejected": frozenset({"pending"}),
    "applied": frozenset(),
}
"""What of that the user can ask for. What was applied is taken back by undoing the write, not by saying no."""


class UnknownSuggestionError(SuggestionError):
    """There is no suggestion of this id."""

    code = "suggestion_not_found"


class AmbiguousSuggestionError(SuggestionError):
    """Several suggestions have ids that begin so."""

    code = "suggestion_ambiguous"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A proposed Edit. `detail` is what its kind needs to make the Edit anew; times in seconds since the epoch."""

    id: str
    kind: str
    path: VaultPath
    target: VaultPath | None
    relation: str | None
    score: float | None
    reason: str
    evidence: str
    edit: Edit
    produced_by: str
    created_at: float
    state: SuggestionState = "pending"
    state_reason: str = ""
    decided_at: float | None = None
    detail: Mapping[str, str] = field(default_factory=dict)


def suggestion_id(kind: str, path: str, about: str) -> str:
    """The same for the same proposal, so that one made again takes the place of the old one."""
    return hashlib.sha256("\0".join((kind, path, about)).encode()).hexdigest()[:24]


def unknown(suggestion: str) -> UnknownSuggestionError:
    """The error for an id that there is not, or not for whoever asks."""
    return UnknownSuggestionError(
        f"There is no suggestion {suggestion!r}.",
        "It may have been replaced when its note was read again.",
        "List the suggestions again.",
    )


def check(
    suggestion: Suggestion,
    wanted: SuggestionState,
    table: Mapping[SuggestionState, frozenset[SuggestionState]] = TRANSITIONS,
) -> None:
    """Raise SuggestionError where the suggestion can not become what is wanted."""
    if wanted not in table[suggestion.state]:
        applied = suggestion.state == "applied"
        raise SuggestionError(
            f"The suggestion {suggestion.id} can not become {wanted}.",
            f"It is {suggestion.state} already." + (f" {suggestion.state_reason}" if suggestion.state_reason else ""),
            "Undo the write to take it back." if applied else "List the suggestions again.",
        )


def edit_to_json(edit: Edit, detail: Mapping[str, str]) -> str:
    """What the column `edit` holds."""
    return json.dumps({**asdict(edit), "detail": dict(detail)}, ensure_ascii=False)


def edit_from_json(text: str) -> tuple[Edit, dict[str, str]]:
    """The Edit and the detail that `edit_to_json` wrote."""
    raw = json.loads(text)
    span = Span(raw["span"]["start"], raw["span"]["end"])
    return Edit(VaultPath(raw["path"]), raw["base_hash"], span, raw["before"], raw["after"]), raw["detail"]
