"""The inbox: suggestions in `state.db`, decided by the user, applied through whoever may write."""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from agents.decisions import UNWRITTEN, Decisions, Write
from agents.suggestion import (
    Suggestion,
    SuggestionState,
    UnknownSuggestionError,
    check,
    edit_from_json,
    edit_to_json,
)
from vault_sync.edit import Edit
from vault_sync.errors import StaleEditError, VaultError
from vault_sync.paths import VaultPath, within
from vault_sync.state import State

Apply = Callable[[Edit], Awaitable[str]]
"""Writes an Edit and returns the note's new hash; raises StaleEditError or WriteRefusedError."""
Read = Callable[[VaultPath], bytes | None]
"""The note's bytes on the disk now, None where it is gone."""


Suggestions = list[Suggestion]


class Handler(Protocol):
    """What a kind of suggestion knows about its Edits."""

    def rebase(self, suggestion: Suggestion, data: bytes) -> Edit | None:
        """The Edit for the note as it is now, None where the note has it already.

        Raises StaleEditError where the user changed what the suggestion was made for.
        """
        ...

    def applied(self, suggestion: Suggestion) -> None:
        """The Edit was written."""
        ...


class Inbox:
    """Suggestions of one vault. One is applied at a time, so that each Edit sees the note after the one before."""

    def __init__(
        self,
        state: State,
        read: Read,
        handlers: Mapping[str, Handler],
        clock: Callable[[], float] = time.time,
        allowed: Callable[[VaultPath, str], bool] = lambda path, kind: True,
    ) -> None:
        """Suggestions that were being applied when the process died are pending again.

        A suggestion that names a note which is not `allowed` for its kind is as one that is not there.
        """
        self._state = state
        self._allowed = allowed
        self._read = read
        self._handlers = handlers
        self._clock = clock
        self._decisions = Decisions(state, clock)
        self._applying = asyncio.Lock()
        with state.transaction() as connection:
            connection.execute("UPDATE suggestions SET state = 'pending' WHERE state = 'accepted'")

    def replace(self, path: VaultPath, kind: str, suggestions: Sequence[Suggestion]) -> Suggestions:
        """Put a new pass in the place of what is pending or stale for this note; what was refused is left out."""
        kept = [s for s in suggestions if (s.target or "") not in self.refused(path, kind)]
        with self._state.transaction() as connection:
            connection.execute(
                "DELETE FROM suggestions WHERE path = ? AND kind = ? AND state IN ('pending', 'stale')",
                (path, kind),
            )
            _insert(connection, kept)
        return kept

    def add(self, suggestion: Suggestion) -> Suggestion:
        """Put one in beside what is there for its note; returns what the inbox now holds of it.

        What was refused stays refused. What was applied and is proposed again was taken out of the note by the
        user: that is a refusal too.
        """
        rows = self._state.rows("SELECT * FROM suggestions WHERE id = ?", (suggestion.id,))
        known = _suggestion(rows[0]) if rows else None
        if known is not None and known.state == "applied":
            return self._become(known, "rejected", "It was taken out of the note again.")
        if known is None or known.state in ("pending", "stale"):
            with self._state.transaction() as connection:
                _insert(connection, [suggestion])
        return self.get(suggestion.id)

    def moved(self, old: VaultPath, kind: str, renamed: Callable[[Suggestion], Suggestion]) -> None:
        """A note has another path: its suggestions of a kind, decided ones too, become what `renamed` makes of them."""
        where = "FROM suggestions WHERE path = ? AND kind = ? AND state != 'accepted'"
        with self._state.transaction() as connection:
            rows = connection.execute(f"SELECT * {where}", (old, kind)).fetchall()
            connection.execute(f"DELETE {where}", (old, kind))
            _insert(connection, [renamed(_suggestion(row)) for row in rows])

    def list(self, state: SuggestionState | None = None, folder: str = "", kind: str | None = None) -> Suggestions:
        """Suggestions by note, best first."""
        rows = self._state.rows(
            "SELECT * FROM suggestions WHERE coalesce(?1, state) = state AND coalesce(?2, kind) = kind"
            " ORDER BY path, score DESC, id",
            (state, kind),
        )
        found = (_suggestion(row) for row in rows if within(row["path"], folder))
        return [suggestion for suggestion in found if self._shown(suggestion)]

    def get(self, suggestion_id: str) -> Suggestion:
        """One suggestion. Raises UnknownSuggestionError."""
        rows = self._state.rows("SELECT * FROM suggestions WHERE id = ?", (suggestion_id,))
        if not rows or not self._shown(_suggestion(rows[0])):
            raise UnknownSuggestionError(
                f"There is no suggestion {suggestion_id!r}.",
                "It may have been replaced when its note was read again.",
                "List the suggestions again.",
            )
        return _suggestion(rows[0])

    def _shown(self, suggestion: Suggestion) -> bool:
        named = (path for path in (suggestion.path, suggestion.target) if path is not None)
        return all(self._allowed(path, suggestion.kind) for path in named)

    def forget(self, gone: Callable[[VaultPath], bool], kind: str | None = None) -> None:
        """Forget all suggestions (of a kind), also decided ones, for these notes or of them: they quote them."""
        rows = self._state.rows("SELECT id, path, target FROM suggestions WHERE coalesce(?, kind) = kind", (kind,))
        ids = [(row["id"],) for row in rows if gone(row["path"]) or (row["target"] and gone(row["target"]))]
        with self._state.transaction() as connection:
            connection.executemany("DELETE FROM suggestions WHERE id = ?", ids)

    async def accept(self, suggestion_id: str, apply: Apply) -> Suggestion:
        """Apply a pending suggestion to the note as it is now.

        Raises StaleEditError where the note was changed (the suggestion becomes stale), SuggestionError where it
        is not pending, and what `apply` raises (then it is pending again).
        """
        async with self._applying:
            suggestion = self._become(self.get(suggestion_id), "accepted")
            try:
                await self._write(suggestion, apply)
            except StaleEditError as error:
                self._become(suggestion, "stale", error.cause or error.effect)
                raise
            except BaseException:
                self._become(suggestion, "pending")
                raise
            self._handlers[suggestion.kind].applied(suggestion)
            return self._become(suggestion, "applied")

    async def _write(self, suggestion: Suggestion, apply: Apply) -> None:
        data = await asyncio.to_thread(self._read, suggestion.path)
        if data is None:
            raise StaleEditError(f"Nothing was written to {suggestion.path!r}.", "The note is gone.", "")
        edit = self._handlers[suggestion.kind].rebase(suggestion, data)
        if edit is not None:
            await apply(edit)

    def reject(self, suggestion_id: str) -> Suggestion:
        """Reject a suggestion and remember it, so that it is not made again. Raises SuggestionError."""
        suggestion = self._become(self.get(suggestion_id), "rejected")
        if suggestion.target is not None:
            self.refuse(suggestion.path, suggestion.target, suggestion.kind)
        return suggestion

    async def accept_many(self, ids: Iterable[str], apply: Apply) -> Suggestions:
        """Accept each that can be; what became stale or is refused comes back in its state, with the reason."""
        return [await self._accepted_or_not(suggestion_id, apply) for suggestion_id in ids]

    async def _accepted_or_not(self, suggestion_id: str, apply: Apply) -> Suggestion:
        try:
            return await self.accept(suggestion_id, apply)
        except VaultError as error:
            return self._noted(self.get(suggestion_id), error.cause or error.effect)

    def reject_many(self, ids: Iterable[str]) -> Suggestions:
        """Reject each. Raises SuggestionError at the first that can not be."""
        return [self.reject(suggestion_id) for suggestion_id in ids]

    def take_back(self, suggestion_id: str) -> Suggestion:
        """What was applied was undone: it is not wanted."""
        return self._become(self.get(suggestion_id), "rejected", "It was undone.")

    def refuse(self, path: VaultPath, target: VaultPath, kind: str) -> None:
        """Remember that the user does not want this."""
        with self._state.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO refusals VALUES (?, ?, ?, ?)", (path, target, kind, self._clock())
            )

    def refused(self, path: VaultPath, kind: str) -> set[str]:
        """The targets that the user refused for this note."""
        rows = self._state.rows("SELECT target FROM refusals WHERE path = ? AND kind = ?", (path, kind))
        return {row["target"] for row in rows}

    def _become(
        self, suggestion: Suggestion, state: SuggestionState, reason: str = "", write: Write = UNWRITTEN
    ) -> Suggestion:
        current = self.get(suggestion.id)
        check(current, state)
        decided_at = None if state == "pending" else self._clock()
        now = replace(current, state=state, state_reason=reason, decided_at=decided_at)
        with self._state.transaction() as connection:
            connection.execute(
                "UPDATE suggestions SET state = ?, state_reason = ?, decided_at = ? WHERE id = ?",
                (state, reason, decided_at, now.id),
            )
            self._decisions.note(connection, now, write)
        return now

    def _noted(self, suggestion: Suggestion, reason: str) -> Suggestion:
        with self._state.transaction() as connection:
            connection.execute("UPDATE suggestions SET state_reason = ? WHERE id = ?", (reason, suggestion.id))
        return self.get(suggestion.id)


def _insert(connection: sqlite3.Connection, suggestions: Iterable[Suggestion]) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO suggestions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [_row(suggestion) for suggestion in suggestions],
    )


def _row(suggestion: Suggestion) -> tuple[object, ...]:
    s = suggestion
    edit = edit_to_json(s.edit, s.detail)
    return (
        *(s.id, s.kind, s.path, s.target, s.relation, s.score, s.reason, s.evidence),
        *(s.state, s.state_reason, edit, s.produced_by, s.created_at, s.decided_at),
    )


def _suggestion(row: sqlite3.Row) -> Suggestion:
    values = dict(row)
    edit, detail = edit_from_json(values.pop("edit"))
    return Suggestion(**values, edit=edit, detail=detail)
