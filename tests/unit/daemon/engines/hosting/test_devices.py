import sys
from pathlib import Path

import pytest

from daemon.engines.hosting.devices import Devices, Sources, Told, amd_memory, ask_llama, bandwidth_of, maker_of, on_bus
from daemon.engines.hosting.placement import MAIN, Device
from daemon.engines.spec import EngineSpec

GIB = 1 << 30
ON_CARDS = EngineSpec("a", "llama_cpp", "x", gpu_layers=99)
CUDA = {"name": "CUDA0", "description": "NVIDIA H100", "kind": "gpu", "id": "0000:41:00.0", "total": 80, "free": 70}
ROCM = {"name": "ROCm0", "description": "AMD Radeon", "kind": "gpu", "id": "0000:42:00.0", "total": 16, "free": 15}
INSIDE = {"name": "Vulkan0", "description": "AMD Radeon Graphics", "kind": "igpu", "id": "", "total": 8, "free": 7}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def seen(told: Told, sources: dict[str, object] | None = None) -> dict[str, tuple[int, int]]:
    plain: dict[str, object] = {"nvidia": dict, "amd": lambda _: None, "main": lambda: (100, 90)}
    made = Devices(sources=Sources(lambda _: told, **{**plain, **(sources or {})}))  # type: ignore[arg-type]
    return {device.name: (device.total, device.free) for device in made.seen_by(ON_CARDS)}


def test_without_cards_there_is_main_memory() -> None:
    assert seen([]) == {"CPU": (100, 90)}


def test_cards_are_named_by_llama_cpp_and_what_is_free_by_who_knows_now() -> None:
    nvidia = {"0000:41:00.0": ("NVIDIA H100", (800, 300))}
    found = seen([CUDA, ROCM], {"nvidia": lambda: nvidia, "amd": lambda place: (160, 100) if "42" in place else None})
    assert found == {"CPU": (100, 90), "CUDA0": (800, 292), "ROCm0": (160, 99)}


def test_graphics_of_the_processor_count_only_alone() -> None:
    assert set(seen([ROCM, INSIDE])) == {"CPU", "ROCm0"}
    assert set(seen([INSIDE])) == {"CPU", "Vulkan0"}


def test_llama_cpp_is_asked_again_only_for_what_nobody_else_knows_and_not_at_once() -> None:
    clock, asked = Clock(), []

    def ask(spec: EngineSpec) -> Told:
        asked.append(spec.name)
        return [ROCM]

    devices = Devices(sources=Sources(ask, dict, lambda _: None, lambda: (100, 90)), clock=clock)
    devices.seen_by(ON_CARDS)
    devices.seen_by(ON_CARDS)
    assert len(asked) == 1
    clock.now = 10.0
    devices.seen_by(ON_CARDS)
    assert len(asked) == 2


def test_an_engine_on_the_processor_asks_no_driver() -> None:
    def ask(_: EngineSpec) -> Told:
        raise AssertionError("a driver was asked")

    devices = Devices(sources=Sources(ask, dict, lambda _: None, lambda: (100, 90)))
    assert [device.card for device in devices.seen_by(EngineSpec("a", "llama_cpp", "x"))] == [MAIN]


def test_vllm_sees_what_nvml_sees() -> None:
    nvidia = {"0000:41:00.0": ("NVIDIA H100", (800, 300))}
    devices = Devices(sources=Sources(lambda _: [], lambda: nvidia, lambda _: None, lambda: (100, 90)))
    assert [device.name for device in devices.seen_by(EngineSpec("a", "vllm", "x"))] == ["CPU", "CUDA0"]


def test_a_real_build_says_what_it_sees() -> None:
    assert "CPU" in [each["name"] for each in ask_llama(ON_CARDS)]


def test_a_build_that_is_not_there_sees_nothing(caplog: pytest.LogCaptureFixture) -> None:
    assert ask_llama(EngineSpec("a", "llama_cpp", "x", gpu_layers=1, python="/nowhere/python")) == []
    assert "The devices of engine a are not known" in caplog.text


def test_the_environment_of_a_build_is_its_own(tmp_path: Path) -> None:
    script = tmp_path / "python"
    script.write_text(f"#!/bin/sh\nexec {sys.executable} -c 'import os, json; print(json.dumps([dict(os.environ)]))'\n")
    script.chmod(0o755)
    spec = EngineSpec(
        "a", "llama_cpp", "x", python=str(script), environment={"HIP_VISIBLE_DEVICES": "1"}, huge_pages=True
    )
    found = ask_llama(spec)[0]
    assert found["HIP_VISIBLE_DEVICES"] == "1" and found["GLIBC_TUNABLES"].endswith("glibc.malloc.hugetlb=1")


def test_the_kernel_tells_of_amd_cards(tmp_path: Path) -> None:
    (tmp_path / "0000:42:00.0").mkdir()
    (tmp_path / "0000:42:00.0" / "mem_info_vram_total").write_text("1600\n")
    (tmp_path / "0000:42:00.0" / "mem_info_vram_used").write_text("600\n")
    assert amd_memory("0000:42:00.0", tmp_path) == (1600, 1000)
    assert amd_memory("0000:43:00.0", tmp_path) is None


def test_the_bandwidth_is_that_of_the_cards_that_are_used_where_they_have_one() -> None:
    cards = [
        Device("CPU", "cpu", MAIN, 1, 1), Device("CUDA0", "nvidia", "a", 1, 1), Device("CUDA1", "nvidia", "b", 1, 1),
    ]  # fmt: skip
    known = {"a": 1.0, "b": 2.0}
    assert bandwidth_of(cards, ["CUDA1"], known) == 2.0
    assert bandwidth_of(cards, [], known) == 0.0, "one answer goes through both"
    assert bandwidth_of(cards[:2], [], known) == 1.0
    assert bandwidth_of(cards, ["CUDA1"], {}) == bandwidth_of(cards[:1], [], known) == 0.0


@pytest.mark.parametrize(
    ("spelled", "place"), [("00000000:41:00.0", "0000:41:00.0"), ("0:C1:00.0", "0000:c1:00.0"), ("", "")]
)
def test_places_on_the_bus_are_spelled_alike(spelled: str, place: str) -> None:
    assert on_bus(spelled) == place


@pytest.mark.parametrize(
    ("name", "description", "maker"),
    [
        ("Vulkan0", "NVIDIA GeForce RTX 4090", "nvidia"), ("Vulkan1", "AMD Radeon RX 9070 XT (RADV)", "amd"),
        ("CUDA0", "", "nvidia"), ("ROCm0", "gfx1201", "amd"), ("Other3", "?", "other"),
    ],
)  # fmt: skip
def test_makers_are_known_by_their_words(name: str, description: str, maker: str) -> None:
    assert maker_of(name, description) == maker
