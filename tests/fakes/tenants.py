"""Engines that only take room, on one device of a written size, and a clock that a test moves."""

from dataclasses import dataclass, field

from daemon.engines.hosting.devices import Devices, Sources
from daemon.engines.hosting.footprint import stated
from daemon.engines.hosting.placement import MIB
from daemon.engines.hosting.residency import Residency
from daemon.engines.hosting.rooms import Rooms, Tenant
from daemon.engines.hosting.sharing import Terms
from daemon.engines.hosting.sizing import Size
from daemon.engines.spec import EngineSpec


@dataclass(slots=True)
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass(slots=True)
class Flat:
    """A machine of `room` MiB; another program takes `foreign` of it. What is loaded is in `loaded`."""

    sizes: dict[str, int]
    room: int = 100
    foreign: int = 0
    terms: Terms = field(default_factory=Terms)
    broken: set[str] = field(default_factory=set)
    clock: Clock = field(default_factory=Clock)
    loaded: set[str] = field(default_factory=set)
    unloads: list[str] = field(default_factory=list)
    calls: int = 0

    def residency(self) -> Residency:
        tenants = [self._tenant(name) for name in self.sizes]
        devices = Devices(sources=Sources(lambda _: [], dict, lambda _: None, self._memory))
        return Residency(tenants, Rooms(devices), poll=1000.0, clock=self.clock, call=self._called)

    def load(self, name: str) -> None:
        """What an engine does on its first request."""
        if name not in self.broken:
            self.loaded.add(name)

    def _tenant(self, name: str) -> Tenant:
        def unload() -> None:
            self.loaded.discard(name)
            self.unloads.append(name)

        spec = EngineSpec(name, "llama_cpp", "x")
        size = self.sizes[name]
        return Tenant(
            spec,
            ("planner",),
            lambda: Size(stated(size * MIB)),
            lambda: "ready" if name in self.loaded else "stopped",
            unload,
            self.terms,
        )

    def _memory(self) -> tuple[int, int]:
        used = self.foreign + sum(self.sizes[name] for name in self.loaded)
        return self.room * MIB, (self.room - used) * MIB

    def _called(self) -> None:
        self.calls += 1
