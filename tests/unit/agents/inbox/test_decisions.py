import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from agents.inbox.decisions import SILENT, UNWRITTEN, Decisions, Write
from agents.inbox.suggestion import Suggestion, SuggestionState
from agents.inbox.threshold import Decision
from vault_sync.databases.state import MIGRATIONS, State
from vault_sync.notes.note import Span
from vault_sync.paths import VaultPath
from vault_sync.writing.edit import Edit

PATH = VaultPath("Личное/Note.md")


def suggestion(name: str, state: SuggestionState, score: float | None = 0.5, kind: str = "link") -> Suggestion:
    edit = Edit(PATH, "00", Span(0, 0), "", "x")
    made = Suggestion(name, kind, PATH, VaultPath("Secret.md"), None, score, "why", "proof", edit, "quotation", 1.0)
    return replace(made, state=state)


def note(state: State, decisions: Decisions, *made: Suggestion, write: Write = UNWRITTEN) -> None:
    with state.transaction() as connection:
        for each in made:
            decisions.note(connection, each, write)


def test_only_what_ended_in_a_yes_or_a_no_teaches() -> None:
    state = State(":memory:")
    decisions = Decisions(state, lambda: 7.0)
    ended: list[SuggestionState] = ["accepted", "applied"]
    note(state, decisions, *(suggestion("a", each) for each in ended))
    note(state, decisions, suggestion("b", "accepted"), suggestion("b", "pending"))
    note(state, decisions, suggestion("c", "rejected"), suggestion("c", "pending"))
    note(state, decisions, suggestion("d", "stale"), suggestion("e", "rejected", None))
    note(state, decisions, suggestion("f", "rejected", 0.1), suggestion("g", "rejected", 0.2, "mention"))
    assert decisions.of("link") == [Decision(0.5, True, 7.0), Decision(0.1, False, 7.0)]
    assert decisions.kinds() == ["link", "mention"]


def test_a_write_knows_what_it_applied() -> None:
    state = State(":memory:")
    decisions = Decisions(state)
    note(
        state,
        decisions,
        suggestion("a", "applied"),
        suggestion("b", "applied"),
        write=Write("run", "hash", silent=True),
    )
    note(state, decisions, suggestion("c", "applied"), write=Write("run", ""))
    assert decisions.applied_by(Write("run", "hash")) == ["a", "b"]
    assert decisions.applied_by(Write("run", "")) == []
    assert [each.weight for each in decisions.of("link")] == [SILENT, SILENT, 1.0]


def test_no_note_is_named_in_it(tmp_path: Path) -> None:
    state = State(tmp_path / "state.db")
    note(state, Decisions(state), suggestion("a", "applied"))
    [row] = state.rows("SELECT * FROM decisions")
    assert not [value for value in tuple(row) if isinstance(value, str) and ("Note" in value or "Secret" in value)]
    state.close()


def test_what_was_decided_before_there_was_this_table_teaches_too(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    with closing(sqlite3.connect(file)) as old:
        old.executescript("".join(MIGRATIONS[:2]) + "PRAGMA user_version = 2;")
        row = ("link", "a.md", "b.md", "direct", 0.4, "why", "proof")
        for name, status, at in (("x", "rejected", 5.0), ("y", "applied", 4.0), ("z", "pending", None)):
            values = (name, *row, status, "", "{}", "quotation", 1.0, at)
            old.execute(f"INSERT INTO suggestions VALUES ({','.join('?' * 14)})", values)
        old.commit()
    with closing(State(file)) as state:
        assert Decisions(state).of("link") == [Decision(0.4, True, 4.0), Decision(0.4, False, 5.0)]
