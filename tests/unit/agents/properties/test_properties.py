import pytest

from agents.inbox.inbox import Inbox
from agents.inbox.suggestion import Suggestion
from agents.properties.properties import KIND, Properties, moved
from vault_sync.databases.state import State
from vault_sync.errors import PropertiesError, StaleEditError
from vault_sync.paths import VaultPath
from vault_sync.writing.edit import BOM, Edit, apply, content_hash
from vault_sync.writing.properties import Wanted, wanted

PATH = VaultPath("Заметки/Чай.md")
NEW = VaultPath("Чай.md")
NOTE = BOM + "---\r\ntags: [чай] # мои\r\ndescription: Старое\r\n---\r\nТекст 🌲.\r\n".encode()
BOTH = wanted(["улун"], "Как заваривать: кратко")


class Shelf:
    """One note in memory, changed by Edits."""

    def __init__(self, data: bytes = NOTE) -> None:
        self.data = data

    def read(self, path: VaultPath) -> bytes | None:
        return self.data if path == PATH else None

    async def apply(self, edit: Edit) -> str:
        self.data = apply(edit, self.data)
        return content_hash(self.data)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def inbox(shelf: Shelf) -> Inbox:
    return Inbox(State(":memory:"), shelf.read, {KIND: Properties()}, clock=lambda: 7.0)


def proposal(goal: Wanted, data: bytes = NOTE, reason: str = "Because.") -> Suggestion:
    made = Properties(clock=lambda: 1.0).suggest(PATH, data, goal, reason)
    assert made is not None
    return made


def test_a_suggestion_holds_what_is_wanted_and_why() -> None:
    made = proposal(BOTH)
    assert (made.kind, made.path, made.target, made.reason, made.created_at) == (KIND, PATH, None, "Because.", 1.0)
    assert made.detail == {"tags": "улун", "description": "Как заваривать: кратко", "described": "Старое"}
    assert apply(made.edit, NOTE) == NOTE.replace("[чай]".encode(), "[чай, улун]".encode()).replace(
        "Старое".encode(), '"Как заваривать: кратко"'.encode()
    )


def test_what_the_note_has_already_is_no_suggestion() -> None:
    assert Properties().suggest(PATH, NOTE, wanted(["ЧАЙ"], "Старое"), "") is None


def test_broken_frontmatter_is_refused_when_proposing() -> None:
    with pytest.raises(PropertiesError, match="YAML"):
        Properties().suggest(PATH, b"---\ntags: [a\n---\n", BOTH, "")


async def test_it_is_made_anew_for_the_note_as_it_is(inbox: Inbox, shelf: Shelf) -> None:
    made = inbox.add(proposal(BOTH))
    shelf.data = NOTE.replace("Текст".encode(), "Мой текст".encode()).replace(b"---\r\n", b"---\r\nx: 1\r\n", 1)
    assert (await inbox.accept(made.id, shelf.apply)).state == "applied"
    assert 'x: 1\r\ntags: [чай, улун] # мои\r\ndescription: "Как'.encode() in shelf.data
    assert shelf.data.endswith("Мой текст 🌲.\r\n".encode())


async def test_what_the_user_wrote_meanwhile_is_applied_already(inbox: Inbox, shelf: Shelf) -> None:
    made = inbox.add(proposal(wanted(["улун"])))
    shelf.data = now = NOTE.replace("[чай]".encode(), "[Улун, чай]".encode())
    assert (await inbox.accept(made.id, shelf.apply)).state == "applied"
    assert shelf.data == now


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        ("Старое", "Моё новое", "description was changed"),
        ("description: Старое\r\n", "", "description was changed"),
        ("[чай]", "[чай", "YAML"),
        ("description: Старое", "Description: a\r\ndescription: b", "2 times"),
        ("Текст", "\ud800", "UTF-8"),
    ],
)
async def test_where_it_can_not_be_it_becomes_stale(inbox: Inbox, shelf: Shelf, old: str, new: str, cause: str) -> None:
    made = inbox.add(proposal(BOTH))
    shelf.data = now = NOTE.replace(old.encode(), new.encode(errors="surrogatepass"))
    with pytest.raises(StaleEditError):
        await inbox.accept(made.id, shelf.apply)
    assert shelf.data == now
    assert inbox.get(made.id).state == "stale" and cause in inbox.get(made.id).state_reason


async def test_two_proposals_for_one_note_do_not_wipe_each_other(inbox: Inbox, shelf: Shelf) -> None:
    first, second = inbox.add(proposal(wanted(["улун"]))), inbox.add(proposal(wanted(["пуэр"])))
    assert {each.id for each in inbox.list("pending")} == {first.id, second.id}
    for each in (first, second):
        await inbox.accept(each.id, shelf.apply)
    assert "[чай, улун, пуэр]".encode() in shelf.data


def test_the_same_proposal_again_takes_the_place_of_the_old_one(inbox: Inbox) -> None:
    inbox.add(proposal(wanted(["a", "B"], "x"), reason="One."))
    inbox.add(proposal(wanted(["b", "A"], "x"), reason="Two."))
    assert [each.reason for each in inbox.list()] == ["Two."]
    inbox.add(proposal(wanted(["b", "A"], "y")))
    assert len(inbox.list("pending")) == 2


def test_what_was_refused_stays_refused(inbox: Inbox) -> None:
    made = inbox.add(proposal(BOTH))
    inbox.reject(made.id)
    assert inbox.add(proposal(BOTH)).state == "rejected"
    assert inbox.list("pending") == []


async def test_what_the_user_took_out_again_is_refused(inbox: Inbox, shelf: Shelf) -> None:
    made = inbox.add(proposal(BOTH))
    await inbox.accept(made.id, shelf.apply)
    again = inbox.add(proposal(BOTH))
    assert (again.id, again.state) == (made.id, "rejected") and again.state_reason
    assert inbox.add(proposal(BOTH)).state == "rejected"


async def test_a_stale_one_can_be_proposed_again(inbox: Inbox, shelf: Shelf) -> None:
    made = inbox.add(proposal(BOTH))
    shelf.data = NOTE.replace("Старое".encode(), "Моё".encode())
    with pytest.raises(StaleEditError):
        await inbox.accept(made.id, shelf.apply)
    again = inbox.add(proposal(BOTH, shelf.data))
    assert (again.id, again.state) == (made.id, "pending")
    assert (await inbox.accept(again.id, shelf.apply)).state == "applied"


def test_they_go_with_a_note_that_moves(inbox: Inbox) -> None:
    pending, refused = inbox.add(proposal(BOTH)), inbox.add(proposal(wanted(["пуэр"])))
    inbox.reject(refused.id)
    inbox.moved(PATH, KIND, lambda suggestion: moved(suggestion, NEW))
    there = Properties(clock=lambda: 1.0).suggest(NEW, NOTE, BOTH, "Because.")
    assert inbox.list("pending") == [there] == [moved(pending, NEW)]
    again = Properties().suggest(NEW, NOTE, wanted(["пуэр"]), "")
    assert again is not None and inbox.add(again).state == "rejected"
    assert not [each for each in inbox.list() if each.path == PATH]
