import pytest

from agents.mention.habits import Habits
from agents.mention.mentioner import KIND, Mentioner, moved
from agents.mention.mentions import Entry, Names
from vault_sync.errors import StaleEditError
from vault_sync.paths import VaultPath
from vault_sync.writing.edit import apply

HERE, DOCKER, PODMAN = VaultPath("Here.md"), VaultPath("Docker.md"), VaultPath("Podman.md")
NAMES = Names.build([Entry(DOCKER, "Docker"), Entry(PODMAN, "Podman")])
TEXT = "Docker or Podman.\n\n## More\n\nPodman.\n"


def mentioner(habits: Habits | None = None) -> Mentioner:
    return Mentioner(lambda: NAMES, habits)


def test_each_mention_is_an_edit_of_its_own() -> None:
    data = TEXT.encode()
    found = mentioner().suggest(HERE, data)
    assert [s.target for s in found] == [DOCKER, PODMAN, PODMAN]
    assert {s.kind for s in found} == {KIND}
    assert apply(found[1].edit, data).decode() == TEXT.replace("or Podman", "or [[Podman]]")
    assert len({s.id for s in found}) == 3


def test_all_are_written_by_one_edit() -> None:
    data = TEXT.encode()
    edit = mentioner().combined(mentioner().suggest(HERE, data), data)
    assert edit is not None
    assert apply(edit, data).decode() == "[[Docker]] or [[Podman]].\n\n## More\n\n[[Podman]].\n"
    assert mentioner().combined([], data) is None
    assert mentioner().combined(mentioner().suggest(HERE, data), data + b"\n") is None


def test_a_suggestion_is_carried_over_to_the_note_as_it_is_now() -> None:
    data = TEXT.encode()
    found = mentioner().suggest(HERE, data)
    moved = b"New.\n\n" + apply(found[0].edit, data)
    edit = mentioner().rebase(found[1], moved)
    assert edit is not None and b"[[Docker]] or [[Podman]]." in apply(edit, moved)


def test_what_is_linked_already_needs_no_edit() -> None:
    data = TEXT.encode()
    found = mentioner().suggest(HERE, data)
    assert mentioner().rebase(found[1], apply(found[1].edit, data)) is None


@pytest.mark.parametrize("now", ["Docker and Podman.\n", "", "Docker or Kubernetes.\n", "`Docker or Podman.`\n"])
def test_where_the_line_was_changed_it_is_stale(now: str) -> None:
    found = mentioner().suggest(HERE, TEXT.encode())
    with pytest.raises(StaleEditError):
        mentioner().rebase(found[1], now.encode())


def test_it_counts_the_links_of_the_notes_own_text() -> None:
    text = "[[Docker]], [[docker|it]] and [[Nothing]].\n\n%% famulus:x %%\n[[Podman]]\n%% /famulus:x %%\n"
    assert mentioner().links(HERE, text.encode()) == {DOCKER: 2}


@pytest.mark.parametrize(("old", "path", "target"), [(HERE, "New.md", DOCKER), (DOCKER, HERE, "New.md")])
def test_a_suggestion_follows_a_note_that_is_moved(old: VaultPath, path: str, target: str) -> None:
    first = mentioner().suggest(HERE, TEXT.encode())[0]
    now = moved(first, old, VaultPath("New.md"))
    assert (now.path, now.target, now.edit.path) == (path, target, path)
    assert now.id != first.id
    assert moved(now, VaultPath("New.md"), old) == first


def test_the_reason_is_in_the_notes_language() -> None:
    names = Names.build([Entry(DOCKER, "Docker", ("контейнеры",))])
    found = Mentioner(lambda: names).suggest(HERE, "Пишу о контейнерах.".encode())
    assert found[0].reason == "«контейнерах» — это другое имя заметки «Docker»."
    assert found[0].evidence == "Пишу о контейнерах."
