import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from daemon.bus import Bus, BusEvent
from daemon.config import WritingSection
from daemon.writing.applier import Applier
from daemon.writing.plugins import Answer, Outcome, Plugins
from vault_sync.databases.state import State
from vault_sync.errors import NoteBusyError, NoteNotFoundError, StaleEditError, VaultError, WriteRefusedError
from vault_sync.notes.note import Span
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import Policy
from vault_sync.vault import Vault
from vault_sync.watching.syncing import Syncing
from vault_sync.writing.edit import ABSENT, Edit, Removal, content_hash
from vault_sync.writing.journal import Journal
from vault_sync.writing.write import Writer

NOTE = VaultPath("n.md")
OLD = "🌲 old".encode()
EDIT = Edit(NOTE, content_hash(OLD), Span(2, 5), "old", "new")
NEW = "🌲 new".encode()
PLUGIN = "plugin-1"


class World:
    """A vault with one note, and a plugin that answers as a test wants."""

    def __init__(self, root: Path, **settings: float) -> None:
        (root / "v").mkdir()
        self.file = root / "v" / NOTE
        self.file.write_bytes(OLD)
        self.bus = Bus()
        self.settings = WritingSection(
            **({"settle_seconds": 0, "patience_seconds": 0, "plugin_seconds": 30} | settings)
        )
        vault = Vault(root / "v")
        journal = Journal(State(root / "state.db"))
        self.writer = Writer(vault, journal, Policy(), self.settings.settle_seconds)
        self.plugins = Plugins(self.bus, self.settings.plugin_seconds, lambda: [NOTE], self._digest)
        self.problem = ""
        self.syncing = Syncing(vault.root)
        self.applier = Applier(self.writer, self.plugins, self.syncing, self.bus, self.settings, lambda: self.problem)
        self.events: list[BusEvent] = []
        self.bus.listen(self.events.append)

    def _digest(self, path: VaultPath) -> str | None:
        try:
            return content_hash(self.writer.vault.read(path)[0])
        except NoteNotFoundError:
            return None

    async def apply(self, change: Edit | Removal = EDIT) -> str:
        return await self.applier.apply(change, feature="link", run="r")

    async def connect(self, name: str = PLUGIN) -> None:
        self.plugins.connect(name)
        assert not await self.plugins.prove(name, {NOTE: self._digest(NOTE)})

    def asked(self) -> list[dict[str, Any]]:
        return [event.data for event in self.events if event.name == "edit.apply"]

    def answers(self, outcome: Outcome, digest: str | None, *, writes: bytes | None = None) -> None:
        """The plugin answers each request so."""

        def heard(event: BusEvent) -> None:
            if event.name == "edit.apply":
                if writes is not None:
                    self.file.write_bytes(writes)
                self.plugins.answer(event.to, event.data["id"], Answer(outcome, digest, "Because."))

        self.bus.listen(heard)

    def states(self) -> list[str]:
        return [entry.state for entry in self.writer.journal.entries()]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    yield World(tmp_path)


async def test_without_a_plugin_the_daemon_writes(world: World) -> None:
    assert await world.apply() == content_hash(NEW)
    assert world.file.read_bytes() == NEW and world.states() == ["done"]
    assert [e.name for e in world.events] == ["note.written"]


async def test_a_connected_plugin_is_asked_and_the_daemon_writes_nothing(world: World) -> None:
    await world.connect()
    world.answers("applied", content_hash(NEW))
    assert await world.apply() == content_hash(NEW)
    assert world.file.read_bytes() == OLD, "the app writes, perhaps into a folder that is synced only later"
    (asked,) = world.asked()
    assert asked["span"] == {"start": 3, "end": 6, "unit": "utf16"} and asked["base_hash"] == content_hash(OLD)
    assert asked["after_hash"] == content_hash(NEW) and world.states() == ["done"]
    assert world.events[0].to == PLUGIN and world.events[-1].name == "note.written"


async def test_a_plugin_that_has_proved_nothing_is_not_asked(world: World) -> None:
    world.plugins.connect(PLUGIN)
    assert await world.plugins.prove(PLUGIN, {NOTE: content_hash(b"another vault")})
    await world.apply()
    assert not world.asked() and world.file.read_bytes() == NEW


@pytest.mark.parametrize(
    ("outcome", "error"), [("stale", StaleEditError), ("busy", NoteBusyError), ("failed", WriteRefusedError)]
)
async def test_what_the_plugin_can_not_do_is_told_as_it_is(
    world: World, outcome: Outcome, error: type[VaultError]
) -> None:
    await world.connect()
    world.answers(outcome, None)
    with pytest.raises(error, match="Because"):
        await world.apply()
    assert world.file.read_bytes() == OLD and world.states() == ["failed"]


async def test_what_the_plugin_wrote_counts_even_where_it_says_it_failed(world: World) -> None:
    await world.connect()
    world.answers("failed", None, writes=NEW)
    assert await world.apply() == content_hash(NEW) and world.states() == ["done"]


