"""`famulus models plan`: which engines fit on which devices, with the numbers. Loads nothing."""

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import urlsplit

from daemon.config import Settings
from daemon.engines.hosting.devices import Devices
from daemon.engines.hosting.placement import MIB, Device, Placed, Plan, plan
from daemon.engines.hosting.refusal import refusal
from daemon.engines.hosting.sizing import Size, size_of
from daemon.engines.hosting.wishes import purposes_of, roles_by_engine, wish_of
from daemon.engines.spec import EngineSpec

Standing = Literal["together", "by_turns", "refused", "unknown"]
_LISTENS_SECONDS = 1.0
RUNS = Size(None, why="served elsewhere, and it runs: what it takes is not free any more")
_UNSEEN = Size(None, why="served elsewhere, on a device that is not seen here")


@dataclass(frozen=True, slots=True)
class Line:
    """One engine in the plan; MiB by the name of the device."""

    name: str
    roles: tuple[str, ...]
    model: str
    standing: Standing
    needs_mib: dict[str, int] = field(default_factory=dict)
    parts_mib: dict[str, int] = field(default_factory=dict)
    pieces: dict[str, int] = field(default_factory=dict)
    cause: str = ""
    fix: str = ""

    def json(self) -> dict[str, Any]:
        """As `famulus models plan --json` prints it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Report:
    """All engines, all devices."""

    engines: tuple[Line, ...]
    devices: tuple[dict[str, Any], ...]

    @property
    def impossible(self) -> bool:
        """Whether an engine fits nowhere."""
        return any(line.standing == "refused" for line in self.engines)

    def json(self) -> dict[str, Any]:
        """As the command prints it."""
        return {"engines": [line.json() for line in self.engines], "devices": list(self.devices)}


def planned(settings: Settings, devices: Devices | None = None, held: Mapping[str, int] | None = None) -> Report:
    """The plan for the settings, by what is free now. `held` is what engines of a running daemon have of each device,
    in MiB by its name: they are planned, too. Raises ConfigError."""
    looked = devices or Devices(settings.host.memory)
    specs, roles = settings.engine_specs(), roles_by_engine(settings.roles)
    sizes = {spec.name: RUNS if _runs(spec) else size_of(spec, purposes_of(roles[spec.name])) for spec in specs}
    seen = {spec.name: _given_back(looked.seen_by(spec), held or {}) for spec in specs}
    return report(specs, sizes, seen, _given_back(looked.seen(specs), held or {}), settings.roles)


def _given_back(devices: Sequence[Device], held: Mapping[str, int]) -> list[Device]:
    """The devices as if nothing of ours were loaded."""
    cards = {device.card: held[device.name] * MIB for device in devices if device.name in held}
    return [replace(device, free=min(device.total, device.free + cards.get(device.card, 0))) for device in devices]


def _runs(spec: EngineSpec) -> bool:
    """Whether a server that is not ours listens: what it takes is not free any more."""
    if spec.kind != "openai":
        return False
    parts = urlsplit(spec.url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        socket.create_connection((parts.hostname or "", port), _LISTENS_SECONDS).close()
    except (OSError, ValueError):
        return False
    return True


def report(
    specs: Sequence[EngineSpec],
    sizes: Mapping[str, Size],
    seen: Mapping[str, Sequence[Device]],
    devices: Sequence[Device],
    roles: Mapping[str, str],
) -> Report:
    """The plan in words and numbers. Pure."""
    by_engine = roles_by_engine(roles)
    names = {device.name for device in devices}
    sizes = {spec.name: _UNSEEN if _elsewhere(spec, names) else sizes[spec.name] for spec in specs}
    wishes = [
        wish_of(spec, made, by_engine[spec.name], () if spec.kind == "openai" else seen[spec.name])
        for spec in specs
        if (made := sizes[spec.name].footprint) is not None
    ]
    found = plan(wishes, devices)
    lines = tuple(_line(spec, sizes[spec.name], by_engine[spec.name], found, devices) for spec in specs)
    return Report(lines, tuple(_device(device, found) for device in devices))


def _elsewhere(spec: EngineSpec, names: set[str]) -> bool:
    """Whether a server that is not ours computes on what no build of ours sees."""
    return spec.kind == "openai" and not names.issuperset(spec.devices)


def _device(device: Device, made: Plan) -> dict[str, Any]:
    return {
        "name": device.name,
        "description": device.description,
        "maker": device.maker,
        "total_mib": device.total // MIB,
        "free_mib": device.free // MIB,
        "left_mib": made.left[device.card] // MIB,
    }


def _line(spec: EngineSpec, size: Size, roles: tuple[str, ...], made: Plan, devices: Sequence[Device]) -> Line:
    placed = {each.name: each for each in (*made.together, *made.by_turns)}
    refused = {each.name: each for each in made.refused}
    parts = _parts(size)
    if spec.name in placed:
        found = placed[spec.name]
        together = found in made.together
        cause = "" if together else "It does not fit beside the others: they take turns."
        standing: Standing = "together" if together else "by_turns"
        needs = _by_name(found, devices)
        return Line(spec.name, roles, spec.model, standing, needs, parts, dict(found.split), cause)
    if spec.name in refused:
        cause, fix = refusal(spec, size, refused[spec.name], devices)
        return Line(spec.name, roles, spec.model, "refused", {}, parts, {}, cause, fix)
    return Line(spec.name, roles, spec.model, "unknown", cause=size.why)


def _parts(size: Size) -> dict[str, int]:
    made = size.footprint
    if made is None:
        return {}
    if size.run is None:
        return {"stated": made.weights // MIB}
    return {"weights": made.weights // MIB, "cache": made.cache // MIB, "compute": made.compute // MIB}


def _by_name(placed: Placed, devices: Sequence[Device]) -> dict[str, int]:
    """MiB by the name under which the engine knows the card."""
    names = {device.card: device.name for device in reversed(devices)}
    names |= {device.card: device.name for device in devices if device.name in placed.split}
    return {names[card]: -(-size // MIB) for card, size in placed.shares.items() if size}
