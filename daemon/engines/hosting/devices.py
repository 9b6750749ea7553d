"""What devices there are, and how much of their memory is free now: the only place with NVML.

Names come from llama.cpp, asked in a short-lived process, since each build sees other devices. What is free comes from
NVML for NVIDIA and from the kernel for AMD, matched by the card's place on the bus; where neither knows a card,
llama.cpp is asked again. Without drivers there is main memory only.
"""

import json
import logging
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import pynvml

from daemon.engines.hosting.main_memory import main_memory
from daemon.engines.hosting.placement import MAIN, MIB, Device, capped
from daemon.engines.spec import EngineSpec
from daemon.engines.worker.own_build import base_environment, python_command, variables

ASK_SECONDS = 60.0
"""So long may a driver take to say what it sees."""
FRESH_SECONDS = 5.0
"""So long what llama.cpp said of free memory is believed."""
SPARED = 0.01
"""The share of a card that is left free: what is said of a model's size is not exact."""
_MAKERS = {"CUDA": "nvidia", "ROCm": "amd", "HIP": "amd", "SYCL": "intel", "Metal": "apple", "MTL": "apple"}
_WORDS = {"nvidia": "nvidia", "geforce": "nvidia", "amd": "amd", "radeon": "amd", "intel": "intel", "apple": "apple"}
_PCI = Path("/sys/bus/pci/devices")
log = logging.getLogger(__name__)

T = TypeVar("T")
Told = list[dict[str, Any]]
Memory = tuple[int, int]
"""Total and free bytes."""


def ask_llama(spec: EngineSpec) -> Told:
    """What the spec's build of llama.cpp sees; nothing where it can not be asked."""
    command = python_command("daemon.engines.hosting.llama_devices", spec)
    environment = {**base_environment(), **variables(spec)}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=ASK_SECONDS, check=True)
        told = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        said = (getattr(error, "stderr", b"") or b"").decode("utf-8", "replace").strip().splitlines()
        log.warning("The devices of engine %s are not known: %s %s", spec.name, error, said[-1] if said else "")
        return []
    return list(told)


def nvidia_cards() -> dict[str, tuple[str, Memory]]:
    """Description and memory of each NVIDIA card by its place on the bus, in NVML's order; none without a driver."""

    def told(card: Any) -> tuple[str, Memory]:
        memory = pynvml.nvmlDeviceGetMemoryInfo(card)
        return _text(pynvml.nvmlDeviceGetName(card)), (int(memory.total), int(memory.free))

    return _each_nvidia(told, "what is free")


def nvidia_bandwidths() -> dict[str, float]:
    """Bytes a second of each NVIDIA card's memory by its place on the bus: two transfers a cycle over its whole width."""

    def told(card: Any) -> float:
        hertz = 1e6 * pynvml.nvmlDeviceGetMaxClockInfo(card, pynvml.NVML_CLOCK_MEM)
        return float(2 * hertz * pynvml.nvmlDeviceGetMemoryBusWidth(card) / 8)

    return _each_nvidia(told, "how fast the memory is")


def _each_nvidia(told: Callable[[Any], T], of: str) -> dict[str, T]:
    found: dict[str, T] = {}
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return found
    try:
        for number in range(pynvml.nvmlDeviceGetCount()):
            card = pynvml.nvmlDeviceGetHandleByIndex(number)
            found[on_bus(_text(pynvml.nvmlDeviceGetPciInfo(card).busId))] = told(card)
    except pynvml.NVMLError as error:
        log.warning("NVML does not say %s: %s", of, error)
    finally:
        with suppress(pynvml.NVMLError):
            pynvml.nvmlShutdown()
    return found


def bandwidth_of(cards: Iterable[Device], wanted: Iterable[str], known: Mapping[str, float]) -> float:
    """Of the cards that an engine uses (of these names, or all); 0 where one is not known or they differ. Pure."""
    names = set(wanted)
    found = {known.get(each.card, 0.0) for each in cards if each.card != MAIN and (each.name in names or not names)}
    return found.pop() if len(found) == 1 else 0.0


def amd_memory(place: str, root: Path = _PCI) -> Memory | None:
    """Memory of an AMD card by its place on the bus, as the kernel tells it."""
    try:
        total = int((root / place / "mem_info_vram_total").read_text())
        return total, total - int((root / place / "mem_info_vram_used").read_text())
    except (OSError, ValueError):
        return None


