"""Cards in a written machine: where newcomers would lie, and what happens when another program needs a card."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from daemon.engines.hosting.devices import Devices, Sources
from daemon.engines.hosting.eviction import Resident
from daemon.engines.hosting.footprint import CARD_OVERHEAD, stated
from daemon.engines.hosting.placement import MAIN
from daemon.engines.hosting.residency import Residency
from daemon.engines.hosting.rooms import Held, Rooms, Tenant, Wanted
from daemon.engines.hosting.sharing import Terms
from daemon.engines.hosting.sizing import Size
from daemon.engines.spec import EngineSpec
from tests.effort import LONG
from tests.fakes.tenants import Clock

GIB = 1 << 30
NOBODY = Held({}, frozenset())


@dataclass(slots=True)
class Cards:
    """Two cards by their free bytes; llama.cpp names them, NVML knows what is free."""

    free: dict[str, float] = field(default_factory=lambda: {"0000:01:00.0": 80.0, "0000:02:00.0": 40.0})
    total: float = 80.0
    main: float = 60.0

    def rooms(self) -> Rooms:
        return Rooms(Devices(sources=Sources(self._told, self._nvidia, lambda _: None, self._main)))

    def _main(self) -> tuple[int, int]:
        return 64 * GIB, int(self.main * GIB)

    def _told(self, _: EngineSpec) -> list[dict[str, Any]]:
        names = enumerate(self.free)
        return [
            {"name": f"CUDA{n}", "description": "NVIDIA", "kind": "gpu", "id": p, "total": 0, "free": 0}
            for n, p in names
        ]

    def _nvidia(self) -> dict[str, tuple[str, tuple[int, int]]]:
        total = int(self.total * GIB)
        return {place: ("NVIDIA", (total, int(free * GIB))) for place, free in self.free.items()}


def tenant(name: str, size: float, loaded: set[str], **spec: Any) -> Tenant:
    made = EngineSpec(name, "llama_cpp", "x", gpu_layers=99, **spec)
    footprint = Size(stated(int(size * GIB) - CARD_OVERHEAD))

    def state() -> str:
        return "ready" if name in loaded else "stopped"

    return Tenant(made, ("planner",), lambda: footprint, state, lambda: loaded.discard(name), Terms(stays=20.0))


def measured(cards: Cards, held: Held = NOBODY, size: float = 30.0, **spec: Any) -> Wanted:
    tenants = {"a": tenant("a", size, set(), **spec), "b": tenant("b", 58.0, {"b"})}
    return cards.rooms().measure(tenants, ["a"], held)["a"]


def test_a_newcomer_lies_where_most_is_free() -> None:
    found = measured(Cards()).placed
    assert found is not None and dict(found.split) == {"CUDA0": 2}


def test_a_card_that_is_free_now_goes_before_one_that_would_have_to_be_cleared() -> None:
    cards = Cards({"0000:01:00.0": 20.0, "0000:02:00.0": 40.0})
    there = Resident("b", {"0000:01:00.0": 58 * GIB}, 0, 0)
    found = measured(cards, Held({"b": there}, frozenset("b"))).placed
    assert found is not None and dict(found.split) == {"CUDA1": 2}


def test_what_only_others_are_in_the_way_of_may_come_later_and_what_is_too_large_may_not() -> None:
    cards = Cards({"0000:01:00.0": 10.0, "0000:02:00.0": 10.0})
    assert measured(cards, size=60.0).later
    assert not measured(cards, size=90.0).later
    assert not measured(cards, devices=("CUDA9",)).later


async def test_bulk_work_yields_main_memory_too() -> None:
    machine, loaded = Cards({}), {"a"}
    residency = Residency([tenant("a", 20.0, loaded)], machine.rooms(), clock=Clock())
    first = asyncio.create_task(residency.take("a", "bulk"))
    await asyncio.sleep(0)
    residency.look()
    (await asyncio.wait_for(first, LONG)).release()
    for free in (40.0, 0.5):
        machine.main = free
        residency.look()
    bulk, asked = (asyncio.create_task(residency.take("a", priority)) for priority in ("bulk", "interactive"))
    await asyncio.sleep(0)
    assert not bulk.done()
    (await asyncio.wait_for(asked, LONG)).release()
    machine.main = 41.0
    residency.look()
    (await asyncio.wait_for(bulk, LONG)).release()


async def test_bulk_work_yields_a_card_to_another_program_and_goes_on_later() -> None:
    cards, clock, loaded = Cards({"0000:01:00.0": 80.0}), Clock(), set[str]()
    rooms = cards.rooms()
    residency = Residency([tenant("a", 60.0, loaded)], rooms, clock=clock)

    async def take(priority: Any) -> "asyncio.Task[Any]":
        task = asyncio.create_task(residency.take("a", priority))
        await asyncio.sleep(0)
        residency.look()
        await asyncio.sleep(0)
        return task

    lease = await asyncio.wait_for(await take("bulk"), LONG)
    loaded.add("a")
    cards.free["0000:01:00.0"] = 20.0
    residency.look()
    cards.free["0000:01:00.0"] = 0.5  # another program takes what is left
    residency.look()
    lease.release()
    bulk, asked = await take("bulk"), await take("interactive")
    assert not bulk.done()
    (await asyncio.wait_for(asked, LONG)).release()

    clock.now = 30.0
    residency.look()
    assert not loaded, "nobody asks for it, and another program needs the card"
    cards.free["0000:01:00.0"] = 60.5
    residency.look()
    await asyncio.sleep(0)
    assert not bulk.done()
    cards.free["0000:01:00.0"] = 78.0
    residency.look()
    (await asyncio.wait_for(bulk, LONG)).release()


def test_main_memory_is_told_as_it_is_now() -> None:
    assert [device.card for device in Cards().rooms().devices] == [MAIN]
