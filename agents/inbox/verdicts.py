"""What became of suggestions: their states by the table of transitions, and the pairs of notes that the user refused."""

import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from agents.inbox.choice import Choice
from agents.inbox.decisions import UNWRITTEN, Decisions, Write
from agents.inbox.shelf import Shelf
from agents.inbox.suggestion import BY_USER, Suggestion, SuggestionState, check, unknown
from vault_sync.databases.state import State
from vault_sync.paths import VaultPath

TAKEN_OUT = "It was taken out of the note again."
UNDONE = "It was undone."


class Verdicts:
    """Changes states and records each change; whether a suggestion may be seen is not asked here."""

    def __init__(self, state: State, clock: Callable[[], float] = time.time) -> None:
        """Suggestions that were being applied when the process died are pending again."""
        self._state = state
        self._shelf = Shelf(state)
        self._clock = clock
        self._decisions = Decisions(state, clock)
        with state.transaction() as connection:
            connection.execute("UPDATE suggestions SET state = 'pending' WHERE state = 'accepted'")

    def become(self, known: str, state: SuggestionState, reason: str = "", write: Write = UNWRITTEN) -> Suggestion:
        """The suggestion of this id in its new state; rejected ones are refused, and others are not.

        Raises SuggestionError where it can not become that, UnknownSuggestionError.
        """
        current = self._current(known)
        check(current, state)
        with self._state.transaction() as connection:
            return self._turn(connection, current, state, reason, write)

    def decide(self, known: str, state: SuggestionState) -> Suggestion:
        """The same, as far as the user can ask for it."""
        check(self._current(known), state, BY_USER)
        return self.become(known, state)

    def decide_all(self, ids: Sequence[str], state: SuggestionState) -> list[Suggestion]:
        """Those of these suggestions that can become this, in their new state: all, or after a crash none of them."""
        with self._state.transaction() as connection:
            able = [each for each in self._shelf.load(ids) if state in BY_USER[each.state]]
            return [self._turn(connection, each, state, "", UNWRITTEN) for each in able]

    def _current(self, known: str) -> Suggestion:
        current = next(iter(self._shelf.load([known])), None)
        if current is None:
            raise unknown(known)
        return current

    def _turn(
        self, connection: sqlite3.Connection, current: Suggestion, state: SuggestionState, reason: str, write: Write
    ) -> Suggestion:
        decided_at = None if state == "pending" else self._clock()
        now = replace(current, state=state, state_reason=reason, decided_at=decided_at)
        connection.execute(
            "UPDATE suggestions SET state = ?, state_reason = ?, decided_at = ? WHERE id = ?",
            (state, reason, decided_at, now.id),
        )
        self._decisions.note(connection, now, write)
        if state == "rejected":
            self._refuse(connection, now)
        elif current.state == "rejected":
            _forgive(connection, now)
        return now

    def taken_out(self, path: VaultPath, kind: str, targets: Iterable[VaultPath]) -> None:
        """The user took out of a note what was written into it: it is not wanted."""
        gone = set(targets)
        for head in self._shelf.heads(Choice(state="applied", folder=path, kind=kind)):
            if head.path == path and head.target in gone:
                self.become(head.id, "rejected", TAKEN_OUT)

    def undone(self, write: Write) -> None:
        """A write was undone: what it applied is not wanted."""
        for each in self._shelf.load(self._decisions.applied_by(write)):
            if each.state == "applied":
                self.become(each.id, "rejected", UNDONE)

    def redone(self, write: Write) -> None:
        """The undo of a write was undone: what it had applied is wanted after all."""
        for each in self._shelf.load(self._decisions.applied_by(write)):
            if (each.state, each.state_reason) == ("rejected", UNDONE):
                self.become(each.id, "applied", "", write)

    def refused(self, path: VaultPath, kind: str) -> set[str]:
        """The targets that the user refused for this note."""
        rows = self._state.rows("SELECT target FROM refusals WHERE path = ? AND kind = ?", (path, kind))
        return {row["target"] for row in rows}

    def refuse(self, path: VaultPath, target: VaultPath, kind: str) -> None:
        """The user does not want this, whether or not it was ever a suggestion."""
        with self._state.transaction() as connection:
            pair = (path, target, kind)
            connection.execute("INSERT OR REPLACE INTO refusals VALUES (?, ?, ?, ?)", (*pair, self._clock()))

    def forgive(self, path: VaultPath, target: VaultPath, kind: str) -> None:
        """The user asks for this: what was rejected may be proposed again."""
        with self._state.transaction() as connection:
            connection.execute("DELETE FROM refusals WHERE path = ? AND target = ? AND kind = ?", (path, target, kind))
            rejected = "DELETE FROM suggestions WHERE path = ? AND target = ? AND kind = ? AND state = 'rejected'"
            connection.execute(rejected, (path, target, kind))

    def _refuse(self, connection: sqlite3.Connection, suggestion: Suggestion) -> None:
        if suggestion.target is not None:
            pair = (suggestion.path, suggestion.target, suggestion.kind)
            connection.execute("INSERT OR REPLACE INTO refusals VALUES (?, ?, ?, ?)", (*pair, self._clock()))


def _forgive(connection: sqlite3.Connection, suggestion: Suggestion) -> None:
    pair = (suggestion.path, suggestion.target, suggestion.kind)
    connection.execute("DELETE FROM refusals WHERE path = ? AND target = ? AND kind = ?", pair)
