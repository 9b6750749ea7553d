"""Which models lie on which devices. Pure: footprints, wishes and free bytes in; a plan with its numbers out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from daemon.engines.hosting.footprint import CARD_OVERHEAD, Footprint

MIB = 1 << 20
MAIN = "CPU"
"""The processor's memory, as a device and as a card."""


@dataclass(frozen=True, slots=True)
class Device:
    """What computes, by the name that llama.cpp has for it; bytes.

    One card may appear twice, as `CUDA0` and as `Vulkan0`: `card` is the same for both. `maker` is what tells builds
    apart: a model is not split over cards of different makers unless it is asked for by name.
    """

    name: str
    maker: str
    card: str
    total: int
    free: int
    description: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """A model that is to be placed: on devices of these names, or any; so many pieces on cards, -1 for all that fit.

    `seen` are the devices that its build can use, all where it is empty. `even`: each device that is named takes one
    of its layers, as vLLM does. A lower `rank` is placed first.
    """

    name: str
    footprint: Footprint
    devices: tuple[str, ...] = ()
    pieces: int = 0
    rank: int = 0
    seen: frozenset[str] = frozenset()
    even: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a model lies: bytes by card, how many of its pieces on each device, in order."""

    name: str
    shares: Mapping[str, int]
    split: Mapping[str, int]

    @property
    def pieces(self) -> int:
        """How many pieces lie on cards."""
        return sum(self.split.values())


@dataclass(frozen=True, slots=True)
class Refused:
    """A model that fits nowhere: the least that is missing, in bytes, and on which card. An unknown device: no card."""

    name: str
    missing: int
    card: str
    needed: int
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What lies where at the same time, what has to take turns with what, and what fits nowhere."""

    together: tuple[Placed, ...]
    by_turns: tuple[Placed, ...]
    refused: tuple[Refused, ...]
    left: Mapping[str, int]


def plan(wishes: Sequence[Wish], devices: Sequence[Device]) -> Plan:
    """Places all wishes, by rank and then by name. What does not fit beside the others is tried alone."""
    free = room(devices)
    together: list[Placed] = []
    by_turns: list[Placed] = []
    refused: list[Refused] = []
    for wish in sorted(wishes, key=lambda each: (each.rank, each.name)):
        found = place(wish, devices, free)
        if isinstance(found, Placed):
            together.append(found)
            free = taken(free, found.shares)
        elif isinstance(alone := place(wish, devices, room(devices)), Placed):
            by_turns.append(alone)
        else:
            refused.append(alone)
    return Plan(tuple(together), tuple(by_turns), tuple(refused), free)


def room(devices: Sequence[Device]) -> dict[str, int]:
    """Free bytes by card."""
    return {device.card: device.free for device in devices}


def taken(free: Mapping[str, int], shares: Mapping[str, int]) -> dict[str, int]:
    """What is left of the free bytes."""
    return {card: left - shares.get(card, 0) for card, left in free.items()}


def fits(shares: Mapping[str, int], free: Mapping[str, int]) -> bool:
    """Whether there is room for all shares."""
    return not any(size > max(0, free.get(card, 0)) for card, size in shares.items())


def place(wish: Wish, devices: Sequence[Device], free: Mapping[str, int]) -> Placed | Refused:
    """The first way to place the model that fits, or by how little the best way misses."""
    known = {device.name for device in devices if _sees(wish, device)}
    unknown = tuple(name for name in wish.devices if name not in known)
    if unknown:
        return Refused(wish.name, 0, "", 0, unknown)
    ways = list(options(wish, devices, free))
    for way in ways:
        if fits(way.shares, free):
            return way
    return min((_refused(way, free) for way in ways), key=lambda each: (each.missing, each.card))


def _refused(way: Placed, free: Mapping[str, int]) -> Refused:
    missing = {card: size - max(0, free.get(card, 0)) for card, size in way.shares.items()}
    card = max(missing, key=lambda each: (missing[each], each))
    return Refused(way.name, missing[card], card, way.shares[card])


