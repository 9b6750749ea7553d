from dataclasses import replace

import pytest

from agents.inbox.decisions import UNWRITTEN, Decisions, Write
from agents.inbox.gate import Gate, Rules
from agents.inbox.suggestion import Suggestion, SuggestionState
from vault_sync.databases.state import State
from vault_sync.notes.note import Span
from vault_sync.paths import VaultPath
from vault_sync.writing.edit import Edit

PATH = VaultPath("Note.md")


class Desk:
    """A gate, and the decisions that it is taught by."""

    def __init__(self) -> None:
        self.now = 1e9
        self.state = State(":memory:")
        self.decisions = Decisions(self.state, lambda: self.now)
        self.gate = Gate(self.state, Rules({"mention": 0.8}), lambda: self.now)
        self.count = 0

    def decide(self, kind: str, score: float, state: SuggestionState, times: int = 1, write: Write = UNWRITTEN) -> None:
        for _ in range(times):
            self.count += 1
            edit = Edit(PATH, "00", Span(0, 0), "", "x")
            made = Suggestion(str(self.count), kind, PATH, None, None, score, "", "", edit, "test", 1.0)
            self.note(replace(made, state=state), write)

    def note(self, suggestion: Suggestion, write: Write = UNWRITTEN) -> None:
        with self.state.transaction() as connection:
            self.decisions.note(connection, suggestion, write)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_without_decisions_the_users_threshold_holds(desk: Desk) -> None:
    assert desk.gate.decide("mention", 0.8) == "apply"
    assert desk.gate.decide("mention", 0.79) == "wait"
    assert desk.gate.decide("link", 0.01) == "apply", "a kind without a threshold has that of its maker"


def test_in_review_mode_all_waits(desk: Desk) -> None:
    assert desk.gate.decide("mention", 0.99, "review") == "wait"


def test_what_has_no_score_is_never_written_by_itself(desk: Desk) -> None:
    assert desk.gate.decide("properties", None) == "wait"


def test_refusals_raise_the_threshold(desk: Desk) -> None:
    desk.decide("mention", 0.85, "rejected", 12)
    assert desk.gate.decide("mention", 0.85) == "hide"
    assert desk.gate.decide("mention", 0.85, "review") == "hide"
    assert desk.gate.decide("mention", 0.9, "review") == "wait"
    assert desk.gate.decide("link", 0.85) == "apply", "another kind learns nothing by it"


def test_acceptances_do_not_go_below_what_the_user_chose(desk: Desk) -> None:
    desk.decide("mention", 0.3, "applied", 50)
    assert desk.gate.bar("mention").lesson.high == 0.3
    assert desk.gate.decide("mention", 0.5) == "wait"


def test_what_stands_in_the_note_stays(desk: Desk) -> None:
    desk.decide("mention", 0.85, "rejected", 12)
    assert desk.gate.decide("mention", 0.2, standing=True) == "apply"


def test_the_last_word_on_a_suggestion_counts(desk: Desk) -> None:
    desk.decide("mention", 0.85, "applied", 12)
    for number in range(1, 13):
        edit = Edit(PATH, "00", Span(0, 0), "", "x")
        desk.note(
            Suggestion(
                str(number), "mention", PATH, None, None, 0.85, "", "", edit, "test", 1.0, "rejected", "It was undone."
            )
        )
    assert desk.gate.bar("mention").lesson.all.decided == 12
    assert desk.gate.decide("mention", 0.85) == "hide"


def test_what_nobody_looked_at_counts_less(desk: Desk) -> None:
    desk.decide("mention", 0.9, "applied", 30, Write("run", "hash", silent=True))
    assert desk.gate.bar("mention").lesson.high is None
    desk.decide("mention", 0.9, "applied", 30)
    assert desk.gate.bar("mention").lesson.high == 0.9


def test_a_reset_forgets_what_was_taught_of_one_kind(desk: Desk) -> None:
    desk.decide("mention", 0.85, "rejected", 12)
    desk.decide("link", 0.85, "rejected", 12)
    desk.decisions.reset("mention")
    assert desk.gate.decide("mention", 0.85) == "apply"
    assert desk.gate.decide("link", 0.85) == "hide"
    desk.decide("mention", 0.85, "rejected", 12)
    assert desk.gate.decide("mention", 0.85) == "hide"


def test_lessons_fade_while_the_daemon_runs(desk: Desk) -> None:
    desk.decide("mention", 0.85, "rejected", 12)
    assert desk.gate.decide("mention", 0.85) == "hide"
    desk.now += 2 * 365 * 86400
    assert desk.gate.decide("mention", 0.85) == "apply"
