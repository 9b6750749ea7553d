import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.bus import Bus, BusEvent
from daemon.upkeep import Upkeep
from tests.fakes.embedder import WordEmbedder
from vault_sync.change import Coalescer
from vault_sync.ledger import Ledger
from vault_sync.paths import VaultPath
from vault_sync.policy import Policy
from vault_sync.stores.memory import MemoryStore
from vault_sync.sync import Indexer
from vault_sync.vault import Vault

LONG = 20
"""Seconds that a test waits for what should come at once."""


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


class World:
    """A vault with its upkeep."""

    def __init__(self, tmp_path: Path) -> None:
        self.root = tmp_path / "v"
        self.root.mkdir()
        (self.root / "a.md").write_text("first note")
        self.ledger = Ledger(tmp_path / "index.db")
        self.indexer = Indexer(Vault(self.root), self.ledger, MemoryStore(), WordEmbedder(), Policy())
        self.bus = Bus()
        self.heard = Heard(self.bus)
        self.saved: list[VaultPath] = []
        self.upkeep = Upkeep(self.indexer, self.bus, Coalescer(0.05, 0.2), 300, polling=False)
        self.upkeep.on_saved = self.saved.append


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
    assert world.saved == ["b.md"]
    assert world.ledger.note("b.md") is not None


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
