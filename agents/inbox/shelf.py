"""The table `suggestions`: rows in and out."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agents.inbox import quotes
from agents.inbox.choice import Choice, conditions
from agents.inbox.suggestion import Suggestion, SuggestionState, edit_from_json, edit_to_json
from vault_sync.databases.state import State
from vault_sync.paths import VaultPath

_AT_ONCE = 500
_QUOTES = f"""iif(instr(edit, '"{quotes.KEY}": '), json_extract(edit, '$.detail.{quotes.KEY}'), NULL)"""
_HEAD = f"id, kind, path, target, score, state, {_QUOTES}"
_ORDER = "ORDER BY path, score DESC, id"


@dataclass(frozen=True, slots=True)
class Head:
    """What is needed of a suggestion to choose and count it."""

    id: str
    kind: str
    path: VaultPath
    target: VaultPath | None
    score: float | None
    state: SuggestionState
    quotes: str | None = None

    @property
    def quoted(self) -> tuple[VaultPath, ...]:
        """The notes that it quotes, beside the one that it is about."""
        return quotes.quoted({quotes.KEY: self.quotes}) if self.quotes else ()


class Shelf:
    """Reads and stores suggestions; knows nothing of what may become of them."""

    def __init__(self, state: State) -> None:
        """Uses the given state."""
        self._state = state

    def heads(self, choice: Choice) -> list[Head]:
        """What fits, by note, best first. Of `ids` only whole ones count."""
        where, values = conditions(choice)
        sql = f"SELECT {_HEAD} FROM suggestions WHERE {where} {_ORDER}"
        heads = [Head(*row) for row in self._state.rows(sql, values)]
        named = set(choice.ids)
        return [head for head in heads if head.id in named] if named else heads

    def beginning(self, start: str) -> list[Head]:
        """The suggestions whose id begins so."""
        sql = f"SELECT {_HEAD} FROM suggestions WHERE id >= ?1 AND id < ?1 || char(1114111) ORDER BY id"
        return [Head(*row) for row in self._state.rows(sql, (start,))]

    def load(self, ids: Sequence[str]) -> list[Suggestion]:
        """The suggestions of these ids that are there, in the order of the ids."""
        found: dict[str, Suggestion] = {}
        for begin in range(0, len(ids), _AT_ONCE):
            some = tuple(ids[begin : begin + _AT_ONCE])
            rows = self._state.rows(f"SELECT * FROM suggestions WHERE id IN ({','.join('?' * len(some))})", some)
            found |= {row["id"]: from_row(row) for row in rows}
        return [found[each] for each in ids if each in found]


def put(connection: sqlite3.Connection, suggestions: Iterable[Suggestion]) -> None:
    """Store within a transaction, in the place of those with the same ids."""
    connection.executemany(
        "INSERT OR REPLACE INTO suggestions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [_row(suggestion) for suggestion in suggestions],
    )


def with_quotes(connection: sqlite3.Connection) -> list[Suggestion]:
    """The suggestions that quote other notes than the one they are about."""
    rows = connection.execute("SELECT * FROM suggestions WHERE edit LIKE ?", (f'%"{quotes.KEY}": %',)).fetchall()
    return [from_row(row) for row in rows]


def from_row(row: sqlite3.Row) -> Suggestion:
    """A whole row as a suggestion."""
    values = dict(row)
    edit, detail = edit_from_json(values.pop("edit"))
    return Suggestion(**values, edit=edit, detail=detail)


def _row(suggestion: Suggestion) -> tuple[object, ...]:
    s = suggestion
    edit = edit_to_json(s.edit, s.detail)
    return (
        *(s.id, s.kind, s.path, s.target, s.relation, s.score, s.reason, s.evidence),
        *(s.state, s.state_reason, edit, s.produced_by, s.created_at, s.decided_at),
    )
