"""A LoRA adapter for vLLM: a folder as PEFT saves it. Is it there and whole, and for what model is it."""

import json
from dataclasses import dataclass
from pathlib import Path

from agents.errors import EngineError
from daemon.engines.files.checkpoint import check_whole, print_of, read_object
from daemon.engines.spec import EngineSpec, adapter_of

_CONFIG = "adapter_config.json"
_WEIGHTS = "adapter_model.safetensors"
_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""Those that `--max-lora-rank` knows; an adapter may have less than the one that is given."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """`base` is the model that it says it was made for, "" where it does not say; `rank` the largest of its ranks."""

    name: str
    folder: Path
    base: str
    rank: int

    @property
    def identity(self) -> str:
        """Name and fingerprint: with other weights the model answers otherwise."""
        return f"{self.name}@{print_of(self.folder / _CONFIG, [self.folder / _WEIGHTS])}"

    @property
    def flags(self) -> dict[str, str]:
        """Those of `vllm serve`. JSON, since a path in `name=path` may hold neither `=` nor a comma."""
        module = json.dumps({"name": self.name, "path": str(self.folder)}, ensure_ascii=False)
        rank = next((each for each in _RANKS if each >= self.rank), self.rank)
        return {"--lora-modules": module, "--max-lora-rank": str(rank)}


def served_name(spec: EngineSpec) -> str:
    """The model's own name: that of its folder, or of its repository."""
    return Path(spec.model).name if Path(spec.model).is_absolute() or spec.model.startswith((".", "~")) else spec.model


def asked_name(spec: EngineSpec) -> str:
    """The name that requests give: that of the adapter's folder where there is one, else the model's."""
    if not spec.lora:
        return served_name(spec)
    name = _folder_of(spec).name
    return f"{name}-lora" if name == served_name(spec) else name


def read_adapter(spec: EngineSpec) -> Adapter | None:
    """The adapter of a spec, checked without reading its weights; None without one. Raises EngineError."""
    if not spec.lora:
        return None
    folder = _folder_of(spec)
    try:
        told = read_object(folder, _CONFIG)
        check_whole(folder / _WEIGHTS)
    except EngineError as error:
        raise _unusable(spec, folder, error.cause) from error
    except OSError as error:
        raise _unusable(spec, folder, f"{_WEIGHTS} can not be read: {error.strerror}.") from error
    if told.get("peft_type") != "LORA":
        raise _unusable(spec, folder, f"It is no LoRA adapter: its peft_type is {told.get('peft_type')!r}.")
    patterns = told.get("rank_pattern")
    ranks = [told.get("r"), *(patterns.values() if isinstance(patterns, dict) else ())]
    base = told.get("base_model_name_or_path")
    rank = max((each for each in ranks if isinstance(each, int)), default=0)
    return Adapter(asked_name(spec), folder, base if isinstance(base, str) else "", rank)


def other_base(adapter: Adapter, model: str) -> str:
    """The model that the adapter says it is for, where its name is not that of `model`; else empty. Pure."""
    same = Path(adapter.base).name.casefold() == Path(model).name.casefold()
    return "" if same else adapter.base


def _folder_of(spec: EngineSpec) -> Path:
    return Path(adapter_of(spec.lora[0], spec.name)[0]).expanduser().absolute()


def _unusable(spec: EngineSpec, folder: Path, cause: str) -> EngineError:
    fix = f"Name a folder with {_CONFIG} and {_WEIGHTS}, as PEFT saves it, in `lora`."
    return EngineError(f"The engine {spec.name!r} can not use the adapter {folder}.", cause, fix)
