import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from daemon.bus import Bus, BusEvent
from daemon.config import Settings
from daemon.indexing import upkeep
from daemon.indexing.upkeep import Upkeep
from daemon.policy import LivePolicy
from tests.effort import LONG, eventually
from tests.fakes.embedder import WaitingEmbedder, WordEmbedder
from vault_sync.errors import IndexBusyError, VaultUnavailableError
from vault_sync.index import record
from vault_sync.index.ledger import Ledger
from vault_sync.index.sync import Indexer
from vault_sync.paths import VaultPath
from vault_sync.policy.obsidian import APP
from vault_sync.policy.policy import Policy
from vault_sync.search import lexical
from vault_sync.stores.memory import MemoryStore
from vault_sync.vault import Vault
from vault_sync.watching.change import Coalescer


class Heard:
    """Waits for events without sleeping."""

    def __init__(self, bus: Bus) -> None:
        self.events: list[BusEvent] = []
        self._changed = threading.Condition()
        bus.listen(self._put)

    def _put(self, event: BusEvent) -> None:
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def wait(self, name: str, **data: object) -> None:
        def there() -> bool:
            return any(e.name == name and data.items() <= e.data.items() for e in self.events)

        with self._changed:
            assert self._changed.wait_for(there, LONG), f"{name} {data} never came: {self.events}"

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something is so: no event tells of all that happens after the last one."""
        eventually(condition, lambda: self.events)


class World:
    """A vault with its upkeep."""

    def __init__(self, tmp_path: Path, quiet: float = 0.05) -> None:
        self.file = tmp_path / "index.db"
        self.root = tmp_path / "v"
        (self.root / ".obsidian").mkdir(parents=True)
        (self.root / "a.md").write_text("first note")
        self.ledger = Ledger(tmp_path / "index.db")
        self.embedder = WordEmbedder()
        self.policy = LivePolicy(Settings(), Vault(self.root))
        self.indexer = Indexer(Vault(self.root), self.ledger, MemoryStore(), self.embedder, self.policy)
        self.bus = Bus()
        self.heard = Heard(self.bus)
        self.saved: list[VaultPath] = []
        self.uncovered: list[VaultPath] = []
        self.upkeep = Upkeep(self.indexer, self.bus, Coalescer(quiet, 0.2), 300, polling=False)
        self.upkeep.on_saved = self.saved.append
        self.upkeep.on_uncovered = self.uncovered.append
        self.upkeep.reload = self._reload
        self.reloads = 0

    def _reload(self) -> None:
        self.reloads += 1
        self.policy.reload()

    def exclude(self, *filters: str) -> None:
        """What the app does when its setting is changed."""
        (self.root / APP).write_text(json.dumps({"userIgnoreFilters": filters}))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    world.upkeep.start()
    world.heard.wait("index.ready")
    world.heard.events.clear()
    yield world
    world.upkeep.stop()
    world.ledger.close()


def test_a_saved_note_is_indexed(world: World) -> None:
    assert not world.saved, "what was found at start was not saved just now"
    (world.root / "b.md").write_text("second note")
    world.heard.wait("note.indexed", path="b.md")
    world.heard.until(lambda: world.saved == ["b.md"])
    assert world.ledger.note("b.md") is not None


@pytest.mark.parametrize("name", ["Board.canvas", "Books.base"])
def test_a_saved_document_is_indexed(world: World, name: str) -> None:
    (world.root / name).write_text('{"nodes": [{"id": "a", "type": "text", "text": "A card"}]}')
    world.heard.wait("note.indexed", path=name)
    assert "A card" in world.ledger.occurrences_of(name)[0].text
    (world.root / name).unlink()
    world.upkeep.rescan()
    world.heard.until(lambda: world.ledger.note(name) is None)


@pytest.mark.parametrize("name", [b"caf\xe9.md", b"caf\xe9.canvas"])
def test_a_name_that_is_no_text_is_passed_over(world: World, name: bytes) -> None:
    Path(os.fsdecode(os.fsencode(world.root) + b"/" + name)).write_text("of another age")
    (world.root / "b.md").write_text("second note")
    world.heard.wait("note.indexed", path="b.md")
    assert not world.upkeep.status().problem and world.ledger.paths() == ["a.md", "b.md"]


def test_what_nobody_foresaw_is_told_and_tried_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    put_note, odd = record.put_note, [ZeroDivisionError("odd")]

    def once_odd(*arguments: Any, **named: Any) -> None:
        if odd:
            raise odd.pop()
        put_note(*arguments, **named)

    monkeypatch.setattr(record, "put_note", once_odd)
    (world.root / "b.md").write_text("second note")
    world.heard.wait("vault.problem", cause="ZeroDivisionError: odd.")
    world.heard.wait("note.indexed", path="b.md")
    world.heard.until(lambda: world.upkeep.status().ready)


def test_a_save_by_rename_is_one_change(world: World) -> None:
    (world.root / ".a.md.tmp").write_text("rewritten")
    (world.root / ".a.md.tmp").replace(world.root / "a.md")
    world.heard.wait("note.indexed", path="a.md")
    assert [c.text for c in world.ledger.occurrences_of("a.md")] == ["rewritten"]


def test_a_new_folder_with_notes_is_found(world: World, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "n.md").write_text("moved in")
    (tmp_path / "outside").rename(world.root / "inside")
    world.heard.wait("note.indexed", path="inside/n.md")


def test_many_files_at_once(world: World) -> None:
    for number in range(1000):
        (world.root / f"n{number}.md").write_text(f"note number {number}")
    for number in range(1000):
        world.heard.wait("note.indexed", path=f"n{number}.md")
    assert world.ledger.counts()[0] == 1001


class Looked:
    """Counts how the index is asked to catch up."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.paths: list[list[str]] = []
        self.scans = self.turns = 0
        look, scan, check = Indexer.look, Indexer.scan, Vault.check

        def looks(indexer: Indexer, paths: list[str]) -> None:
            self.paths.append(paths)
            look(indexer, paths)

        def scans(indexer: Indexer) -> int:
            self.scans += 1
            return scan(indexer)

        def checks(vault: Vault) -> None:
            self.turns += 1
            check(vault)

        monkeypatch.setattr(Indexer, "look", looks)
        monkeypatch.setattr(Indexer, "scan", scans)
        monkeypatch.setattr(Vault, "check", checks)


