import socket
from pathlib import Path

import pytest

from daemon.config import HostSection
from daemon.configfile import load
from daemon.engines.files.gguf import GgufHeader
from daemon.engines.hosting.devices import Devices, Sources
from daemon.engines.hosting.footprint import Run, footprint
from daemon.engines.hosting.placement import MIB
from daemon.engines.hosting.shape import shape_of
from daemon.engines.hosting.sizing import Size, run_of, size_of
from daemon.engines.hosting.wishes import purposes_of, roles_by_engine
from daemon.engines.spec import EngineSpec
from daemon.models.planning import Report, planned, report
from daemon.terminal import planshow
from tests.fakes.headers import dense, gpt_oss_120b, qwen3_coder_30b, qwen3_embedding_8b

GIB = 1 << 30
PROFILE = Path(__file__).parents[4] / "docs" / "profiles" / "rtx6000-9070xt.toml"
TOLD = [
    {"name": "CUDA0", "description": "NVIDIA RTX PRO 6000 Blackwell", "kind": "gpu", "id": "0000:01:00.0",
     "total": 96 * GIB, "free": 95 * GIB},
    {"name": "Vulkan0", "description": "NVIDIA RTX PRO 6000 Blackwell", "kind": "gpu", "id": "0000:01:00.0",
     "total": 96 * GIB, "free": 95 * GIB},
    {"name": "Vulkan1", "description": "AMD Radeon RX 9070 XT", "kind": "gpu", "id": "0000:02:00.0",
     "total": 16 * GIB, "free": 15 * GIB},
    {"name": "CPU", "description": "a processor", "kind": "cpu", "id": "", "total": 128 * GIB, "free": 120 * GIB},
]  # fmt: skip


def machine(told: list[dict[str, object]] | None = None, budget: dict[str, int] | None = None) -> Devices:
    """A machine as it is written down here."""
    cards = TOLD if told is None else told
    return Devices(budget, Sources(lambda _: cards, dict, lambda _: None, lambda: (128 * GIB, 120 * GIB)))


def of_headers(headers: dict[str, GgufHeader], devices: Devices) -> Report:
    """The plan of the reference profile, its models' headers given."""
    settings = load(PROFILE)
    roles, specs = roles_by_engine(settings.roles), settings.engine_specs()
    sizes = {}
    for spec in specs:
        shape = shape_of([headers[spec.name]])
        run = run_of(spec, purposes_of(roles[spec.name])[0], shape.trained)
        made = Size(footprint(shape, run), run)
        sizes[spec.name] = size_of(spec) if spec.memory_mib else made
    seen = {spec.name: devices.seen_by(spec) for spec in specs}
    return report(specs, sizes, seen, devices.seen(specs), settings.roles)


def test_the_reference_machine_holds_its_profile() -> None:
    headers = {
        "gpt-oss-120b": gpt_oss_120b(), "qwen3-coder": qwen3_coder_30b(), "qwen3-embedding": qwen3_embedding_8b(),
    }  # fmt: skip
    made = of_headers(headers, machine())
    assert {line.name: line.standing for line in made.engines} == dict.fromkeys(headers, "together")
    needs = {line.name: line.needs_mib for line in made.engines}
    assert set(needs["qwen3-coder"]) == {"CUDA0", "CPU"} and set(needs["qwen3-embedding"]) == {"Vulkan1", "CPU"}
    assert not made.impossible


def test_the_profile_without_files_says_what_is_not_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAMULUS_MODELS", str(tmp_path))
    made = planned(load(PROFILE), machine())
    causes = {line.name: line.cause for line in made.engines if line.standing == "unknown"}
    assert causes["qwen3-coder"] == causes["qwen3-embedding"] == "unknown until pulled"
    assert not made.impossible


def test_sizes_that_are_stated_are_planned_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAMULUS_MODELS", str(tmp_path))
    settings = load(PROFILE)
    stated = {
        name: {**table, "memory_mib": 15_000} for name, table in settings.engines.items() if name == "qwen3-coder"
    }
    made = planned(settings.model_copy(update={"engines": {**settings.engines, **stated}}), machine())
    line = next(line for line in made.engines if line.name == "qwen3-coder")
    assert line.standing == "together" and line.parts_mib == {"stated": 15_000}


