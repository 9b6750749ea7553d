"""Which engines hold memory now, and who may use them: loads on first need, unloads, queues, takes turns.

Decides nothing itself: placement, eviction and pressure do. It measures, admits and unloads.
"""

import asyncio
import logging
import math
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from agents.errors import AgentError, EngineError
from agents.ports import Priority
from daemon.engines.hosting.eviction import Newcomer, Resident, settle
from daemon.engines.hosting.placement import MIB, Placed
from daemon.engines.hosting.rooms import Held, Rooms, Tenant, Wanted
from daemon.engines.spec import EngineSpec

_URGENCY: Mapping[str, int] = {"interactive": 0, "save": 1, "bulk": 2}
_THERE = ("loading", "ready")
log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Ticket:
    """A wish to use an engine, and later the use itself; `hurry` is called when the engine is to leave meanwhile."""

    name: str
    priority: Priority
    since: float
    hurry: Callable[[], None]
    turn: "Future[None]" = field(default_factory=Future)
    over: bool = False


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to use an engine, until it is released; a second release does nothing."""

    release: Callable[[], None]


class Residency:
    """Leases on engines. Safe to use from threads and coroutines; `look` is called by whoever keeps the time."""

    def __init__(
        self,
        tenants: Sequence[Tenant],
        rooms: Rooms,
        *,
        poll: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
        call: Callable[[], None] = lambda: None,
    ) -> None:
        """`call` asks for a `look` soon, in another thread; it must not block."""
        self._tenants = {tenant.spec.name: tenant for tenant in tenants}
        self._rooms = rooms
        self._poll = poll
        self._clock = clock
        self._call = call
        self._lock = threading.Lock()
        self._looking = threading.Lock()
        self._waiting: list[_Ticket] = []
        self._using: set[_Ticket] = set()
        self._closed = False
        self._residents: dict[str, Resident] = {}
        self._placed: dict[str, Placed] = {}
        self._leaving: frozenset[str] = frozenset()
        self._again = math.inf

    def knows(self, name: str) -> bool:
        """Whether the engine is one that takes memory of ours."""
        return name in self._tenants

    def join(self, tenant: Tenant) -> None:
        """One more engine. Its name must be new."""
        with self._lock:
            self._tenants[tenant.spec.name] = tenant

    def part(self, name: str) -> None:
        """Know an engine no more: who waits for it is told, who uses it may go on. It is not unloaded here."""
        with self._looking, self._lock:
            self._tenants.pop(name, None)
            self._forget(name)
            refused = [each for each in self._waiting if each.name == name]
            self._waiting = [each for each in self._waiting if each.name != name]
        for ticket in refused:
            _refuse(ticket, _closed(name))
        self._call()

    async def take(self, name: str, priority: Priority, hurry: Callable[[], None] = lambda: None) -> Lease:
        """A lease; `hurry` is called, from any thread, when others wait for its end. Raises EngineError: no room."""
        ticket = self._enter(name, priority, hurry)
        try:
            if not ticket.turn.done():
                await asyncio.wrap_future(ticket.turn)
            ticket.turn.result()
        except asyncio.CancelledError:
            self._give_up(ticket)
            raise
        return Lease(lambda: self._leave(ticket))

    @asynccontextmanager
    async def lease(self, name: str, priority: Priority = "interactive") -> AsyncIterator[None]:
        """The engine has its room, and is not unloaded, for the length of a block. Raises EngineError: no room."""
        lease = await self.take(name, priority)
        try:
            yield
        finally:
            lease.release()

    @contextmanager
    def held(self, name: str, priority: Priority = "interactive") -> Iterator[None]:
        """The same in a thread."""
        ticket = self._enter(name, priority, lambda: None)
        ticket.turn.result()
        try:
            yield
        finally:
            self._leave(ticket)

    def close(self) -> None:
        """Let nobody in any more; whoever waits is told."""
        with self._lock:
            self._closed = True
        self.dismiss()

    def dismiss(self) -> None:
        """Tell all who wait that they wait in vain, for the end is near."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for ticket in waiting:
            _refuse(ticket, _closed(ticket.name))

    def give_up(self, error: AgentError) -> None:
        """Tell all who wait for an engine that is not there that it can not be."""
        with self._lock:
            refused = [each for each in self._waiting if each.name not in self._residents]
            self._waiting = [each for each in self._waiting if each.name in self._residents]
        for ticket in refused:
            _refuse(ticket, error)

    def placed(self, spec: EngineSpec) -> tuple[EngineSpec, tuple[int, ...]]:
        """The spec with the devices and the number of layers that it was given, and how many go to each device."""
        with self._lock:
            found = self._placed.get(spec.name)
        if found is None or not found.split:
            return spec, ()
        return replace(spec, devices=tuple(found.split), gpu_layers=found.pieces), tuple(found.split.values())

    def holds(self) -> dict[str, dict[str, int]]:
        """MiB by card of each engine that has its room now."""
        with self._lock:
            residents = list(self._residents.values())
        return {each.name: {card: size // MIB for card, size in each.shares.items()} for each in residents}

    def memory(self) -> list[dict[str, Any]]:
        """Each device as it was measured last, with what each engine holds of it; MiB."""
        holds = self.holds()
        return [
            {
                "name": device.name,
                "description": device.description,
                "total_mib": device.total // MIB,
                "free_mib": device.free // MIB,
                "engines": {name: shares[device.card] for name, shares in holds.items() if shares.get(device.card)},
            }
            for device in self._rooms.devices
        ]

    def waiting(self) -> dict[str, int]:
        """How many wait for each engine that is not ready for them."""
        with self._lock:
            names = [ticket.name for ticket in self._waiting if not ticket.turn.cancelled()]
        return {name: names.count(name) for name in sorted(set(names))}

    def look(self) -> float:
        """Do what is to be done now: load, unload, let in. Returns when to look again, on the clock. Blocks."""
        with self._looking:
            while True:
                wanted = self._measured()
                gone, again = self._settle(wanted)
                if not gone:
                    self._again = again
                    return again
                for name in gone:
                    log.info("engine %s makes room", name)
                    self._tenants[name].unload()
                with self._lock:
                    for name in gone:
                        self._forget(name)

    def _enter(self, name: str, priority: Priority, hurry: Callable[[], None]) -> _Ticket:
        ticket = _Ticket(name, priority, self._clock(), hurry)
        with self._lock:
            if self._closed or name not in self._tenants:
                raise _closed(name)
            self._waiting.append(ticket)
            self._admit()
        if not ticket.turn.done():
            self._call()
        return ticket

    def _leave(self, ticket: _Ticket) -> None:
        with self._lock:
            if ticket.over:
                return
            ticket.over = True
            self._using.discard(ticket)
            here = self._residents.get(ticket.name)
            if here is not None:
                self._residents[ticket.name] = replace(here, running=here.running - 1, used=self._clock())
            others = bool(self._waiting or self._leaving)
            timed = here is not None and bool(here.idle) and self._clock() + here.idle < self._again
            gone = here is not None and here.running == 1 and self._tenants[ticket.name].state() not in _THERE
        if others or timed or gone:
            self._call()

    def _give_up(self, ticket: _Ticket) -> None:
        if ticket.turn.cancel() or ticket.turn.cancelled():
            with self._lock:
                self._waiting = [each for each in self._waiting if each is not ticket]
            self._call()
        elif ticket.turn.exception() is None:
            self._leave(ticket)  # it came in the moment of giving up

    def _forget(self, name: str) -> None:
        self._residents.pop(name, None)
        self._placed.pop(name, None)
        self._leaving -= {name}

    def _admit(self) -> None:
        """Let in whoever waits for an engine that is there, the urgent ones first; called with the lock."""
        left = []
        for ticket in sorted(self._waiting, key=lambda each: (_URGENCY[each.priority], each.since)):
            here = self._residents.get(ticket.name)
            if here is None or ticket.name in self._leaving or self._yields(ticket, here):
                left.append(ticket)
            elif ticket.turn.set_running_or_notify_cancel():
                self._residents[ticket.name] = replace(here, running=here.running + 1, used=self._clock())
                self._using.add(ticket)
                ticket.turn.set_result(None)
        self._waiting = left

    def _yields(self, ticket: _Ticket, here: Resident) -> bool:
        return ticket.priority == "bulk" and self._rooms.pressed(here.shares)

    def _measured(self) -> dict[str, Wanted]:
        """Where each engine that somebody waits for would lie; looks at files and devices, without the lock."""
        with self._lock:
            for name in [name for name, each in self._residents.items() if not each.running]:
                if self._tenants[name].state() not in _THERE:
                    self._forget(name)  # it failed to load, or died, or nobody waited for it any more
            names = {each.name for each in self._waiting if each.name not in self._residents}
            loaded = frozenset(name for name in self._residents if self._tenants[name].state() == "ready")
            held = Held(dict(self._residents), loaded)
        return self._rooms.measure(self._tenants, names, held)

    def _settle(self, wanted: Mapping[str, Wanted]) -> tuple[list[str], float]:
        """Let in and refuse; the engines to unload at once, and when to look again."""
        now = self._clock()
        with self._lock:
            self._refuse(wanted)
            free: dict[str, int] = {}
            for each in wanted.values():
                free |= each.free
            steps = settle(
                self._newcomers(wanted), [self._as_now(each) for each in self._residents.values()], free, now
            )
            for name in steps.load:
                placed = wanted[name].placed
                assert placed is not None
                self._placed[name] = placed
                terms = self._tenants[name].terms
                self._residents[name] = Resident(name, placed.shares, now, now, 0, terms.stays, terms.idle)
            self._leaving = frozenset(steps.leave)
            for ticket in self._using:
                if ticket.name in self._leaving:
                    ticket.hurry()
            self._admit()
            gone = [name for name in steps.leave if not self._residents[name].running]
            watched = bool(self._waiting or self._residents)
            return gone, min(steps.again, now + self._poll) if watched else steps.again

    def _refuse(self, wanted: Mapping[str, Wanted]) -> None:
        """Tell those who wait in vain; bulk work waits on while only other programs are in the way."""
        left = []
        for ticket in self._waiting:
            found = wanted.get(ticket.name)
            if found is None or found.error is None or (found.later and ticket.priority == "bulk"):
                left.append(ticket)
            else:
                _refuse(ticket, found.error)
        self._waiting = left

    def _newcomers(self, wanted: Mapping[str, Wanted]) -> Iterator[Newcomer]:
        for name, found in wanted.items():
            tickets = [each for each in self._waiting if each.name == name and not each.turn.cancelled()]
            if not tickets or found.placed is None:
                continue
            asked = [each for each in tickets if each.priority != "bulk"]
            if not asked and self._rooms.pressed(found.placed.shares):
                continue
            since = min(each.since for each in asked or tickets)
            yield Newcomer(name, found.placed.shares, since, self._tenants[name].terms.patience, not asked)

    def _as_now(self, resident: Resident) -> Resident:
        """One that nobody uses leaves a card that another program needs, once it has stayed its time."""
        if not self._rooms.pressed(resident.shares):
            return resident
        return replace(resident, idle=min(resident.idle or resident.stays, resident.stays) or 1e-9)


def _refuse(ticket: _Ticket, error: AgentError) -> None:
    if ticket.turn.set_running_or_notify_cancel():
        ticket.turn.set_exception(error)


def _closed(name: str) -> EngineError:
    return EngineError(f"The engine {name!r} gave no answer.", "It is closed.", "Start Famulus again.")
