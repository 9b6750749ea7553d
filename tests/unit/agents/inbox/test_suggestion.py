import itertools

import pytest

from agents.errors import SuggestionError
from agents.inbox.suggestion import (
    BY_USER,
    TRANSITIONS,
    Suggestion,
    SuggestionState,
    check,
    edit_from_json,
    edit_to_json,
    suggestion_id,
)
from vault_sync.notes.note import Span
from vault_sync.paths import VaultPath
from vault_sync.writing.edit import Edit

EDIT = Edit(VaultPath("Заметка.md"), "ab", Span(3, 5), "до", "после 🌲")
STATES: tuple[SuggestionState, ...] = ("pending", "accepted", "rejected", "stale", "applied")


def suggestion(state: SuggestionState) -> Suggestion:
    path = VaultPath("Заметка.md")
    return Suggestion("id", "link", path, None, None, None, "why", "proof", EDIT, "quotation", 0.0, state, "Because.")


@pytest.mark.parametrize(("before", "after"), list(itertools.product(STATES, STATES)))
def test_transitions(before: SuggestionState, after: SuggestionState) -> None:
    if after in TRANSITIONS[before]:
        check(suggestion(before), after)
    else:
        with pytest.raises(SuggestionError) as error:
            check(suggestion(before), after)
        assert error.value.cause == f"It is {before} already. Because."


@pytest.mark.parametrize(("before", "after"), list(itertools.product(STATES, STATES)))
def test_the_user_can_ask_for_nothing_that_can_not_be(before: SuggestionState, after: SuggestionState) -> None:
    assert after not in BY_USER[before] or after in TRANSITIONS[before]


def test_what_was_applied_is_taken_back_by_undoing_it() -> None:
    with pytest.raises(SuggestionError) as error:
        check(suggestion("applied"), "rejected", BY_USER)
    assert "Undo" in error.value.fix


def test_decided_ones_are_never_decided_otherwise_by_the_way() -> None:
    assert TRANSITIONS["rejected"] == {"pending", "applied"}, "by taking it back, by undoing an undo"
    assert TRANSITIONS["applied"] == {"rejected"}, "by undoing it"


def test_an_edit_survives_storing() -> None:
    assert edit_from_json(edit_to_json(EDIT, {"link": "[[Ё]]"})) == (EDIT, {"link": "[[Ё]]"})


def test_ids_are_stable_and_tell_proposals_apart() -> None:
    one = suggestion_id("link", "a.md", "b.md")
    assert one == suggestion_id("link", "a.md", "b.md")
    assert len({one, suggestion_id("link", "b.md", "a.md"), suggestion_id("mention", "a.md", "b.md")}) == 3
