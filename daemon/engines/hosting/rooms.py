"""Where engines would lie on the devices as they are now, and which cards others need. Measures; loads nothing."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from agents.errors import AgentError, EngineError
from daemon.engines.hosting.devices import Devices
from daemon.engines.hosting.eviction import Resident
from daemon.engines.hosting.placement import MAIN, Device, Placed, Wish, fits, options, place
from daemon.engines.hosting.pressure import Pressure, Reading
from daemon.engines.hosting.refusal import refusal
from daemon.engines.hosting.sharing import Terms
from daemon.engines.hosting.sizing import Size
from daemon.engines.hosting.wishes import wish_of
from daemon.engines.spec import EngineSpec

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tenant:
    """An engine as its host knows it. `state` is one of daemon/engines/hosting/lifecycle.py, `unload` returns when it is gone;
    both are called from any thread."""

    spec: EngineSpec
    roles: tuple[str, ...]
    size: Callable[[], Size]
    state: Callable[[], str]
    unload: Callable[[], None]
    terms: Terms = field(default_factory=Terms)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where a newcomer would lie, or why it can not; `free` bytes by card. `later`: only others are in its way."""

    placed: Placed | None = None
    free: Mapping[str, int] = field(default_factory=dict)
    error: AgentError | None = None
    later: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """What engines hold by name. What those that are `loaded` hold is not free any more on the devices."""

    residents: Mapping[str, Resident]
    loaded: frozenset[str]

    def on(self, card: str, *, loaded: bool = False) -> dict[str, int]:
        """Bytes on a card by engine."""
        residents = self.residents.items()
        return {
            name: size
            for name, each in residents
            if (size := each.shares.get(card, 0)) and (name in self.loaded or not loaded)
        }

    def on_cards(self) -> list[str]:
        """The engines that hold something on a card."""
        return [name for name, each in self.residents.items() if set(each.shares) - {MAIN}]


class Rooms:
    """The devices, as measured last. Used by one thread at a time, but for `pressed` and `devices`."""

    def __init__(self, devices: Devices) -> None:
        self._devices = devices
        self._seen: dict[str, Device] = {}
        self._pressure: dict[str, Pressure] = {}

    @property
    def devices(self) -> list[Device]:
        """What was seen, each card once, main memory as it is now."""
        main = self._devices.seen(())
        return [*main, *(device for card, device in dict(self._seen).items() if card != MAIN)]

    def pressed(self, cards: Iterable[str]) -> bool:
        """Whether another program needs one of these cards."""
        return any(card in self._pressure and self._pressure[card].on for card in cards)

    def measure(self, tenants: Mapping[str, Tenant], names: Iterable[str], held: Held) -> dict[str, Wanted]:
        """Where each of the engines of these names would lie. Looks at files and devices."""
        asked = set(names)
        every = sorted({*asked, *held.on_cards()})
        seen = {name: self._devices.seen_by(tenants[name].spec, ask=name in asked) for name in every}
        for device in (device for devices in seen.values() for device in devices):
            self._seen[device.card] = device
        if not seen and held.residents:
            self._seen[MAIN] = self._devices.seen(())[0]
        for device in self._seen.values():
            self._press(device, held)
        return {name: _wanted(tenants[name], seen[name], held) for name in asked}

    def _press(self, device: Device, held: Held) -> None:
        before = self._pressure.get(device.card, Pressure())
        ours, names = sum(held.on(device.card, loaded=True).values()), frozenset(held.on(device.card))
        now = self._pressure[device.card] = before.after(Reading(device.total, device.free, ours, names))
        if now.on != before.on:
            log.info("%s: work in bulk %s", device.name, "yields to another program" if now.on else "goes on")


def _wanted(tenant: Tenant, devices: Sequence[Device], held: Held) -> Wanted:
    size = tenant.size()
    if size.footprint is None:
        return Wanted(Placed(tenant.spec.name, {}, {}))
    whole = {each.card: _whole(each, held) for each in devices}
    free = {each.card: _whole(each, held, loaded=True) - sum(held.on(each.card).values()) for each in devices}
    wish = wish_of(tenant.spec, size.footprint, tenant.roles, devices)
    ways = [] if _unknown(wish, devices) else [way for way in options(wish, devices, whole) if fits(way.shares, whole)]
    if ways:
        return Wanted(next((way for way in ways if fits(way.shares, free)), ways[0]), free)
    return _refused(tenant, size, wish, devices, whole)


def _refused(tenant: Tenant, size: Size, wish: Wish, devices: Sequence[Device], whole: Mapping[str, int]) -> Wanted:
    found = place(wish, devices, whole)
    assert not isinstance(found, Placed)
    cause, fix = refusal(tenant.spec, size, found, devices)
    error = EngineError(f"The engine {tenant.spec.name!r} can not be loaded.", cause, fix)
    empty = {each.card: each.total for each in devices}
    return Wanted(error=error, later=not found.unknown and isinstance(place(wish, devices, empty), Placed))


def _unknown(wish: Wish, devices: Sequence[Device]) -> bool:
    return not {device.name for device in devices}.issuperset(wish.devices)


def _whole(device: Device, held: Held, *, loaded: bool = False) -> int:
    """What there would be of a card without our engines. One that is loading may have taken a part of its share: with
    `loaded` that counts as none, otherwise as all of it."""
    return min(device.total, device.free + sum(held.on(device.card, loaded=loaded).values()))
