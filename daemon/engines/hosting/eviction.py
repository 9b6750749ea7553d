"""Who must leave its devices for whom, and when. Pure: what is loaded, who waits and what is free in; steps out.

A loaded engine stays at least the shorter of its minimum residence and of the wait of whoever wants its room, so that
two engines never push each other out and in. Nobody leaves while it answers: it lets nobody else in, and goes then.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from daemon.engines.hosting.placement import fits, taken

Shares = Mapping[str, int]
"""Bytes by card."""


@dataclass(frozen=True, slots=True)
class Resident:
    """A loaded engine: what it holds, when it was loaded and last used, how many requests it serves now; seconds.

    It stays for `stays` at least, and leaves by itself when nobody asked it for `idle` (0: never).
    """

    name: str
    shares: Shares
    since: float
    used: float
    running: int = 0
    stays: float = 0.0
    idle: float = 0.0


@dataclass(frozen=True, slots=True)
class Newcomer:
    """An engine that is not loaded and that somebody waits for, since when, and for how long it waits for the young."""

    name: str
    shares: Shares
    since: float
    patience: float
    bulk: bool = False


@dataclass(frozen=True, slots=True)
class Steps:
    """What to do now: load these; let nobody into those, and unload them as soon as they serve nobody.

    Without anything else happening it is to be looked again at `again`.
    """

    load: tuple[str, ...] = ()
    leave: tuple[str, ...] = ()
    again: float = math.inf


@dataclass(slots=True)
class _Room:
    """Free bytes now, and those that leavers will free; what earlier newcomers are to have is taken out of both."""

    now: dict[str, int]
    soon: dict[str, int] = field(default_factory=dict)

    def missing(self, shares: Shares) -> dict[str, int]:
        lacking = {card: size - self.now.get(card, 0) - self.soon.get(card, 0) for card, size in shares.items() if size}
        return {card: size for card, size in lacking.items() if size > 0}

    def promise(self, shares: Shares) -> None:
        """Keep it for somebody: first what is free, then what will be."""
        for card, size in shares.items():
            at_once = min(size, max(0, self.now.get(card, 0)))
            self.now[card] = self.now.get(card, 0) - at_once
            self.soon[card] = self.soon.get(card, 0) - (size - at_once)

    def expect(self, shares: Shares) -> None:
        for card, size in shares.items():
            self.soon[card] = self.soon.get(card, 0) + size


def settle(newcomers: Iterable[Newcomer], residents: Sequence[Resident], free: Shares, now: float) -> Steps:
    """What to do now. `free` is what is free besides the residents; a newcomer must fit where all of them are gone."""
    idle = [each for each in residents if _expired(each, now)]
    gone = {each.name for each in idle}
    room = _Room(dict(free))
    for each in idle:
        room.expect(each.shares)
    load: list[str] = []
    again = [each.used + each.idle for each in residents if each.idle and not each.running]
    for newcomer in in_order(newcomers, now):
        if fits(newcomer.shares, room.now):
            room.now = taken({**dict.fromkeys(newcomer.shares, 0), **room.now}, newcomer.shares)
            load.append(newcomer.name)
            continue
        staying = [each for each in residents if each.name not in gone]
        for each in leavers(newcomer, staying, room.missing(newcomer.shares), now):
            gone.add(each.name)
            room.expect(each.shares)
        if room.missing(newcomer.shares):
            again += [_ripe(newcomer, each) for each in staying]
        room.promise(newcomer.shares)
    later = min((at for at in again if at > now), default=math.inf)
    return Steps(tuple(load), tuple(sorted(gone)), later)


def in_order(newcomers: Iterable[Newcomer], now: float) -> list[Newcomer]:
    """Whoever somebody waits for first, then bulk work, unless it has waited its time; each by arrival."""
    return sorted(newcomers, key=lambda each: (_yields(each, now), each.since, each.name))


def leavers(
    newcomer: Newcomer, residents: Sequence[Resident], missing: Mapping[str, int], now: float
) -> list[Resident]:
    """The residents that make room for a newcomer: idle ones first, then the longest unused. None where it is not
    enough: then nobody leaves in vain."""
    able = [each for each in residents if _may_leave(newcomer, each, now) and any(map(each.shares.get, missing))]
    chosen: list[Resident] = []
    for each in sorted(able, key=lambda each: (each.running > 0, each.used, each.name)):
        if _lacks(missing, chosen):
            chosen.append(each)
    if _lacks(missing, chosen):
        return []
    for each in reversed(chosen.copy()):
        without = [other for other in chosen if other is not each]
        if not _lacks(missing, without):
            chosen = without
    return chosen


def _may_leave(newcomer: Newcomer, resident: Resident, now: float) -> bool:
    """Whether a resident is old enough to go, or the newcomer has waited long enough; bulk work disturbs no answer."""
    if now < _ripe(newcomer, resident):
        return False
    return not (resident.running and _yields(newcomer, now))


def _ripe(newcomer: Newcomer, resident: Resident) -> float:
    """When a resident may be made to leave by a newcomer."""
    patient_until = max(newcomer.since, resident.since) + newcomer.patience
    return min(resident.since + resident.stays, patient_until)


def _yields(newcomer: Newcomer, now: float) -> bool:
    return newcomer.bulk and now < newcomer.since + newcomer.patience


def _lacks(missing: Mapping[str, int], chosen: Sequence[Resident]) -> bool:
    return any(sum(each.shares.get(card, 0) for each in chosen) < size for card, size in missing.items())


def _expired(resident: Resident, now: float) -> bool:
    return bool(resident.idle) and not resident.running and now >= resident.used + resident.idle
