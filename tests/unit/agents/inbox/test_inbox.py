import asyncio
from dataclasses import replace

import pytest

from agents.errors import SuggestionError
from agents.inbox.choice import Choice
from agents.inbox.decisions import Write
from agents.inbox.inbox import Inbox
from agents.inbox.quotes import quoting
from agents.inbox.suggestion import AmbiguousSuggestionError, Suggestion, UnknownSuggestionError, suggestion_id
from agents.inbox.verdicts import TAKEN_OUT
from vault_sync.databases.state import State
from vault_sync.errors import NoteBusyError, StaleEditError, WriteRefusedError
from vault_sync.notes.note import Span
from vault_sync.paths import VaultPath
from vault_sync.writing.edit import Edit, apply, content_hash

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


class Together:
    """Writes as `Files` does, and counts; somebody may save the note just before."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.edits: list[Edit] = []
        self.saves: list[bytes] = []

    async def __call__(self, edit: Edit, kinds: tuple[str, ...]) -> str:
        assert kinds == ("link",)
        if self.saves:
            self.files.notes[PATH] = self.saves.pop(0)
        digest = await self.files.apply(edit)
        self.edits.append(edit)
        return digest


async def test_many_for_one_note_are_one_edit(inbox: Inbox, files: Files, handler: Appending) -> None:
    inbox.replace(PATH, "link", [A, B])
    write = Together(files)
    done = await inbox.accept_together([A.id, B.id], write, "run")
    assert [(each.id, each.state) for each in done] == [(A.id, "applied"), (B.id, "applied")]
    assert files.notes[PATH] == b"Pages. A.md B.md" and len(write.edits) == 1
    assert handler.done == [A.id, B.id]
    inbox.verdicts.undone(Write("run", content_hash(files.notes[PATH])))
    assert [each.state for each in inbox.list()] == ["rejected", "rejected"], "one undo takes all of it back"


async def test_of_many_only_those_that_wait_are_written(inbox: Inbox, files: Files) -> None:
    inbox.replace(PATH, "link", [A, B])
    inbox.reject(B.id)
    done = await inbox.accept_together([A.id, B.id, "unknown"], Together(files), "run")
    assert [each.id for each in done] == [A.id]
    assert await inbox.accept_together([A.id, B.id], Together(files), "run") == []
    assert files.notes[PATH] == b"Pages. A.md"


async def test_a_note_that_is_saved_just_then_is_read_once_more(inbox: Inbox, files: Files) -> None:
    inbox.replace(PATH, "link", [A, B])
    write = Together(files)
    write.saves = [b"Pages. And more."]
    done = await inbox.accept_together([A.id, B.id], write, "run")
    assert [each.state for each in done] == ["applied", "applied"]
    assert files.notes[PATH] == b"Pages. And more. A.md B.md"


async def test_a_note_that_is_saved_again_and_again_leaves_them_waiting(inbox: Inbox, files: Files) -> None:
    inbox.replace(PATH, "link", [A, B])
    write = Together(files)
    write.saves = [b"Pages. And more.", b"Pages. And still more."]
    with pytest.raises(NoteBusyError):
        await inbox.accept_together([A.id, B.id], write, "run")
    assert [each.state for each in inbox.list()] == ["pending", "pending"]
    assert files.notes[PATH] == b"Pages. And still more."


@pytest.mark.parametrize("now", [b"Rewritten.", None], ids=["changed", "gone"])
async def test_many_for_a_note_that_was_rewritten_are_stale(inbox: Inbox, files: Files, now: bytes | None) -> None:
    inbox.replace(PATH, "link", [A, B])
    files.notes.pop(PATH)
    if now is not None:
        files.notes[PATH] = now
    done = await inbox.accept_together([A.id, B.id], Together(files), "run")
    assert [each.state for each in done] == ["stale", "stale"]
    assert files.notes.get(PATH) == now


async def test_a_refused_write_leaves_many_pending(inbox: Inbox, files: Files) -> None:
    inbox.replace(PATH, "link", [A, B])
    files.refusing = True
    with pytest.raises(WriteRefusedError):
        await inbox.accept_together([A.id, B.id], Together(files), "run")
    assert [each.state for each in inbox.list()] == ["pending", "pending"]


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


async def test_what_was_applied_and_is_gone_from_the_note_was_taken_out(inbox: Inbox, files: Files) -> None:
    inbox.replace(PATH, "link", [A, B])
    await inbox.accept(A.id, files.apply)
    assert inbox.replace(PATH, "link", [replace(A, edit=replace(A.edit, after="A.md again"))]) != []
    files.notes[PATH] = b"Pages."
    inbox.wrote([replace(A, edit=replace(A.edit, after=" A.md"))], Write("run", "hash", silent=True))
    assert inbox.replace(PATH, "link", [A]) == []
    assert (inbox.get(A.id).state, inbox.get(A.id).state_reason) == ("rejected", TAKEN_OUT)
    assert inbox.refused(PATH, "link") == {"A.md"}


def test_what_was_written_without_a_question_is_applied(inbox: Inbox) -> None:
    inbox.replace(PATH, "link", [A, B])
    inbox.wrote([A], Write("run", "hash", silent=True))
    assert [each.state for each in inbox.list()] == ["pending", "applied"]
    assert inbox.get(A.id).decided_at == 7.0


async def test_what_was_undone_is_refused_until_the_undo_is_undone(inbox: Inbox, files: Files) -> None:
    inbox.replace(PATH, "link", [A, B])
    done = await inbox.accept(A.id, files.apply, "run")
    assert done.state == "applied"
    write = Write("run", content_hash(files.notes[PATH]))
    inbox.verdicts.undone(write)
    assert (inbox.get(A.id).state, inbox.refused(PATH, "link")) == ("rejected", {"A.md"})
    assert inbox.get(B.id).state == "pending", "it was not applied by this write"
    inbox.verdicts.redone(write)
    assert (inbox.get(A.id).state, inbox.refused(PATH, "link")) == ("applied", set())


def test_a_rejection_can_be_taken_back(inbox: Inbox) -> None:
    inbox.replace(PATH, "link", [A])
    inbox.reject(A.id)
    assert inbox.restore(A.id).state == "pending"
    assert inbox.refused(PATH, "link") == set()
    inbox.verdicts.redone(Write())
    with pytest.raises(SuggestionError):
        inbox.restore(A.id)


def test_what_the_user_took_out_of_the_note_is_refused(inbox: Inbox) -> None:
    inbox.wrote([A, B], Write())
    inbox.verdicts.taken_out(PATH, "link", [VaultPath("A.md"), VaultPath("Else.md")])
    assert (inbox.get(A.id).state, inbox.get(B.id).state) == ("rejected", "applied")


def test_the_beginning_of_an_id_is_enough(inbox: Inbox) -> None:
    inbox.replace(PATH, "link", [A, B])
    assert inbox.get(A.id[:6]) == A
    shared = replace(B, id=A.id[:6] + "f" * 18)
    inbox.replace(PATH, "link", [A, shared])
    with pytest.raises(AmbiguousSuggestionError, match=A.id[:6]):
        inbox.get(A.id[:6])
    with pytest.raises(UnknownSuggestionError):
        inbox.get("")


def test_a_choice_narrows_by_all_that_it_says(inbox: Inbox) -> None:
    other = suggestion("A.md", VaultPath("Folder and more/Note.md"), 3.0)
    inbox.replace(PATH, "link", [A, B])
    inbox.replace(other.path, "link", [other])

    def chosen(choice: Choice) -> list[str]:
        return [head.id for head in inbox.heads(choice)]

    assert chosen(Choice(folder="Folder/")) == [B.id, A.id]
    assert chosen(Choice(folder=PATH)) == [B.id, A.id]
    assert chosen(Choice(target="A.md", least=2.0)) == [other.id]
    assert chosen(Choice(least=2.0, most=2.0)) == [B.id]
    assert chosen(Choice(kind="mention")) == []
    assert chosen(Choice(ids=(A.id[:6],), state="rejected")) == []
    assert not Choice(state="pending", folder="/") and Choice(most=0.0)


async def test_one_that_moved_is_still_known_by_what_was_decided(inbox: Inbox, files: Files) -> None:
    inbox.replace(PATH, "link", [A])
    await inbox.accept(A.id, files.apply, "run")
    inbox.moved(VaultPath("A.md"), "link", lambda each: replace(each, id="new", target=VaultPath("C.md")))
    inbox.verdicts.undone(Write("run", content_hash(files.notes[PATH])))
    assert (inbox.get("new").state, inbox.refused(PATH, "link")) == ("rejected", {"C.md"})


def test_those_of_a_kind_get_another_path(inbox: Inbox) -> None:
    inbox.replace(PATH, "link", [A])
    inbox.moved(PATH, "mention", lambda each: replace(each, path=VaultPath("New.md")))
    assert inbox.list() == [A]
    inbox.moved(PATH, "link", lambda each: replace(each, path=VaultPath("New.md")))
    assert inbox.list() == [replace(A, path=VaultPath("New.md"))]


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


def test_a_suggestion_that_quotes_a_hidden_note_is_as_one_that_is_not_there(files: Files, handler: Appending) -> None:
    hidden: set[str] = set()
    inbox = Inbox(State(":memory:"), files.read, {"link": handler}, allowed=lambda path, kind: path not in hidden)
    made, other = suggestion("Open.md"), suggestion("Other.md")
    quoting_it = replace(made, detail={**made.detail, **quoting([VaultPath("Secret.md")])})
    inbox.replace(PATH, "link", [quoting_it, other])
    assert {each.id for each in inbox.list()} == {made.id, other.id}
    hidden.add("Secret.md")
    assert [each.id for each in inbox.list()] == [other.id] and not inbox.shown(quoting_it)
    for ask in (inbox.get, inbox.reject):
        with pytest.raises(UnknownSuggestionError):
            ask(made.id)


def test_what_names_a_note_that_is_gone_is_forgotten_whatever_its_state(files: Files, handler: Appending) -> None:
    state = State(":memory:")
    inbox = Inbox(state, files.read, {"link": handler})
    inbox.replace(PATH, "link", [suggestion("Secret.md"), suggestion("Other.md")])
    inbox.replace(VaultPath("Secret.md"), "link", [suggestion("Other.md", VaultPath("Secret.md"))])
    inbox.reject(suggestion("Secret.md").id)
    inbox.forget(lambda path: path == "Secret.md")
    assert [row["target"] for row in state.rows("SELECT target FROM suggestions")] == ["Other.md"]
    assert inbox.refused(PATH, "link") == {"Secret.md"}, "a no stays a no"