async def test_a_plugin_that_dies_before_it_writes(world: World) -> None:
    await world.connect()
    world.bus.listen(lambda event: world.plugins.disconnect(event.to) if event.name == "edit.apply" else None)
    with pytest.raises(NoteBusyError):
        await world.apply()
    assert world.file.read_bytes() == OLD and world.states() == ["failed"]
    assert await world.apply() == content_hash(NEW), "the next time the daemon writes by itself"
    assert world.file.read_bytes() == NEW


async def test_a_plugin_that_dies_after_it_wrote_has_applied_it_once(world: World) -> None:
    await world.connect()

    def die(event: BusEvent) -> None:
        if event.name == "edit.apply":
            world.file.write_bytes(NEW)
            world.plugins.disconnect(event.to)

    world.bus.listen(die)
    assert await world.apply() == content_hash(NEW)
    with pytest.raises(StaleEditError):
        await world.apply()
    assert world.file.read_bytes() == NEW


async def test_a_plugin_that_says_nothing_is_not_waited_for_again(tmp_path: Path) -> None:
    world = World(tmp_path, plugin_seconds=0.01)
    await world.connect()
    with pytest.raises(NoteBusyError):
        await world.apply()
    assert world.events[-1].name == "edit.withdrawn"
    await world.apply()
    assert len(world.asked()) == 1 and world.file.read_bytes() == NEW


async def test_a_late_answer_is_still_written_down(world: World) -> None:
    await world.connect()
    world.bus.listen(lambda event: world.plugins.disconnect(event.to) if event.name == "edit.apply" else None)
    with pytest.raises(NoteBusyError):
        await world.apply()
    (entry,) = world.writer.journal.entries()
    assert not world.plugins.answer(PLUGIN, world.asked()[0]["id"], Answer("applied", content_hash(NEW), ""))
    world.writer.journal.applied_late(str(entry.id), "another hash")
    assert world.states() == ["failed"]
    world.writer.journal.applied_late(str(entry.id), content_hash(NEW))
    assert world.states() == ["done"]


async def test_the_plugin_that_connected_last_is_asked(world: World) -> None:
    await world.connect("plugin-1")
    await world.connect("plugin-2")
    world.answers("applied", content_hash(NEW))
    await world.apply()
    assert [e.to for e in world.events if e.name == "edit.apply"] == ["plugin-2"]
    world.plugins.disconnect("plugin-2")
    assert world.plugins.ready() == "plugin-1"


async def test_a_plugin_with_two_streams_is_there_until_both_have_ended(world: World) -> None:
    await world.connect()
    world.plugins.connect(PLUGIN)
    assert world.plugins.ready() is None, "it has to prove itself anew"
    world.plugins.disconnect(PLUGIN)
    assert not await world.plugins.prove(PLUGIN, {NOTE: content_hash(OLD)})
    assert world.plugins.ready() == PLUGIN


async def test_new_notes_and_removals_go_through_the_plugin_too(world: World) -> None:
    await world.connect()
    world.answers("applied", content_hash(b"text"))
    await world.apply(Edit(VaultPath("Famulus/new.md"), ABSENT, Span(0, 0), "", "text"))
    world.answers("applied", ABSENT)
    with pytest.raises(WriteRefusedError):
        await world.apply(Removal(NOTE, content_hash(OLD)))
    new, removal = world.asked()
    assert (new["base_hash"], new["after"], new["remove"]) == ("", "text", False)
    assert (removal["after_hash"], removal["remove"]) == ("", True)


async def test_a_fresh_save_is_waited_for(tmp_path: Path) -> None:
    world = World(tmp_path, settle_seconds=0.1, patience_seconds=20)
    assert await world.apply() == content_hash(NEW)


async def test_patience_has_an_end(tmp_path: Path) -> None:
    world = World(tmp_path, settle_seconds=60)
    with pytest.raises(NoteBusyError, match="moment ago"):
        await world.apply()
    os.utime(world.file, (1, 1))
    assert await world.apply() == content_hash(NEW)


async def test_a_sync_or_a_vault_that_is_away_is_waited_for(world: World) -> None:
    arriving = world.file.with_name(".syncthing.other.md.tmp")
    arriving.write_text("half")
    with pytest.raises(NoteBusyError, match="sync tool"):
        await world.apply()
    arriving.unlink()
    world.problem = "The vault is not mounted."
    with pytest.raises(NoteBusyError, match="not mounted"):
        await world.apply()
    world.problem = ""
    await world.apply()


async def test_an_unresolved_conflict_is_left_alone(world: World) -> None:
    data = b"<<<<<<< a\nx\n=======\ny\n>>>>>>> b\nold"
    world.file.write_bytes(data)
    with pytest.raises(WriteRefusedError, match="conflict"):
        await world.apply(Edit(NOTE, content_hash(data), Span(0, 0), "", "x"))
    assert world.file.read_bytes() == data


async def test_who_stops_waiting_does_not_stop_the_write(world: World) -> None:
    await world.connect()
    asked = asyncio.Event()
    world.bus.listen(lambda event: asked.set() if event.name == "edit.apply" else None)
    task = asyncio.create_task(world.apply())
    await asked.wait()
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done(), "what was begun is ended"
    world.plugins.answer(PLUGIN, world.asked()[0]["id"], Answer("applied", content_hash(NEW), ""))
    with pytest.raises(asyncio.CancelledError):
        await task
    assert world.states() == ["done"]
