"""How engines share the devices: the settings of `[host]`, and what an engine's own table says instead."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from daemon.engines.spec import EngineSpec


@dataclass(frozen=True, slots=True)
class Terms:
    """How one engine shares its devices; seconds, 0 for `idle`: it stays."""

    idle: float = 0.0
    stays: float = 20.0
    patience: float = 60.0


@dataclass(frozen=True, slots=True)
class Sharing:
    """How engines share the devices, where their specs do not say it; seconds. `memory` bounds a device, in MiB."""

    memory: Mapping[str, int] = field(default_factory=dict)
    idle: float = 0.0
    stays: float = 20.0
    patience: float = 60.0
    poll: float = 5.0

    def terms(self, spec: EngineSpec) -> Terms:
        """The terms of one engine."""
        told = (spec.idle_seconds, spec.min_residence_seconds, spec.max_wait_seconds)
        own = (self.idle, self.stays, self.patience)
        return Terms(*(mine if mine >= 0 else general for mine, general in zip(told, own, strict=True)))
