from pathlib import Path

import pytest

from agents.errors import EngineError
from daemon.engines.files.adapters import checked_adapters, misfit
from daemon.engines.files.gguf import GgufHeader, Tensor
from daemon.engines.spec import EngineSpec

MODEL = GgufHeader({"general.architecture": "llama"}, 0, {"blk.0.attn_q.weight": Tensor((576, 576), 1)})


def adapter(name: str = "blk.0.attn_q.weight", width: int = 576, **metadata: str) -> GgufHeader:
    told: dict[str, object] = {"general.type": "adapter", "adapter.type": "lora", "general.architecture": "llama"}
    parts = {f"{name}.lora_a": Tensor((width, 4), 1), f"{name}.lora_b": Tensor((4, 576), 1)}
    return GgufHeader(told | {key.replace("_", "."): value for key, value in metadata.items()}, 0, parts)


def test_one_that_fits() -> None:
    assert misfit(adapter(), MODEL) == ""


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (adapter(general_type="model"), "no LoRA adapter"),
        (adapter(adapter_type="other"), "no LoRA adapter"),
        (adapter(general_architecture="qwen3"), "architecture qwen3, and this one is llama"),
        (adapter("blk.7.attn_q.weight"), "blk.7.attn_q.weight, which the model does not have"),
        (adapter(width=100), "100 wide, and the model's is 576"),
    ],
)
def test_what_does_not_fit_is_told(made: GgufHeader, told: str) -> None:
    assert told in misfit(made, MODEL)


def test_one_that_is_missing_is_told(tmp_path: Path) -> None:
    spec = EngineSpec("a", "llama_cpp", "x", lora=(str(tmp_path / "none.gguf"),))
    with pytest.raises(EngineError, match="can not be loaded"):
        checked_adapters(spec, tmp_path / "model.gguf")


def test_without_adapters_nothing_is_read(tmp_path: Path) -> None:
    assert checked_adapters(EngineSpec("a", "llama_cpp", "x"), tmp_path / "none.gguf") == []