def options(wish: Wish, devices: Sequence[Device], free: Mapping[str, int]) -> Iterator[Placed]:
    """All ways to place a model, the best one first: one card, then several of one maker, then fewer pieces."""
    cards = _cards(wish, devices, free)
    steps = wish.footprint.steps
    pieces = steps if wish.pieces < 0 else min(wish.pieces, steps)
    if not cards or not pieces:
        yield _on_host(wish)
        return
    if wish.even:
        used = cards[: max(1, steps - 1)]  # vLLM leaves those alone that it has no part for
        yield _shared(wish, [(card, 1 + (card is used[-1])) for card in used])
        return
    if len(wish.devices) > 1:
        groups = [cards]
    else:
        yield from (_one_card(wish, card, pieces) for card in cards)
        groups = [group for group in _by_maker(cards).values() if len(group) > 1]
    for group in groups:
        yield _split(wish, group, pieces, free)
    if wish.pieces < 0:
        yield from _fewer(wish, cards, free)
        yield _on_host(wish)


def _cards(wish: Wish, devices: Sequence[Device], free: Mapping[str, int]) -> list[Device]:
    """The cards that may take it: as named, else each once, the one with most room first."""
    cards = [device for device in devices if device.card != MAIN and _sees(wish, device)]
    if wish.devices:
        named = {device.name: device for device in cards}
        return [named[name] for name in wish.devices if name in named]
    first = {device.card: device for device in reversed(cards)}
    return sorted(first.values(), key=lambda each: (-free.get(each.card, 0), each.name))


def _sees(wish: Wish, device: Device) -> bool:
    return not wish.seen or device.name in wish.seen


def _by_maker(cards: Sequence[Device]) -> dict[str, list[Device]]:
    groups: dict[str, list[Device]] = {}
    for card in cards:
        groups.setdefault(card.maker, []).append(card)
    return groups


def _on_host(wish: Wish) -> Placed:
    return Placed(wish.name, {MAIN: wish.footprint.in_main_memory}, {})


def _one_card(wish: Wish, card: Device, pieces: int) -> Placed:
    return _shared(wish, [(card, pieces)])


def _split(wish: Wish, cards: Sequence[Device], pieces: int, free: Mapping[str, int]) -> Placed:
    """Pieces in order, each card filled before the next one; what is left over is the last card's."""
    made = wish.footprint
    number, parts = made.steps - pieces, []
    for card in cards[:-1]:
        left, count = free.get(card.card, 0) - _fixed(made), 0
        while number + count < made.steps and made.piece(number + count) <= left:
            left -= made.piece(number + count)
            count += 1
        parts.append((card, count))
        number += count
    parts.append((cards[-1], made.steps - number))
    return _shared(wish, [(card, count) for card, count in parts if count])


def _fewer(wish: Wish, cards: Sequence[Device], free: Mapping[str, int]) -> Iterator[Placed]:
    """As many pieces on one card as it has room for, the rest in main memory."""
    made = wish.footprint
    for card in cards:
        left, count = free.get(card.card, 0) - _fixed(made), 0
        while count < made.steps and made.piece(made.steps - 1 - count) <= left:
            left -= made.piece(made.steps - 1 - count)
            count += 1
        if count:
            yield _one_card(wish, card, count)


def _fixed(made: Footprint) -> int:
    return made.compute + CARD_OVERHEAD


def _shared(wish: Wish, parts: Sequence[tuple[Device, int]]) -> Placed:
    """Shares of the last pieces, dealt out in order."""
    made = wish.footprint
    first = number = made.steps - sum(count for _, count in parts)
    shares: dict[str, int] = {}
    for card, count in parts:
        held = sum(made.piece(each) for each in range(number, number + count))
        shares[card.card] = shares.get(card.card, 0) + held + _fixed(made)
        number += count
    shares[MAIN] = made.host_part(first)
    return Placed(wish.name, shares, {card.name: count for card, count in parts})


def capped(devices: Sequence[Device], budget: Mapping[str, int]) -> list[Device]:
    """The devices with no more room than a written budget gives them, in bytes by name; a card has the least of its."""
    limits: dict[str, int] = {}
    for device in devices:
        if device.name in budget:
            limits[device.card] = min(budget[device.name], limits.get(device.card, device.total))
    return [
        replace(device, total=min(device.total, limits[device.card]), free=min(device.free, limits[device.card]))
        if device.card in limits
        else device
        for device in devices
    ]
