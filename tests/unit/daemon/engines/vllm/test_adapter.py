import json
from pathlib import Path

import pytest

from agents.errors import EngineError
from daemon.engines.spec import EngineSpec
from daemon.engines.vllm.adapter import asked_name, other_base, read_adapter
from tests.unit.daemon.engines.files.test_checkpoint import weights


def adapter(folder: Path, **told: object) -> str:
    """A LoRA adapter as PEFT saves it, with weights that mean nothing; its path."""
    folder.mkdir(parents=True)
    config = {"peft_type": "LORA", "r": 16, "base_model_name_or_path": "owner/Tiny-1B", **told}
    (folder / "adapter_config.json").write_text(json.dumps(config))
    weights(folder / "adapter_model.safetensors")
    return str(folder)


def spec(*lora: str, model: str = "other/tiny-1b") -> EngineSpec:
    return EngineSpec("big", "vllm", model, lora=lora)


def test_what_the_folder_says_is_read(tmp_path: Path) -> None:
    found = read_adapter(spec(adapter(tmp_path / "style")))
    assert found
    assert (found.name, found.folder, found.base, found.rank) == ("style", tmp_path / "style", "owner/Tiny-1B", 16)
    before = found.identity
    assert before.startswith("style@")
    weights(found.folder / "adapter_model.safetensors", b"efgh")
    assert found.identity != before
    assert read_adapter(spec()) is None


def test_requests_name_the_adapter_and_never_the_model_by_it(tmp_path: Path) -> None:
    assert asked_name(spec()) == "other/tiny-1b"
    assert asked_name(spec("/adapters/style/")) == "style"
    assert asked_name(spec("/adapters/tiny", model="/models/tiny")) == "tiny-lora"


@pytest.mark.parametrize(("rank", "given"), [(4, "8"), (16, "16"), (33, "64"), (512, "512")])
def test_the_flags_name_a_rank_that_vllm_knows(tmp_path: Path, rank: int, given: str) -> None:
    found = read_adapter(spec(adapter(tmp_path / "a=b, c", r=rank, rank_pattern={"q_proj": 2})))
    assert found
    assert found.flags["--max-lora-rank"] == given
    assert json.loads(found.flags["--lora-modules"]) == {"name": "a=b, c", "path": str(tmp_path / "a=b, c")}


def test_the_largest_rank_of_all_layers_counts(tmp_path: Path) -> None:
    found = read_adapter(spec(adapter(tmp_path / "a", rank_pattern={"q_proj": 64})))
    assert found
    assert found.rank == 64


def test_another_model_than_the_one_it_says_is_seen(tmp_path: Path) -> None:
    found = read_adapter(spec(adapter(tmp_path / "a")))
    assert found
    assert [other_base(found, model) for model in ("other/tiny-1b", "/models/Tiny-1B/", "owner/tiny-2b")] == [
        "", "", "owner/Tiny-1B",
    ]  # fmt: skip
    silent = read_adapter(spec(adapter(tmp_path / "b", base_model_name_or_path=None)))
    assert silent
    assert other_base(silent, "owner/tiny-2b") == ""


def refused(path: str) -> str:
    with pytest.raises(EngineError) as caught:
        read_adapter(spec(path))
    assert "adapter_model.safetensors" in caught.value.fix
    return caught.value.cause


def test_what_can_not_be_used_is_told(tmp_path: Path) -> None:
    assert "adapter_config.json can not be read" in refused(str(tmp_path / "none"))
    assert "peft_type is 'IA3'" in refused(adapter(tmp_path / "other", peft_type="IA3"))
    path = Path(adapter(tmp_path / "cut")) / "adapter_model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    assert "cut short" in refused(str(path.parent))
    path.unlink()
    assert "adapter_model.safetensors can not be read" in refused(str(path.parent))