def test_the_impossible_is_refused_by_how_much() -> None:
    headers = {"gpt-oss-120b": gpt_oss_120b(), "qwen3-coder": qwen3_coder_30b(), "qwen3-embedding": gpt_oss_120b()}
    made = of_headers(headers, machine())
    line = next(line for line in made.engines if line.name == "qwen3-embedding")
    assert made.impossible and line.standing == "refused"
    assert "on Vulkan1" in line.cause and "MiB too much" in line.cause and line.fix
    shown = planshow.plan(made.json())
    assert "too large" in shown and line.cause in shown


def test_what_does_not_fit_beside_the_others_takes_turns() -> None:
    headers = {"gpt-oss-120b": gpt_oss_120b(), "qwen3-coder": gpt_oss_120b(), "qwen3-embedding": qwen3_embedding_8b()}
    made = of_headers(headers, machine())
    assert {line.name: line.standing for line in made.engines}["qwen3-coder"] == "by_turns"


def test_a_written_budget_counts() -> None:
    headers = {
        "gpt-oss-120b": gpt_oss_120b(), "qwen3-coder": qwen3_coder_30b(), "qwen3-embedding": qwen3_embedding_8b(),
    }  # fmt: skip
    made = of_headers(headers, machine(budget={"Vulkan1": 4000}))
    assert {line.name: line.standing for line in made.engines}["qwen3-embedding"] == "refused"


def test_a_device_that_is_not_there_is_named_with_those_that_are() -> None:
    headers = {
        "gpt-oss-120b": gpt_oss_120b(), "qwen3-coder": qwen3_coder_30b(), "qwen3-embedding": qwen3_embedding_8b(),
    }  # fmt: skip
    made = of_headers(headers, machine(TOLD[:1]))
    line = next(line for line in made.engines if line.name == "qwen3-embedding")
    assert line.cause == "There is no device Vulkan1." and "CUDA0" in line.fix


def test_a_context_that_would_fit_is_advised() -> None:
    spec = EngineSpec("big", "llama_cpp", "x", context=1 << 20, gpu_layers=99, devices=("Vulkan1",))
    shape = shape_of([qwen3_embedding_8b()])
    run = Run(spec.context)
    devices = machine()
    seen = devices.seen_by(spec)
    made = report([spec], {"big": Size(footprint(shape, run), run)}, {"big": seen}, seen, {"planner": "big"})
    assert "`context`" in made.engines[0].fix


def test_the_model_bounds_the_context() -> None:
    spec = EngineSpec("a", "llama_cpp", "x", context=1 << 20, max_tokens=100)
    assert run_of(spec, "chat", shape_of([dense()]).trained).context == 8192
    assert run_of(spec, "embed", 8192).context == 100


def test_a_missing_folder_is_not_known() -> None:
    assert "can not be read" not in size_of(EngineSpec("a", "vllm", "/nowhere")).why
    assert size_of(EngineSpec("a", "vllm", "/nowhere")).footprint is None


def test_budgets_are_positive() -> None:
    assert HostSection(memory={"CPU": 3}).memory == {"CPU": 3}
    with pytest.raises(ValueError, match="less than nothing"):
        HostSection(memory={"CPU": -3})
    assert MIB == 2**20


def test_a_server_that_runs_has_its_memory_already() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        table = {"kind": "openai", "model": "x", "url": f"http://127.0.0.1:{port}/v1", "memory_mib": 1 << 30}
        settings = load(PROFILE)
        settings = settings.model_copy(update={"engines": {**settings.engines, "gpt-oss-120b": table}})
        made = planned(settings, machine())
        assert "it runs" in made.engines[0].cause and not made.impossible
    assert planned(settings, machine()).impossible


def test_a_server_on_a_device_that_no_build_sees_is_not_our_matter() -> None:
    headers = dict.fromkeys(("gpt-oss-120b", "qwen3-coder", "qwen3-embedding"), qwen3_embedding_8b())
    made = of_headers(headers, machine(TOLD[2:3]))
    assert [line.standing for line in made.engines] == ["unknown", "refused", "together"]


def test_what_a_running_daemon_holds_is_planned_anew() -> None:
    settings = load(PROFILE)
    table = {**settings.engines["qwen3-coder"], "memory_mib": 60_000, "devices": ["Vulkan0"]}
    settings = settings.model_copy(
        update={"engines": {"gpt-oss-120b": table, "qwen3-coder": table, "qwen3-embedding": table}}
    )
    full = [{**each, "free": 10 * GIB} for each in TOLD]
    assert planned(settings, machine(full)).impossible
    assert not planned(settings, machine(full), {"CUDA0": 60_000}).impossible
