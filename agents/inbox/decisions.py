"""Every change of a suggestion's state, in the order in which it happened: what the thresholds are taught by.

Names no note, so that nothing has to be forgotten here when policy takes a note away.
"""

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass

from agents.inbox.suggestion import Suggestion
from agents.inbox.threshold import Decision
from vault_sync.databases.state import State

_RESET = "reset"
SILENT = 0.25
"""What a suggestion weighs that was applied by itself: nobody said yes, and nobody took it out."""


@dataclass(frozen=True, slots=True)
class Write:
    """The journaled write by which suggestions were applied: its run, and the hash of the note after it (empty where
    the note had it already). `silent` where nobody was asked."""

    run: str = ""
    digest: str = ""
    silent: bool = False


UNWRITTEN = Write()
"""Of what wrote nothing."""


class Decisions:
    """The table `decisions`."""

    def __init__(self, state: State, clock: Callable[[], float] = time.time) -> None:
        """Uses the given state."""
        self._state = state
        self._clock = clock

    def note(self, connection: sqlite3.Connection, suggestion: Suggestion, write: Write = UNWRITTEN) -> None:
        """Record, within a transaction, the state in which a suggestion is now."""
        s = suggestion
        connection.execute(
            "INSERT INTO decisions (at, suggestion, kind, score, produced_by, state, reason, run, hash, silent)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(self._clock(), s.id, s.kind, s.score, s.produced_by, s.state, s.state_reason),
                *(write.run, write.digest, write.silent),
            ),
        )

    def of(self, kind: str) -> list[Decision]:
        """What was decided on a kind since it was last reset: of each suggestion with a score the last word."""
        rows = self._state.rows(
            "SELECT score, state, at, silent FROM decisions WHERE id IN ("
            "  SELECT max(id) FROM decisions WHERE kind = ?1 AND state IN ('applied', 'rejected', 'pending')"
            "  AND id > (SELECT coalesce(max(id), 0) FROM decisions WHERE kind = ?1 AND state = ?2)"
            "  GROUP BY suggestion"
            ") AND state != 'pending' AND score IS NOT NULL",
            (kind, _RESET),
        )
        return [
            Decision(row["score"], row["state"] == "applied", row["at"], SILENT if row["silent"] else 1.0)
            for row in rows
        ]

    def newest(self, kind: str) -> int:
        """A number that grows with each decision on a kind."""
        return int(self._state.rows("SELECT coalesce(max(id), 0) FROM decisions WHERE kind = ?", (kind,))[0][0])

    def kinds(self) -> list[str]:
        """The kinds of which anything was ever decided."""
        return [row["kind"] for row in self._state.rows("SELECT DISTINCT kind FROM decisions ORDER BY kind")]

    def reset(self, kind: str) -> None:
        """From now on teach nothing by what was decided on a kind until now."""
        with self._state.transaction() as connection:
            connection.execute(
                "INSERT INTO decisions (at, suggestion, kind, produced_by, state) VALUES (?, '', ?, '', ?)",
                (self._clock(), kind, _RESET),
            )

    def applied_by(self, write: Write) -> list[str]:
        """The ids of the suggestions that a write applied."""
        rows = self._state.rows(
            "SELECT DISTINCT suggestion FROM decisions WHERE run = ? AND hash = ? AND hash != '' ORDER BY id",
            (write.run, write.digest),
        )
        return [row["suggestion"] for row in rows]

    def renamed(self, connection: sqlite3.Connection, old: str, new: str) -> None:
        """A suggestion has another id, because its note has another path."""
        connection.execute("UPDATE decisions SET suggestion = ? WHERE suggestion = ?", (new, old))
