"""Proposed tags and descriptions: suggestions that any tool makes, and that the user accepts or rejects."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from agents.inbox.suggestion import Suggestion, suggestion_id
from vault_sync.errors import PropertiesError, StaleEditError, UnreadableNoteError
from vault_sync.notes.frontmatter import description_of
from vault_sync.notes.note import Note
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath
from vault_sync.writing.edit import Edit
from vault_sync.writing.properties import Wanted, edit_for

KIND = "properties"
"""The kind of these suggestions, and the feature under which the journal keeps what they wrote."""


class Properties:
    """Makes suggestions of properties and makes their Edits anew. Keeps nothing in mind."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock

    def suggest(
        self,
        path: VaultPath,
        data: bytes,
        goal: Wanted,
        reason: str,
        *,
        score: float | None = None,
        evidence: str = "",
        produced_by: str = "client",
    ) -> Suggestion | None:
        """The suggestion that gives the note with these bytes what is wanted; None where it has it all.

        Raises PropertiesError where its frontmatter can not be changed, UnreadableNoteError for what is not UTF-8.
        """
        note = parse_note(path, data)
        edit = edit_for(note, data, goal)
        if edit is None:
            return None
        detail = _detail(note, goal)
        return Suggestion(
            id=_id(path, detail),
            kind=KIND,
            path=path,
            target=None,
            relation=None,
            score=score,
            reason=reason,
            evidence=evidence,
            edit=edit,
            produced_by=produced_by,
            created_at=self._clock(),
            detail=detail,
        )

    def rebase(self, suggestion: Suggestion, data: bytes) -> Edit | None:
        """The Edit for the note as it is now, None where the note has it all.

        Raises StaleEditError where the user wrote another description meanwhile, or where the frontmatter can not be
        changed any more.
        """
        goal = goal_of(suggestion.detail)
        try:
            note = parse_note(suggestion.path, data)
            edit = edit_for(note, data, goal)
        except (PropertiesError, UnreadableNoteError) as error:
            raise _stale(suggestion, error.cause) from error
        now = description_of(note.frontmatter)
        if goal.description not in (None, now) and now != suggestion.detail["described"]:
            raise _stale(suggestion, "The description was changed after the suggestion was made.")
        return edit

    def applied(self, suggestion: Suggestion) -> None:
        """Nothing to remember: what was written is the user's."""


def moved(suggestion: Suggestion, path: VaultPath) -> Suggestion:
    """The same suggestion for the note under its new path."""
    edit = replace(suggestion.edit, path=path)
    return replace(suggestion, id=_id(path, suggestion.detail), path=path, edit=edit)


def _id(path: VaultPath, detail: Mapping[str, str]) -> str:
    """The same for the same tags and description, in whatever order and case the tags come."""
    tags = " ".join(sorted(detail["tags"].casefold().split()))
    return suggestion_id(KIND, path, f"{tags}\0{detail.get('description', '')}")


def _detail(note: Note, goal: Wanted) -> dict[str, str]:
    """What is wanted as text, and the description that it would take the place of. A tag has no blanks."""
    detail = {"tags": " ".join(goal.tags)}
    if goal.description is not None:
        detail |= {"description": goal.description, "described": description_of(note.frontmatter)}
    return detail


def goal_of(detail: Mapping[str, str]) -> Wanted:
    """What a suggestion wants, from its detail."""
    return Wanted(tuple(detail["tags"].split()), detail.get("description"))


def _stale(suggestion: Suggestion, cause: str) -> StaleEditError:
    return StaleEditError(f"The properties of {suggestion.path!r} were not changed.", cause, "Propose them again.")
