import sqlite3
import time
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from vault_sync.databases import state as states
from vault_sync.databases.state import State
from vault_sync.paths import VaultPath
from vault_sync.writing.edit import content_hash
from vault_sync.writing.journal import ALWAYS_KEPT, Entry, Images, Journal, Limits, Selection

BOTH = Images(b"before", b"after")


@pytest.fixture
def journal() -> Journal:
    return Journal(State(":memory:"))


def intend(journal: Journal, path: str = "n.md", images: Images = BOTH, undoes: int | None = None) -> Entry:
    return journal.intend(VaultPath(path), images, feature="undo" if undoes else "link", run="r", undoes=undoes)


def states_of(journal: Journal) -> dict[int, str]:
    return {entry.id: entry.state for entry in journal.entries()}


def test_keeps_what_was_and_what_became_of_it(journal: Journal) -> None:
    entry = intend(journal)
    assert journal.open_entries() == [entry]
    journal.mark(entry.id, "done")
    assert journal.images(entry.id) == BOTH and not journal.open_entries()
    assert journal.last_written(VaultPath("n.md")) == entry.after_hash
    assert journal.images(99) is None and journal.last_written(VaultPath("other.md")) is None


def test_undoing_and_doing_again(journal: Journal) -> None:
    first = intend(journal)
    journal.mark(first.id, "done")
    undo = intend(journal, images=Images(b"after", b"before"), undoes=first.id)
    assert states_of(journal)[first.id] == "done", "only intended so far"
    journal.mark(undo.id, "done")
    assert states_of(journal)[first.id] == "undone"
    again = intend(journal, undoes=undo.id)
    journal.mark(again.id, "done")
    assert states_of(journal) == {first.id: "done", undo.id: "undone", again.id: "done"}
    last = intend(journal, undoes=again.id)
    journal.mark(last.id, "failed")
    assert states_of(journal)[first.id] == "done"
    journal.mark(last.id, "done")
    assert states_of(journal) == {first.id: "undone", undo.id: "done", again.id: "undone", last.id: "done"}


def test_selects_by_everything(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    today = date(2026, 3, 2)
    monkeypatch.setattr(time, "time", datetime(2026, 3, 2, 23, 59).timestamp)
    entries = [
        journal.intend(VaultPath(path), BOTH, feature=feature, run=run)
        for path, feature, run in [("a/x.md", "link", "1"), ("a/y.md", "digest", "1"), ("b.md", "link", "2")]
    ]
    for wanted, found in [
        (Selection(), [2, 1, 0]),
        (Selection(path="a"), [1, 0]),
        (Selection(path="a/x.md"), [0]),
        (Selection(feature="link"), [2, 0]),
        (Selection(feature="link", run="1"), [0]),
        (Selection(ids=(entries[0].id, entries[2].id)), [2, 0]),
        (Selection(day=today), [2, 1, 0]),
        (Selection(day=today - timedelta(days=1)), []),
        (Selection(state="done"), []),
    ]:
        assert [entry.id for entry in journal.entries(wanted)] == [entries[i].id for i in found], wanted
    assert len(journal.entries(limit=1)) == 1


def test_knows_the_note_by_what_was_written_last(journal: Journal) -> None:
    journal.mark(intend(journal).id, "failed")
    assert journal.written_to(content_hash(b"after")) is None
    journal.mark(intend(journal, "a.md").id, "done")
    journal.mark(intend(journal, "b.md").id, "done")
    assert journal.written_to(content_hash(b"after")) == "b.md"


def test_follows_a_note_that_moves(journal: Journal) -> None:
    intend(journal, "old.md")
    journal.moved(VaultPath("old.md"), VaultPath("new.md"))
    assert [entry.path for entry in journal.entries()] == ["new.md"]


def test_forgets_the_oldest_when_it_grows_too_large() -> None:
    journal = Journal(State(":memory:"), Limits(size=50))
    for _ in range(10):
        journal.mark(intend(journal).id, "done")
    kept = [entry.id for entry in journal.entries()]
    assert kept == [10, 9, 8, 7], "four times eleven bytes"
    huge = intend(journal, images=Images(b"x" * 100, b"y" * 100))
    assert [entry.id for entry in journal.entries()] == [huge.id], "the newest always stays"


def test_never_forgets_what_is_not_ended() -> None:
    journal = Journal(State(":memory:"), Limits(size=12))
    first = intend(journal)
    for _ in range(5):
        journal.mark(intend(journal).id, "done")
    assert first.id in {entry.id for entry in journal.entries()}


def test_ids_are_never_given_twice() -> None:
    journal = Journal(State(":memory:"), Limits(size=1))
    ids = []
    for _ in range(3):
        ids.append(intend(journal).id)
        journal.mark(ids[-1], "done")
        journal.forget(time.time())
    assert len(set(ids)) == 3


def test_age_counts_in_days_and_a_clock_gone_wild_empties_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(State(":memory:"), Limits(seconds=86400))
    clock = [1e9]
    monkeypatch.setattr(time, "time", lambda: clock[0])
    for number in range(ALWAYS_KEPT + 20):
        journal.mark(intend(journal).id, "done")
        if number == 10:
            clock[0] = 0.0  # the clock is set back: what follows is not old for that
    assert journal.forget(1e9 + 1) == 0
    assert journal.forget(1e9 + 2 * 86400) == 20
    assert len(journal.entries(limit=1000)) == ALWAYS_KEPT


def test_a_journal_of_the_first_version_is_taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "state.db"
    with monkeypatch.context() as earlier:
        earlier.setattr(states, "MIGRATIONS", states.MIGRATIONS[:1])
        State(file).close()
    connection = sqlite3.connect(file)
    connection.execute(
        "INSERT INTO journal (at, feature, run, path, before_hash, after_hash, before, after, state)"
        " VALUES (1, 'link', 'r', 'n.md', 'b', 'a', ?, ?, 'done')",
        (b"was", b"is"),
    )
    connection.commit()
    connection.close()
    journal = Journal(State(file))
    (entry,) = journal.entries()
    assert (entry.path, entry.state, entry.undoes) == ("n.md", "done", None)
    assert journal.images(entry.id) == Images(b"was", b"is")
