"""How `vllm serve` is called for a spec: its command, its environment, and where the program is."""

import os
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from agents.errors import EngineError
from daemon.engines.spec import EngineSpec
from daemon.engines.vllm.adapter import Adapter

Runner = Literal["generate", "pooling"]
GUARD = Path(__file__).parent / "guard"
_SMALLEST_SHARE = "0.01"
_DEVICE = re.compile(r"(?:cuda|rocm|hip|gpu)?:?(\d+)", re.IGNORECASE)
_HIDDEN = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES")


def command(
    spec: EngineSpec,
    port: int,
    *,
    program: str,
    model: str,
    served: str,
    runner: Runner,
    adapter: Adapter | None = None,
) -> list[str]:
    """The command that serves the folder `model` under the name `served` at 127.0.0.1:`port`, and its adapter."""
    flags = {
        "--served-model-name": served, "--host": "127.0.0.1", "--port": str(port), "--runner": runner,
        "--allowed-origins": "[]", "--middleware": "famulus_guard.KeyGate",
        "--max-model-len": str(spec.context), "--max-num-seqs": str(spec.sequences),
        "--scheduling-policy": "priority", "--distributed-executor-backend": spec.executor,
        "--tool-call-parser": spec.tool_parser, "--reasoning-parser": spec.reasoning_parser, **_memory(spec),
        **(adapter.flags if adapter else {}),
    }  # fmt: skip
    for flag, parts in (
        ("--tensor-parallel-size", spec.tensor_parallel),
        ("--pipeline-parallel-size", spec.pipeline_parallel),
    ):
        flags[flag] = str(parts) if parts > 1 else ""
    switches = ["--enable-prompt-tokens-details", "--disable-uvicorn-access-log", "--disable-fastapi-docs"]
    switches += ["--enable-auto-tool-choice"] if spec.tool_parser else []
    switches += ["--enable-sleep-mode"] if spec.sleep else []
    switches += ["--enable-lora"] if adapter else []
    given = [part for flag, value in flags.items() if value for part in (flag, value)]
    return [program, "serve", model, *given, *switches, *spec.flags]


def environment(spec: EngineSpec, key: str, inherited: Mapping[str, str]) -> dict[str, str]:
    """The variables of the process: ours of Python are kept away from vLLM's environment; nothing is told or fetched."""
    kept = {
        name: value
        for name, value in inherited.items()
        if name not in _HIDDEN or (name in _HIDDEN[3:] and not spec.devices)
    }
    ours = {
        "PYTHONPATH": str(GUARD), "PYTHONUNBUFFERED": "1", "VLLM_API_KEY": key, "VLLM_NO_USAGE_STATS": "1",
        "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        "VLLM_SERVER_DEV_MODE": "1" if spec.sleep else "0",
    }  # fmt: skip
    return {**kept, **spec.environment, **ours, **_visible(spec)}


def find_program(spec: EngineSpec) -> str:
    """The path of `vllm`: the spec's, or in `.venv-vllm` beside our own environment, or on PATH. Raises EngineError."""
    named = Path(spec.executable).expanduser() if spec.executable else None
    beside = Path(sys.prefix).parent / ".venv-vllm" / "bin" / "vllm"
    places = [str(named)] if named else [str(beside), "vllm"]
    found = next((path for place in places if (path := shutil.which(place))), None)
    if found is None:
        raise EngineError(
            f"The engine {spec.name!r} can not be started.",
            f"There is no program {named}." if named else f"There is no program vllm, neither {beside} nor on PATH.",
            "Install vLLM into an environment of its own and name its program with executable = … (see docs/how-to/models.md).",
        )
    return os.path.abspath(found)


def has_random_weights(spec: EngineSpec) -> bool:
    """Whether the flags ask for weights that mean nothing, as measurements do: then no file of weights is needed."""
    joined = " ".join(spec.flags).replace("=", " ").replace("_", "-")
    return "--load-format dummy" in joined


def _memory(spec: EngineSpec) -> dict[str, str]:
    if not spec.kv_cache_mib:
        return {"--gpu-memory-utilization": f"{spec.memory_share:g}" if spec.memory_share else ""}
    # with a cache of a given size the share decides nothing, but vLLM does not start where it is not free
    share = f"{spec.memory_share:g}" if spec.memory_share else _SMALLEST_SHARE
    return {"--kv-cache-memory-bytes": str(spec.kv_cache_mib << 20), "--gpu-memory-utilization": share}


def _visible(spec: EngineSpec) -> dict[str, str]:
    """`CUDA1` and `1` are the second card; other names, such as the identity of a card, go as they are."""
    if not spec.devices:
        return {}
    names = [found.group(1) if (found := _DEVICE.fullmatch(name)) else name for name in spec.devices]
    amd = any(name.lower().startswith(("rocm", "hip")) for name in spec.devices)
    return {"HIP_VISIBLE_DEVICES" if amd else "CUDA_VISIBLE_DEVICES": ",".join(names)}
