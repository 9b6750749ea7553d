from dataclasses import replace
from pathlib import Path

import pytest

from daemon.configfile import load
from daemon.engines.hosting.devices import Devices, Sources
from daemon.engines.spec import EngineSpec
from daemon.models.enginechecks import troubles, unplaced
from tests.unit.daemon.engines.vllm.test_adapter import adapter

PROFILE = Path(__file__).parents[4] / "docs" / "profiles" / "rtx6000-9070xt.toml"


def told(tmp_path: Path, mode: str = "[always] madvise never", nodes: int = 2, **spec: object) -> list[str]:
    pages = tmp_path / "enabled"
    pages.write_text(mode)
    for number in range(nodes):
        (tmp_path / f"node{number}").mkdir()
    made = EngineSpec("a", "llama_cpp", "/none.gguf", **spec)  # type: ignore[arg-type]
    return [problem for problem, _ in troubles(made, huge_pages=pages, nodes=tmp_path)]


def test_a_plain_engine_has_no_troubles(tmp_path: Path) -> None:
    assert told(tmp_path) == []


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({"python": "/nowhere/bin/python"}, "There is no Python /nowhere/bin/python."),
        ({"python": "/bin/false"}, "The llama.cpp of /bin/false can not be used."),
        ({"lora": ("/none/adapter.gguf",)}, "The engine 'a' has no model. There is no file /none.gguf."),
        ({"huge_pages": True, "mode": "always madvise [never]"}, "huge_pages is set, and the kernel gives none."),
        ({"numa": "distribute", "nodes": 1}, "numa is 'distribute', and this machine has one node of memory."),
    ],
)
def test_what_does_not_work_is_told(tmp_path: Path, spec: dict[str, object], problem: str) -> None:
    assert told(tmp_path, **spec) == [problem]  # type: ignore[arg-type]


def test_the_adapter_of_a_vllm_is_looked_at(tmp_path: Path) -> None:
    made = EngineSpec("a", "vllm", "owner/tiny-1b", lora=(adapter(tmp_path / "style"),))
    assert list(troubles(made)) == []
    ((problem, _),) = troubles(replace(made, model="owner/tiny-2b"))
    assert problem.endswith("says it is for owner/Tiny-1B, and the model is owner/tiny-2b.")
    ((problem, fix),) = troubles(replace(made, lora=(str(tmp_path / "none"),)))
    assert "adapter_config.json can not be read" in problem
    assert fix


def test_what_the_machine_has_is_no_trouble(tmp_path: Path) -> None:
    assert told(tmp_path, huge_pages=True, numa="isolate") == []


def test_an_engine_that_fits_nowhere_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAMULUS_MODELS", str(tmp_path))
    settings = load(PROFILE)
    engines = {
        **settings.engines,
        "qwen3-coder": {**settings.engines["qwen3-coder"], "memory_mib": 99, "devices": ["CUDA5"]},
    }
    devices = Devices(sources=Sources(lambda _: [], dict, lambda _: None, lambda: (1 << 30, 1 << 30)))
    found = list(unplaced(settings.model_copy(update={"engines": engines}), devices))
    assert [(name, cause) for name, cause, _ in found] == [("qwen3-coder", "There is no device CUDA5.")]
