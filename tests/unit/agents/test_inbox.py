import asyncio
from dataclasses import replace

import pytest

from agents.errors import SuggestionError
from agents.inbox import Inbox
from agents.suggestion import Suggestion, UnknownSuggestionError, suggestion_id
from vault_sync.edit import Edit, apply, content_hash
from vault_sync.errors import StaleEditError, WriteRefusedError
from vault_sync.note import Span
from vault_sync.paths import VaultPath
from vault_sync.state import State

PATH = VaultPath("Folder/Note.md")


class Appending:
    """A kind of suggestion that appends its reason; what starts otherwise than it did is stale."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def rebase(self, suggestion: Suggestion, data: bytes) -> Edit | None:
        text = data.decode()
        if not text.startswith("Pages."):
            raise StaleEditError("Nothing was written.", "The note was changed.", "Ask again.")
        if suggestion.reason in text:
            return None
        return Edit(suggestion.path, content_hash(data), Span(len(text), len(text)), "", suggestion.reason)

    def applied(self, suggestion: Suggestion) -> None:
        self.done.append(suggestion.id)


class Files:
    """Notes in memory, written through Edits."""

    def __init__(self) -> None:
        self.notes = {PATH: b"Pages."}
        self.refusing = False

    def read(self, path: VaultPath) -> bytes | None:
        return self.notes.get(path)

    async def apply(self, edit: Edit) -> str:
        if self.refusing:
            raise WriteRefusedError("Nothing was written.", "The folder is read-only.", "Make it writable.")
        self.notes[edit.path] = apply(edit, self.notes[edit.path])
        return content_hash(self.notes[edit.path])


def suggestion(target: str, path: VaultPath = PATH, score: float = 1.0) -> Suggestion:
    edit = Edit(path, "00", Span(0, 0), "", target)
    key = suggestion_id("link", path, target)
    goal = VaultPath(target)
    return Suggestion(key, "link", path, goal, "direct", score, f" {target}", "proof", edit, "quotation", 1.0)


@pytest.fixture
def files() -> Files:
    return Files()


@pytest.fixture
def handler() -> Appending:
    return Appending()


@pytest.fixture
def inbox(files: Files, handler: Appending) -> Inbox:
    return Inbox(State(":memory:"), files.read, {"link": handler}, clock=lambda: 7.0)


A, B = suggestion("A.md"), suggestion("B.md", score=2.0)


def test_lists_by_note_state_and_kind_best_first(inbox: Inbox) -> None:
    other = suggestion("A.md", VaultPath("Other.md"))
    inbox.replace(PATH, "link", [A, B])
    inbox.replace(other.path, "link", [other])
    assert inbox.list() == [B, A, other]
    assert inbox.list(folder="Folder") == [B, A]
    assert inbox.list(state="rejected") == []
    assert inbox.list(kind="mention") == []


async def test_accepted_ones_are_applied_one_after_the_other(inbox: Inbox, files: Files, handler: Appending) -> None:
    inbox.replace(PATH, "link", [A, B])
    done = await asyncio.gather(inbox.accept(A.id, files.apply), inbox.accept(B.id, files.apply))
    assert [s.state for s in done] == ["applied", "applied"]
    assert files.notes[PATH] == b"Pages. A.md B.md"
    assert handler.done == [A.id, B.id]
    assert done[0].decided_at == 7.0


async def test_one_is_applied_only_once(inbox: Inbox, files: Files) -> None:
    inbox.replace(PATH, "link", [A])
    await inbox.accept(A.id, files.apply)
    with pytest.raises(SuggestionError, match="can not become accepted"):
        await inbox.accept(A.id, files.apply)
    assert files.notes[PATH] == b"Pages. A.md"


async def test_what_the_note_has_already_counts_as_applied(inbox: Inbox, files: Files) -> None:
    inbox.replace(PATH, "link", [A])
    files.notes[PATH] = b"Pages. A.md"
    assert (await inbox.accept(A.id, files.apply)).state == "applied"
    assert files.notes[PATH] == b"Pages. A.md"


@pytest.mark.parametrize("now", [b"Rewritten.", None], ids=["changed", "gone"])
async def test_a_changed_note_makes_it_stale(inbox: Inbox, files: Files, now: bytes | None) -> None:
    inbox.replace(PATH, "link", [A])
    files.notes.pop(PATH)
    if now is not None:
        files.notes[PATH] = now
    with pytest.raises(StaleEditError):
        await inbox.accept(A.id, files.apply)
    assert inbox.get(A.id).state == "stale"
    assert inbox.get(A.id).state_reason in ("The note was changed.", "The note is gone.")


async def test_a_refused_write_leaves_it_pending(inbox: Inbox, files: Files) -> None:
    inbox.replace(PATH, "link", [A])
    files.refusing = True
    with pytest.raises(WriteRefusedError):
        await inbox.accept(A.id, files.apply)
    assert inbox.get(A.id) == A


def test_a_rejection_is_remembered(inbox: Inbox) -> None:
    inbox.replace(PATH, "link", [A, B])
    assert inbox.reject(A.id).state == "rejected"
    assert inbox.refused(PATH, "link") == {"A.md"}
    assert inbox.replace(PATH, "link", [A, B]) == [B]
    assert inbox.get(A.id).state == "rejected"


def test_a_new_pass_replaces_the_pending_ones_of_its_note(inbox: Inbox) -> None:
    inbox.replace(PATH, "link", [A, B])
    newer = replace(A, reason="newer")
    inbox.replace(PATH, "link", [newer])
    assert inbox.list() == [newer]


def test_one_is_added_beside_the_others(inbox: Inbox) -> None:
    inbox.replace(PATH, "link", [A])
    assert inbox.add(B) == B
    assert inbox.list() == [B, A]
    inbox.reject(B.id)
    assert inbox.add(B).state == "rejected"


def test_those_of_a_kind_get_another_path(inbox: Inbox) -> None:
    inbox.replace(PATH, "link", [A])
    inbox.moved(PATH, "mention", lambda each: replace(each, path=VaultPath("New.md")))
    assert inbox.list() == [A]
    inbox.moved(PATH, "link", lambda each: replace(each, path=VaultPath("New.md")))
    assert inbox.list() == [replace(A, path=VaultPath("New.md"))]


async def test_in_bulk_each_says_how_it_ended(inbox: Inbox, files: Files) -> None:
    other = suggestion("A.md", VaultPath("Gone.md"))
    inbox.replace(PATH, "link", [A, B])
    inbox.replace(other.path, "link", [other])
    done = await inbox.accept_many([A.id, other.id, B.id], files.apply)
    assert [s.state for s in done] == ["applied", "stale", "applied"]
    assert [s.state for s in inbox.reject_many([other.id])] == ["rejected"]


def test_an_unknown_id_says_what_to_do(inbox: Inbox) -> None:
    with pytest.raises(UnknownSuggestionError) as error:
        inbox.get("nothing")
    assert error.value.fix


def test_what_was_being_applied_when_the_process_died_is_pending_again(files: Files, handler: Appending) -> None:
    state = State(":memory:")
    Inbox(state, files.read, {"link": handler}).replace(PATH, "link", [replace(A, state="accepted")])
    assert Inbox(state, files.read, {"link": handler}).get(A.id).state == "pending"


def test_a_suggestion_that_names_a_hidden_note_is_as_one_that_is_not_there(files: Files, handler: Appending) -> None:
    hidden: set[str] = set()
    inbox = Inbox(State(":memory:"), files.read, {"link": handler}, allowed=lambda path, kind: path not in hidden)
    other = suggestion("Other.md")
    inbox.replace(PATH, "link", [suggestion("Secret.md"), other])
    hidden.add("Secret.md")
    secret = suggestion("Secret.md").id
    assert [each.id for each in inbox.list()] == [other.id]
    for ask in (inbox.get, inbox.reject):
        with pytest.raises(UnknownSuggestionError) as shown:
            ask(secret)
        with pytest.raises(UnknownSuggestionError) as unknown:
            ask("0" * 24)
        assert str(shown.value).replace(secret, "") == str(unknown.value).replace("0" * 24, "")
    hidden.add(PATH)
    assert inbox.list() == []


def test_what_names_a_note_that_is_gone_is_forgotten_whatever_its_state(files: Files, handler: Appending) -> None:
    state = State(":memory:")
    inbox = Inbox(state, files.read, {"link": handler})
    inbox.replace(PATH, "link", [suggestion("Secret.md"), suggestion("Other.md")])
    inbox.replace(VaultPath("Secret.md"), "link", [suggestion("Other.md", VaultPath("Secret.md"))])
    inbox.reject(suggestion("Secret.md").id)
    inbox.forget(lambda path: path == "Secret.md")
    assert [row["target"] for row in state.rows("SELECT target FROM suggestions")] == ["Other.md"]
    assert inbox.refused(PATH, "link") == {"Secret.md"}, "a no stays a no"
