from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.bus import BusEvent
from daemon.view import View
from tests.fakes.embedder import WordEmbedder
from vault_sync.databases.state import State
from vault_sync.errors import NoteNotFoundError
from vault_sync.index.ledger import Ledger
from vault_sync.index.sync import Indexer
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import InForce, Policy, Rule, Use
from vault_sync.stores.memory import MemoryStore
from vault_sync.vault import Vault
from vault_sync.writing.journal import Images, Journal, Selection

NOTES = {
    "A/Ideas.md": "Some ideas, see [[Plan]].\n",
    "B/Ideas.md": "Other ideas, see [[Plan]].\n",
    "Plan.md": "A plan, see [[A/Ideas]] and [[B/Ideas]].\n",
    "Private.md": "---\nprivate: true\n---\nNobody's business.\n",
}


class Desk:
    def __init__(self, folder: Path) -> None:
        self.root = folder / "v"
        for path, text in NOTES.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(text)
        self.policy = InForce(Policy())
        self.ledger = Ledger(folder / "index.db")
        self.indexer = Indexer(Vault(self.root), self.ledger, MemoryStore(), WordEmbedder(), self.policy)
        self.indexer.prepare()
        self.indexer.scan()
        self.view = View(self.indexer.vault, self.ledger, self.policy)

    def deny(self, use: Use, *paths: str) -> None:
        self.policy.current = Policy(rules=(Rule(paths, (use,)),))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.ledger.close()


def refusal(desk: Desk, path: str, use: Use = "notes") -> str:
    with pytest.raises(NoteNotFoundError) as error:
        desk.view.note(VaultPath(path), use)
    return str(error.value).replace(path, "")


@pytest.mark.parametrize("path", ["Plan.md", "Plan", "plan", "A/Ideas"])
def test_a_note_is_found_by_path_and_title(desk: Desk, path: str) -> None:
    assert desk.view.note(VaultPath(path)).path in NOTES


@pytest.mark.parametrize("path", ["Plan.md", "Plan", "plan"])
def test_a_note_that_may_not_be_shown_is_not_there(desk: Desk, path: str) -> None:
    unknown = refusal(desk, "Nowhere.md")
    desk.deny("related", "Plan.md")
    assert refusal(desk, path, "related") == unknown and desk.view.note(VaultPath(path)).path == "Plan.md"
    desk.policy.current = Policy(exclude=("Plan.md",))
    assert refusal(desk, path) == unknown
    assert refusal(desk, "Private.md") == refusal(desk, "Private") == unknown


def test_a_title_leads_to_the_note_that_may_be_shown(desk: Desk) -> None:
    desk.deny("notes", "A")
    assert desk.view.note(VaultPath("Ideas")).path == "B/Ideas.md"
    desk.deny("notes", "B")
    assert desk.view.note(VaultPath("Ideas")).path == "A/Ideas.md"


def test_lists_and_links_leave_it_out(desk: Desk) -> None:
    desk.deny("notes", "A")
    assert [note.path for note in desk.view.notes()] == ["B/Ideas.md", "Plan.md"]
    here, there = desk.view.links(VaultPath("Plan.md"))
    assert [link.target for link in here] == ["B/Ideas.md"] and [link.source for link in there] == ["B/Ideas.md"]


def test_what_a_scan_passed_over(desk: Desk) -> None:
    desk.policy.current = Policy(exclude=("Secret",), rules=(Rule(("Diary",), ("notes",)),))
    found = {
        "Secret/link.md": "x",
        "Secret": "x",
        "Diary/link.md": "x",
        "photo.png": "x",
        ".": "x",
        "ascii\\udcff": "x",
    }
    assert set(desk.view.passed_over(found)) == {"photo.png", "ascii\\udcff"}


def test_a_note_that_was_deleted_may_still_be_named_and_a_private_one_never(desk: Desk) -> None:
    (desk.root / "Plan.md").unlink()
    desk.indexer.scan()
    assert desk.view.shown("Plan.md", "notes")
    assert not desk.view.shown("Private.md", "notes") and not desk.view.shown("Never.md", "notes")
    (desk.root / "Private.md").unlink()
    desk.indexer.scan()
    assert not desk.view.shown("Private.md", "notes"), "nor when it is gone"
    (desk.root / "New.md").write_text("Not read yet.")
    assert desk.view.shown("New.md", "notes")
    desk.policy.current = Policy(exclude=("Plan.md", "New.md"))
    assert not desk.view.shown("Plan.md", "notes") and not desk.view.shown("New.md", "notes")


def test_the_journal_is_cut_after_what_may_not_be_shown_is_left_out(desk: Desk) -> None:
    journal = Journal(State(":memory:"))
    for path in ("Plan.md", "A/Ideas.md", "Private.md", "A/Ideas.md"):
        journal.intend(VaultPath(path), Images(b"", b"x"), feature="link", run="r")

    def listed(wanted: Selection = Selection()) -> list[str]:  # noqa: B008 — it is frozen
        return [entry.path for entry in desk.view.entries(journal, wanted, 2)]

    assert listed() == ["A/Ideas.md", "A/Ideas.md"] and listed(Selection(path="Private.md")) == []
    desk.deny("notes", "A")
    assert listed() == ["Plan.md"] and listed(Selection(path="A")) == []


@pytest.mark.parametrize("field", ["path", "old_path", "digest", "target"])
def test_events_that_name_it_are_not_told(desk: Desk, field: str) -> None:
    event = BusEvent("anything", {field: "Plan.md", "count": 3})
    assert (
        desk.view.told(event)
        and desk.view.told(BusEvent("index.ready"))
        and desk.view.told(BusEvent("x", {field: None}))
    )
    desk.deny("events", "Plan.md")
    assert not desk.view.told(event)
    assert not desk.view.told(BusEvent("anything", {field: "Private.md"}))
