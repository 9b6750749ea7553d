"""What roles make of an engine: what it does, how important it is, where it wants to be placed. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from daemon.engines.hosting.footprint import Footprint
from daemon.engines.hosting.placement import MAIN, Device, Wish
from daemon.engines.hosting.sizing import Purpose
from daemon.engines.spec import EngineSpec

_PURPOSES: dict[str, Purpose] = {"embedder": "embed", "reranker": "rank"}
_ORDER = ("planner", "coder", "writer", "embedder", "reranker")


def roles_by_engine(roles: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The roles of each engine, the most important first."""
    ordered = sorted(roles, key=lambda role: (_rank(role), role))
    return {name: tuple(role for role in ordered if roles[role] == name) for name in dict.fromkeys(roles.values())}


def purposes_of(roles: Sequence[str]) -> tuple[Purpose, ...]:
    """What an engine with these roles does, each thing once."""
    return tuple(dict.fromkeys(_PURPOSES.get(role, "chat") for role in roles)) or ("chat",)


def wish_of(spec: EngineSpec, footprint: Footprint, roles: Sequence[str], seen: Iterable[Device]) -> Wish:
    """Where an engine wants to be placed. vLLM takes the first cards that it sees, unless it is told others."""
    seen = list(seen)
    devices = spec.devices
    if spec.kind == "vllm" and not devices:
        cards = [device.name for device in seen if device.card != MAIN]
        devices = tuple(cards[: spec.tensor_parallel * spec.pipeline_parallel])
    pieces = spec.gpu_layers if spec.kind == "llama_cpp" else footprint.steps
    rank = min(map(_rank, roles), default=len(_ORDER))
    names = frozenset(device.name for device in seen)
    return Wish(spec.name, footprint, devices, pieces, rank, names, even=spec.kind == "vllm")


def _rank(role: str) -> int:
    return _ORDER.index(role) if role in _ORDER else len(_ORDER)
