"""LoRA adapters: are they there and whole, and do they fit the model. Reads headers only."""

from pathlib import Path

from agents.errors import EngineError
from daemon.engines.files.gguf import GgufHeader, read_header
from daemon.engines.spec import EngineSpec, adapter_of

_ENDS = (".lora_a", ".lora_b")


def checked_adapters(spec: EngineSpec, model: Path) -> list[tuple[str, float]]:
    """Paths and scales of the adapters of a spec. Raises EngineError for one that is missing or of another model."""
    if not spec.lora:
        return []
    header, found = read_header(model), []
    for text in spec.lora:
        path, scale = adapter_of(text, spec.name)
        file = Path(path).expanduser()
        problem = misfit(read_header(file), header)
        if problem:
            raise EngineError(
                f"The engine {spec.name!r} can not use the adapter {file}.",
                problem,
                "Name a LoRA adapter in GGUF form that was made for this model (convert_lora_to_gguf.py of llama.cpp).",
            )
        found.append((str(file), scale))
    return found


def misfit(adapter: GgufHeader, model: GgufHeader) -> str:
    """Why an adapter is none for a model; empty where it fits. Pure."""
    told = adapter.metadata
    if told.get("general.type") != "adapter" or told.get("adapter.type") != "lora":
        return "It is no LoRA adapter."
    ours, its = model.metadata.get("general.architecture"), told.get("general.architecture")
    if ours != its:
        return f"It was made for a model of the architecture {its}, and this one is {ours}."
    for name, tensor in adapter.tensors.items():
        base = name.removesuffix(_ENDS[0]).removesuffix(_ENDS[1])
        if base not in model.tensors:
            return f"It changes {base}, which the model does not have."
        if name.endswith(_ENDS[0]) and tensor.shape[0] != model.tensors[base].shape[0]:
            return f"Its part for {base} is {tensor.shape[0]} wide, and the model's is {model.tensors[base].shape[0]}."
    return ""
