import sys
from pathlib import Path

import pytest

from agents.errors import EngineError
from daemon.engines.spec import EngineSpec
from daemon.engines.vllm import command as vllm_command
from daemon.engines.vllm.adapter import Adapter
from daemon.engines.vllm.command import GUARD, command, environment, find_program, has_random_weights


def called(runner: vllm_command.Runner = "generate", **more: object) -> dict[str, str]:
    """The command's flags, with the value of each; empty for a switch."""
    spec = EngineSpec("big", "vllm", "/m", **more)  # type: ignore[arg-type]
    parts = command(spec, 4321, program="/v/bin/vllm", model="/m", served="m", runner=runner)
    assert parts[:3] == ["/v/bin/vllm", "serve", "/m"]
    found: dict[str, str] = {}
    for part in parts[3:]:
        if part.startswith("--"):
            found[part] = ""
        else:
            found[next(reversed(found))] = part
    return found


def test_the_plain_command() -> None:
    assert called(context=8192, sequences=16) == {
        "--served-model-name": "m", "--host": "127.0.0.1", "--port": "4321", "--runner": "generate",
        "--allowed-origins": "[]", "--middleware": "famulus_guard.KeyGate", "--max-model-len": "8192",
        "--max-num-seqs": "16", "--scheduling-policy": "priority", "--enable-prompt-tokens-details": "",
        "--disable-uvicorn-access-log": "", "--disable-fastapi-docs": "",
    }  # fmt: skip


def test_a_given_cache_needs_no_share_of_the_card_to_be_free() -> None:
    flags = called(kv_cache_mib=2048)
    assert (flags["--kv-cache-memory-bytes"], flags["--gpu-memory-utilization"]) == (str(2 << 30), "0.01")
    assert called(memory_share=0.45)["--gpu-memory-utilization"] == "0.45"
    assert "--gpu-memory-utilization" not in called()


def test_the_other_fields_become_flags() -> None:
    flags = called(
        "pooling", sleep=2, tool_parser="hermes", reasoning_parser="qwen3", tensor_parallel=2, pipeline_parallel=3,
        executor="ray", flags=("--dtype", "bfloat16", "--enforce-eager"),
    )  # fmt: skip
    assert flags["--runner"] == "pooling"
    assert flags["--enable-sleep-mode"] == flags["--enable-auto-tool-choice"] == flags["--enforce-eager"] == ""
    assert (flags["--tool-call-parser"], flags["--reasoning-parser"]) == ("hermes", "qwen3")
    assert (flags["--tensor-parallel-size"], flags["--pipeline-parallel-size"]) == ("2", "3")
    assert (flags["--distributed-executor-backend"], flags["--dtype"]) == ("ray", "bfloat16")


def test_an_adapter_is_loaded_beside_the_model() -> None:
    adapter = Adapter("style", Path("/adapters/style"), "owner/model", 16)
    parts = command(
        EngineSpec("b", "vllm", "/m"), 1, program="v", model="/m", served="m", runner="generate", adapter=adapter
    )
    assert "--enable-lora" in parts
    assert parts[parts.index("--lora-modules") + 1] == '{"name": "style", "path": "/adapters/style"}'
    assert parts[parts.index("--max-lora-rank") + 1] == "16"
    assert parts[parts.index("--served-model-name") + 1] == "m"


@pytest.mark.parametrize(
    ("devices", "shown"),
    [
        ((), {}),
        (("CUDA1",), {"CUDA_VISIBLE_DEVICES": "1"}),
        (("cuda:0", "3"), {"CUDA_VISIBLE_DEVICES": "0,3"}),
        (("GPU-8a2b",), {"CUDA_VISIBLE_DEVICES": "GPU-8a2b"}),
        (("ROCm1",), {"HIP_VISIBLE_DEVICES": "1"}),
    ],
)
def test_devices_are_shown_as_the_card_maker_names_them(devices: tuple[str, ...], shown: dict[str, str]) -> None:
    found = environment(EngineSpec("big", "vllm", "/m", devices=devices), "k", {})
    assert {name: value for name, value in found.items() if name.endswith("VISIBLE_DEVICES")} == shown


def test_our_environment_of_python_is_kept_away_and_the_owners_variables_go_along() -> None:
    inherited = {
        "PYTHONPATH": "/ours", "VIRTUAL_ENV": "/ours", "VLLM_USE_FLASHINFER_SAMPLER": "0", "VLLM_API_KEY": "other",
        "CUDA_VISIBLE_DEVICES": "2",
    }  # fmt: skip
    found = environment(EngineSpec("big", "vllm", "/m"), "k", inherited)
    assert (found["PYTHONPATH"], found["VLLM_API_KEY"], found["CUDA_VISIBLE_DEVICES"]) == (str(GUARD), "k", "2")
    assert "VIRTUAL_ENV" not in found
    assert found["VLLM_USE_FLASHINFER_SAMPLER"] == "0"


def test_what_changes_workers_is_open_only_where_the_engine_sleeps() -> None:
    assert environment(EngineSpec("b", "vllm", "/m"), "k", {"VLLM_SERVER_DEV_MODE": "1"})["VLLM_SERVER_DEV_MODE"] == "0"
    assert environment(EngineSpec("b", "vllm", "/m", sleep=1), "k", {})["VLLM_SERVER_DEV_MODE"] == "1"


def test_the_program_is_looked_for_beside_our_environment_then_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = EngineSpec("big", "vllm", "/m")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(EngineError) as caught:
        find_program(spec)
    assert ".venv-vllm" in caught.value.cause
    for folder in (tmp_path / "bin", tmp_path / ".venv-vllm" / "bin", tmp_path / "own"):
        folder.mkdir(parents=True)
        (folder / "vllm").write_text("#!/bin/sh\n")
        (folder / "vllm").chmod(0o755)
        named = "" if folder.name != "own" else str(folder / "vllm")
        assert find_program(EngineSpec("big", "vllm", "/m", executable=named)) == str(folder / "vllm")


def test_random_weights_are_seen_in_both_spellings() -> None:
    for flags in (("--load-format", "dummy"), ("--load_format=dummy",)):
        assert has_random_weights(EngineSpec("big", "vllm", "/m", flags=flags))
    assert not has_random_weights(EngineSpec("big", "vllm", "/m", flags=("--load-format", "auto")))