def on_bus(place: str) -> str:
    """A place on the bus in one spelling, `0000:41:00.0`."""
    domain, _, rest = place.strip().lower().partition(":")
    return f"{domain[-4:]:>04}:{rest}" if rest else place.strip().lower()


@dataclass(frozen=True, slots=True)
class Sources:
    """Where what is known of devices comes from."""

    ask: Callable[[EngineSpec], Told] = ask_llama
    nvidia: Callable[[], dict[str, tuple[str, Memory]]] = nvidia_cards
    amd: Callable[[str], Memory | None] = amd_memory
    main: Callable[[], Memory] = main_memory


class Devices:
    """The devices of this machine as each engine's build sees them. Blocking; safe to use from threads."""

    def __init__(
        self,
        budget: Mapping[str, int] | None = None,
        sources: Sources | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`budget` bounds what is used of a device, in MiB by name."""
        self._budget = {name: size * MIB for name, size in (budget or {}).items()}
        self._sources = sources or Sources()
        self._clock = clock
        self._told: dict[object, tuple[float, Told]] = {}

    def seen_by(self, spec: EngineSpec, *, ask: bool = True) -> list[Device]:
        """The devices for an engine, main memory first, with what is free now.

        Without `ask` llama.cpp is not asked again for cards of which nobody else knows what is free: that takes long.
        """
        found = [self._main()]
        if spec.kind == "vllm":
            found += [self._of_nvml(number, *each) for number, each in enumerate(self._sources.nvidia().items())]
        elif spec.kind == "llama_cpp" and spec.gpu_layers:
            found += self._of_llama(spec, ask=ask)
        return capped(found, self._budget)

    def seen(self, specs: Iterable[EngineSpec]) -> list[Device]:
        """All devices that any of these engines sees, each name once."""
        found: dict[tuple[str, str], Device] = {}
        for spec in specs:
            for device in self.seen_by(spec):
                found.setdefault((device.name, device.card), device)
        return list(found.values()) or capped([self._main()], self._budget)

    def _main(self) -> Device:
        total, free = self._sources.main()
        return Device("CPU", "cpu", MAIN, total, free, "main memory")

    def _of_nvml(self, number: int, place: str, told: tuple[str, Memory]) -> Device:
        description, (total, free) = told
        return Device(f"CUDA{number}", "nvidia", place, total, _spared(total, free), description)

    def _of_llama(self, spec: EngineSpec, *, ask: bool) -> list[Device]:
        key = (spec.python, *sorted(spec.environment.items()))
        at, told = self._told.get(key, (0.0, None))
        if told is None:
            at, told = self._told[key] = self._clock(), self._sources.ask(spec)
        cards = _cards(told)
        if not cards:
            return []
        nvidia = self._sources.nvidia()
        known = {each.card: self._now(each.card, nvidia) for each in cards}
        if ask and None in known.values() and self._clock() - at > FRESH_SECONDS:
            self._told[key] = self._clock(), self._sources.ask(spec)
            cards = _cards(self._told[key][1])
        return [_with_memory(each, known.get(each.card) or (each.total, each.free)) for each in cards]

    def _now(self, place: str, nvidia: Mapping[str, tuple[str, Memory]]) -> Memory | None:
        return nvidia[place][1] if place in nvidia else self._sources.amd(place)


def _cards(told: Told) -> list[Device]:
    """Cards among what llama.cpp told; graphics of the processor only where there are no others."""
    kinds = {each["kind"] for each in told}
    wanted = "gpu" if "gpu" in kinds else "igpu"
    return [_card(each) for each in told if each["kind"] == wanted]


def _card(told: Mapping[str, Any]) -> Device:
    name, description = str(told["name"]), str(told["description"])
    place = on_bus(str(told["id"])) or name
    return Device(name, maker_of(name, description), place, int(told["total"]), int(told["free"]), description)


def maker_of(name: str, description: str) -> str:
    """The maker of a card by its description, else by the library that drives it."""
    words = description.lower()
    found = next((maker for word, maker in _WORDS.items() if word in words), "")
    library = name.rstrip("0123456789")
    return found or _MAKERS.get(library, library.lower())


def _with_memory(device: Device, memory: Memory) -> Device:
    total, free = memory
    return replace(device, total=total, free=_spared(total, free))


def _spared(total: int, free: int) -> int:
    return max(0, free - int(SPARED * total))


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
