import tomllib
from pathlib import Path

import pytest

from daemon.engines.spec import EngineSpec, SpecError, engine_spec

FOLDER = Path(__file__).parents[4] / "docs" / "profiles"
PROFILES = [FOLDER / name for name in ("cpu.toml", "one-24gb.toml", "rtx6000-9070xt.toml")]


def test_defaults_are_filled_in() -> None:
    spec = engine_spec("small", {"kind": "llama_cpp", "model": "starter:smollm2", "devices": ["CUDA0"]})
    assert spec == EngineSpec("small", "llama_cpp", "starter:smollm2", devices=("CUDA0",))


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"kind": "llama_cpp"}, "'model' is missing"),
        ({"model": "x"}, "'kind' is missing"),
        ({"kind": "gguf", "model": "x"}, "'gguf' is unknown"),
        ({"kind": "llama_cpp", "model": "x", "contxt": 1}, "no key 'contxt'"),
        ({"kind": "llama_cpp", "model": "x", "context": "4096"}, "'context' is '4096'"),
        ({"kind": "llama_cpp", "model": "x", "context": True}, "'context' is True"),
        ({"kind": "llama_cpp", "model": "x", "context": 10}, "10 tokens"),
        ({"kind": "llama_cpp", "model": "x", "devices": "CUDA0"}, "'devices'"),
        ({"kind": "llama_cpp", "model": "x", "pooling": "max"}, "'max'"),
        ({"kind": "llama_cpp", "model": "x", "threads": -1}, "'threads'"),
        ({"kind": "llama_cpp", "model": "x", "stall_seconds": 0}, "time limit"),
        ({"kind": "openai", "model": "x"}, "The url ''"),
        ({"kind": "vllm", "model": "x"}, "`gpu`"),
    ],
)
def test_what_is_wrong_is_named(table: dict[str, object], told: str) -> None:
    with pytest.raises(SpecError) as caught:
        engine_spec("small", table)
    assert told in caught.value.cause
    assert caught.value.fix
    assert "'small'" in caught.value.effect


@pytest.mark.parametrize("profile", PROFILES, ids=lambda path: path.name)
def test_shipped_profiles_are_valid(profile: Path) -> None:
    table = tomllib.loads(profile.read_text())
    engines = {name: engine_spec(name, values) for name, values in table["engines"].items()}
    assert set(table["roles"].values()) <= set(engines)
    assert {"planner", "coder", "embedder"} <= set(table["roles"])
