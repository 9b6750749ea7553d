from agents.answering.conversation import Turn, Turns, key_of
from agents.ports import Message
from vault_sync.paths import VaultPath

ASKED = [Message("user", "What is tea?")]
LATER = [*ASKED, Message("assistant", "A drink."), Message("user", "Why?")]
PATH = VaultPath("Tea.md")


def anything(_path: VaultPath) -> bool:
    return True


def test_a_past_turn_is_sent_as_it_was() -> None:
    turns = Turns()
    turns.remember(ASKED, Turn("NOTES What is tea?", (PATH,)))
    replayed = turns.replay(LATER[:-1], anything)
    assert replayed == [Message("user", "NOTES What is tea?"), Message("assistant", "A drink.")]


def test_the_same_question_in_another_conversation_is_another_turn() -> None:
    turns = Turns()
    turns.remember(ASKED, Turn("NOTES", (PATH,)))
    other = [Message("user", "Hello"), Message("assistant", "Hi"), *ASKED]
    assert turns.replay(other, anything)[-1] == ASKED[0]


def test_a_note_that_is_no_longer_allowed_is_not_shown_again() -> None:
    turns = Turns()
    turns.remember(ASKED, Turn("NOTES", (PATH,)))
    assert turns.replay(ASKED, lambda path: path != PATH) == ASKED


def test_the_least_recently_used_turn_is_forgotten() -> None:
    turns = Turns(capacity=2)
    asked = [[Message("user", str(number))] for number in range(3)]
    turns.remember(asked[0], Turn("a", ()))
    turns.remember(asked[1], Turn("b", ()))
    turns.replay(asked[0], anything)
    turns.remember(asked[2], Turn("c", ()))
    assert [turns.replay(one, anything)[0].content for one in asked] == ["a", "1", "c"]


def test_turns_with_a_note_that_is_gone_are_forgotten() -> None:
    turns = Turns()
    turns.remember(ASKED, Turn("NOTES", (VaultPath("Other.md"), PATH)))
    turns.remember(LATER, Turn("OTHERS", (VaultPath("Other.md"),)))
    turns.forget(lambda path: path == PATH)
    replayed = turns.replay(LATER, anything)
    assert (replayed[0], replayed[-1].content) == (ASKED[0], "OTHERS")


def test_where_one_turn_ends_and_the_next_begins_matters() -> None:
    assert key_of([Message("user", "ab"), Message("user", "c")]) != key_of(
        [Message("user", "a"), Message("user", "bc")]
    )


def test_a_lone_surrogate_is_no_error() -> None:
    assert key_of([Message("user", "\ud800")])