@contextmanager
def occupied(world: World) -> Iterator[None]:
    """The thread has something else to do for the length of a block, and at its end all hints of it have come."""
    begun, end, last = threading.Event(), threading.Event(), threading.Event()
    world.upkeep.on_hint = lambda path: last.set() if path == "last.md" else None

    def long() -> None:
        begun.set()
        assert end.wait(LONG)

    busy = threading.Thread(target=world.upkeep.call, args=(long,))
    busy.start()
    try:
        assert begun.wait(LONG)
        yield
        (world.root / "last.md").write_text("the hints of the others came before that of this one")
        assert last.wait(LONG)
    finally:
        end.set()
        busy.join()


def test_a_flood_of_hints_is_answered_by_one_scan(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.indexing.upkeep.FLOOD", 20)
    looked = Looked(world, monkeypatch)
    with occupied(world):
        for number in range(100):
            (world.root / f"n{number}.md").write_text(f"note number {number}")
    for number in range(100):
        world.heard.wait("note.indexed", path=f"n{number}.md")
    world.heard.until(lambda: world.ledger.counts()[0] == 102)
    assert 1 <= looked.scans <= 2 and all(len(paths) <= 20 for paths in looked.paths)


def test_hints_that_are_due_later_let_the_thread_sleep(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    woken = 0
    notify = world.upkeep._wake.notify_all

    def count() -> None:
        nonlocal woken
        woken += 1
        notify()

    monkeypatch.setattr(world.upkeep._wake, "notify_all", count)
    world.upkeep.call(lambda: None)
    assert woken, "it is counted"
    for number in range(2000):
        world.upkeep._hint(f"none{number}.md")
    (world.root / "b.md").write_text("second note")
    world.heard.wait("note.indexed", path="b.md")
    assert woken < 500


def test_folders_that_change_are_looked_at_once_and_in_their_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = World(tmp_path, quiet=LONG)
    patient.upkeep._coalescer.longest = LONG
    patient.upkeep.start()
    patient.heard.wait("index.ready")
    looked = Looked(patient, monkeypatch)
    for _ in range(50):
        before = looked.turns
        patient.upkeep._tree_hint()
        patient.upkeep.call(lambda: None)
        patient.heard.until(lambda before=before: looked.turns > before)  # type: ignore[misc]
    assert not looked.scans and patient.upkeep.status().pending == 1
    patient.upkeep.stop()
    patient.ledger.close()


def test_a_vault_that_goes_away_and_comes_back(world: World) -> None:
    away = world.root.with_name("away")
    world.root.rename(away)
    world.heard.wait("vault.problem")
    assert world.ledger.counts()[0] == 1 and not world.upkeep.status().ready
    (away / "c.md").write_text("written meanwhile")
    away.rename(world.root)
    world.heard.wait("note.indexed", path="c.md")
    before = world.indexer.embedded
    (world.root / "d.md").write_text("watched again")
    world.heard.wait("note.indexed", path="d.md")
    assert world.indexer.embedded == before + 1 and world.ledger.counts()[0] == 3


def test_what_the_app_excludes_is_gone_at_once_and_comes_back(world: World) -> None:
    (world.root / "Old o.md").write_text("an old note")
    world.heard.until(lambda: world.saved == ["Old o.md"])
    world.saved.clear()
    world.exclude("Old ")
    world.heard.until(lambda: world.ledger.paths() == ["a.md"] and world.indexer.store.count() == 1)
    world.heard.events.clear()
    world.exclude()
    world.heard.wait("note.indexed", path="Old o.md")
    world.heard.until(lambda: world.uncovered == ["Old o.md"])
    assert not world.saved, "nobody saved it"


def test_hints_of_the_settings_are_joined(world: World) -> None:
    before = world.reloads
    with occupied(world):
        for number in range(50):
            world.exclude(f"Nothing {number}/")
        world.exclude("a.md")
    world.heard.until(lambda: world.ledger.paths() == ["last.md"])
    assert world.reloads - before <= 3


def test_a_long_first_scan_begins_anew_when_the_policy_changes(tmp_path: Path) -> None:
    world = World(tmp_path, quiet=0)
    (world.root / "Secret").mkdir()
    for number in range(100):
        (world.root / f"Secret/s{number}.md").write_text(f"secret number {number}")
    world.indexer.embedder = slow = WaitingEmbedder()
    world.upkeep.start()
    assert slow.called.wait(LONG)
    world.exclude("Secret/")
    with world.upkeep._wake:
        assert world.upkeep._wake.wait_for(world.upkeep._settings_due, LONG)
    slow.go.set()
    world.heard.wait("index.ready")
    assert world.ledger.paths() == ["a.md"] and world.indexer.store.count() == 1
    assert sum("secret" in text for text in slow.seen) <= 16, "no more than the batch that was under way"
    world.upkeep.stop()
    world.ledger.close()


def test_a_note_that_is_saved_does_not_wait_for_a_long_first_scan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "LEAST_SCAN", 0)
    world = World(tmp_path, quiet=0)
    for number in range(1000):
        (world.root / f"n{number}.md").write_text(f"note number {number}")
    gone, saved, last = world.root / "n7.md", world.root / "n999.md", threading.Event()
    world.upkeep.on_hint = lambda path: last.set() if path == "last.md" else None
    world.indexer.embedder = slow = WaitingEmbedder()
    world.upkeep.start()
    assert slow.called.wait(LONG)
    gone.unlink()
    saved.write_text("saved meanwhile")
    (world.root / "last.md").write_text("the hints of the others came before that of this one")
    assert last.wait(LONG)
    slow.go.set()
    world.heard.wait("index.ready")
    assert slow.seen.index("saved meanwhile") < 500, "before most of the vault"
    assert world.ledger.counts()[0] == 1001 and "n7.md" not in world.ledger.paths()
    assert len(slow.seen) == len(set(slow.seen)), "no text is embedded twice"
    world.upkeep.stop()
    world.ledger.close()


def test_stopping_in_the_middle_is_quick_and_loses_nothing(tmp_path: Path) -> None:
    world = World(tmp_path)
    for number in range(200):
        (world.root / f"n{number}.md").write_text(f"note number {number}")
    world.upkeep.start()
    world.heard.wait("index.progress")
    world.upkeep.stop()
    done = world.indexer.embedded
    assert not any(thread.name == "upkeep" for thread in threading.enumerate())
    again = Indexer(world.indexer.vault, world.ledger, MemoryStore(), WordEmbedder(), Policy())
    again.prepare()
    again.scan()
    assert world.ledger.counts()[0] == 201 and again.embedded == 201 - done
    world.ledger.close()


@pytest.fixture
def full(world: World) -> World:
    """A world whose index is larger than SQLite's memory of it, and all of it in the file."""
    for number in range(300):
        (world.root / f"n{number}.md").write_text(f"# Note {number}\n\n" + f"The heron {number} eats frogs. " * 40)
    for number in range(300):
        world.heard.wait("note.indexed", path=f"n{number}.md")
    world.upkeep.call(forgetful(world))
    world.heard.events.clear()
    world.saved.clear()
    return world


def forgetful(world: World) -> Callable[[], None]:
    """Makes SQLite read the file again, in the thread that runs it."""

    def forget() -> None:
        with world.ledger.database.write() as connection:
            connection.execute("SELECT 1")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA shrink_memory")
        world.ledger.read().execute("PRAGMA shrink_memory")

    return forget


def overwrite(file: Path) -> None:
    """Spoil all but the first pages, in place."""
    with file.open("r+b") as handle:
        size = file.stat().st_size
        handle.seek(4096 * 30)
        handle.write(b"\xff" * (size - 4096 * 30))


def test_an_index_that_is_damaged_while_it_is_used_is_made_anew(full: World) -> None:
    assert full.ledger.counts()[0] == 301  # this thread has a connection of its own
    seen = len(full.embedder.seen)
    overwrite(full.file)
    (full.root / "late.md").write_text("Written when the index was broken.")
    full.heard.wait("index.ready")
    assert any(event.name == "vault.problem" and "anew" in event.data["message"] for event in full.heard.events)
    assert full.ledger.counts()[0] == 302 and full.ledger.note("late.md") is not None
    assert len(full.embedder.seen) - seen >= 302
    ids = {row[0] for row in full.ledger.read().execute("SELECT id FROM occurrences")}
    assert full.indexer.store.ids() == ids
    assert not full.saved, "nobody saved these notes just now: they must not be linked"
    assert full.file.with_name("index.db.damaged").exists() and full.upkeep.status().problem == ""
    (full.root / "after.md").write_text("Written when all was well again.")
    full.heard.until(lambda: full.saved == ["after.md"])


def test_a_reader_who_found_damage_has_it_looked_at(full: World) -> None:
    overwrite(full.file)
    forgetful(full)
    full.upkeep.suspect()
    full.heard.wait("index.ready")
    assert full.ledger.counts()[0] == 301 and full.file.with_name("index.db.damaged").exists()


def test_a_suspicion_that_is_not_true_changes_nothing(world: World) -> None:
    seen = len(world.embedder.seen)
    world.upkeep.suspect()
    world.upkeep.call(lambda: None)
    assert not world.heard.events and len(world.embedder.seen) == seen and not list(world.root.parent.glob("*.damaged"))


def test_a_damaged_full_text_is_made_anew_and_nothing_is_embedded(full: World) -> None:
    seen = len(full.embedder.seen)

    def spoil() -> None:
        with full.ledger.database.write() as connection:
            connection.execute("DELETE FROM lexical_data WHERE id > 10")

    full.upkeep.call(spoil)
    full.upkeep.call(full.indexer.check)
    with full.ledger.database.write() as connection:
        assert not lexical.contradiction(connection)
    assert len(full.embedder.seen) == seen and len(lexical.search(full.ledger.read(), "heron", 500)) >= 100


def test_a_full_disk_costs_nothing_but_time(full: World) -> None:
    seen = len(full.embedder.seen)

    def pages(most: str) -> Callable[[], None]:
        def limit() -> None:
            with full.ledger.database.write() as connection:
                connection.execute(f"PRAGMA max_page_count = {most}")

        return limit

    full.upkeep.call(pages("1"))
    (full.root / "late.md").write_text("\n\n".join(f"# Part {n}\n\nThe disk was full at {n}." for n in range(400)))
    full.heard.wait("vault.problem")
    assert "full" in full.upkeep.status().problem and full.ledger.counts()[0] == 301
    full.upkeep.call(pages("1000000"))
    full.heard.wait("note.indexed", path="late.md")
    texts = full.embedder.seen[seen:]
    assert len(set(texts)) == len(full.ledger.occurrences_of("late.md")) and not list(
        full.root.parent.glob("*.damaged")
    )


def test_a_job_runs_in_the_thread_and_its_answer_comes_back(world: World) -> None:
    assert world.upkeep.call(lambda: threading.current_thread().name) == "upkeep"

    def fails() -> None:
        raise VaultUnavailableError("It went away.")

    with pytest.raises(VaultUnavailableError, match="went away"):
        world.upkeep.call(fails)
    assert world.upkeep.call(lambda: 5) == 5, "the thread goes on"


def test_a_job_that_comes_too_late_is_not_done(world: World) -> None:
    begun, end, done = threading.Event(), threading.Event(), list[str]()

    def long() -> None:
        begun.set()
        end.wait(LONG)

    busy = threading.Thread(target=world.upkeep.call, args=(long,))
    busy.start()
    assert begun.wait(LONG)
    with pytest.raises(IndexBusyError):
        world.upkeep.call(lambda: done.append("late"), patience=0.01)
    end.set()
    busy.join()
    assert world.upkeep.call(lambda: 5) == 5 and not done


def test_no_job_runs_on_an_index_that_is_suspected(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    check = Indexer.check

    def checks(indexer: Indexer) -> None:
        done.append("check")
        check(indexer)

    monkeypatch.setattr(Indexer, "check", checks)

    look = Indexer.look

    def looks(indexer: Indexer, paths: list[str]) -> None:
        look(indexer, paths)
        world.upkeep._errands.ask(lambda: done.append("job"))
        world.upkeep.suspect()

    monkeypatch.setattr(Indexer, "look", looks)
    (world.root / "b.md").write_text("second note")
    world.heard.until(lambda: "job" in done)
    assert done[:2] == ["check", "job"]


def test_without_the_thread_a_job_runs_at_once(tmp_path: Path) -> None:
    world = World(tmp_path)
    assert world.upkeep.call(lambda: threading.current_thread() is threading.main_thread())
    world.upkeep.catch_up()
    assert world.upkeep.status().ready and world.ledger.counts()[0] == 1
    world.ledger.close()


def test_a_command_without_a_daemon_makes_a_damaged_index_anew(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.upkeep.catch_up()
    with world.ledger.database.write() as connection:
        connection.execute("DELETE FROM lexical_content")
    (world.root / "a.md").write_text("Changed since.")
    world.upkeep.catch_up()
    assert [row[0] for row in lexical.search(world.ledger.read(), "changed", 5)] == [
        chunk.id for chunk in world.ledger.occurrences_of("a.md")
    ]
    world.ledger.close()
