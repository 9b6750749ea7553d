import tomllib
from pathlib import Path

import pytest

from daemon.engines.spec import VLLM_SEQUENCES, EngineSpec, SpecError, adapter_of, engine_spec

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
        ({"kind": "llama_cpp", "model": "x", "memory_mib": -1}, "'memory_mib'"),
        ({"kind": "llama_cpp", "model": "x", "gpu_layers": -2}, "-2 gpu_layers"),
        ({"kind": "llama_cpp", "model": "x", "kv_type": "q3"}, "kv_type 'q3'"),
        ({"kind": "llama_cpp", "model": "x", "kv_type": "q8_0", "flash_attention": "off"}, "flash attention"),
        ({"kind": "llama_cpp", "model": "x", "numa": "mirror"}, "numa 'mirror'"),
        ({"kind": "llama_cpp", "model": "x", "huge_pages": "yes"}, "'huge_pages' is 'yes'"),
        ({"kind": "llama_cpp", "model": "x", "lora": ["a.gguf:much"]}, "'a.gguf:much'"),
        ({"kind": "llama_cpp", "model": "x", "environment": {"GPU": 1}}, "'environment'"),
        ({"kind": "openai", "model": "x"}, "The url ''"),
        ({"kind": "openai", "model": "x", "url": "http:///v1"}, "The url 'http:///v1'"),
        ({"kind": "openai", "model": "x", "url": "http://[::1/v1"}, "The url 'http://[::1/v1'"),
        ({"kind": "openai", "model": "x", "url": "http://h:80a/v1"}, "The url 'http://h:80a/v1'"),
        ({"kind": "vllm", "model": "x", "kv_cache_mib": -1}, "'kv_cache_mib' is negative"),
        ({"kind": "vllm", "model": "x", "memory_share": 1.5}, "memory_share of 1.5"),
        ({"kind": "vllm", "model": "x", "sleep": 3}, "no sleep 3"),
        ({"kind": "vllm", "model": "x", "tensor_parallel": 0}, "less than one part"),
        ({"kind": "vllm", "model": "x", "executor": "slurm"}, "'slurm' is unknown"),
        ({"kind": "vllm", "model": "x", "lora": ["/a", "/b"]}, "names several"),
        ({"kind": "vllm", "model": "x", "lora": ["/a:0.5"]}, "no other weight"),
        ({"kind": "vllm", "model": "x", "lora": ["/a"], "sleep": 2}, "lose the adapter"),
        ({"kind": "vllm", "model": "x", "flags": ["--host", "0.0.0.0"]}, "'--host'"),
    ],
)
def test_what_is_wrong_is_named(table: dict[str, object], told: str) -> None:
    with pytest.raises(SpecError) as caught:
        engine_spec("small", table)
    assert told in caught.value.cause
    assert caught.value.fix
    assert "'small'" in caught.value.effect


def test_vllm_has_room_for_many_answers_unless_the_owner_says_otherwise() -> None:
    assert engine_spec("big", {"kind": "vllm", "model": "x"}).sequences == VLLM_SEQUENCES
    assert engine_spec("big", {"kind": "vllm", "model": "x", "sequences": 2}).sequences == 2


@pytest.mark.parametrize("profile", PROFILES, ids=lambda path: path.name)
def test_shipped_profiles_are_valid(profile: Path) -> None:
    table = tomllib.loads(profile.read_text())
    engines = {name: engine_spec(name, values) for name, values in table["engines"].items()}
    assert set(table["roles"].values()) <= set(engines)
    assert {"planner", "coder", "embedder"} <= set(table["roles"])


def test_a_worker_may_have_a_build_of_its_own() -> None:
    table = {
        "kind": "llama_cpp",
        "model": "x",
        "python": "/rocm/bin/python",
        "environment": {"HIP_VISIBLE_DEVICES": "0"},
    }
    assert engine_spec("small", table).environment == {"HIP_VISIBLE_DEVICES": "0"}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("a.gguf", ("a.gguf", 1.0)),
        ("a.gguf:0.5", ("a.gguf", 0.5)),
        ("/b:1/a.gguf", ("/b:1/a.gguf", 1.0)),
        ("C:/a.gguf:2", ("C:/a.gguf", 2.0)),
    ],
)
def test_an_adapter_has_a_scale(text: str, read: tuple[str, float]) -> None:
    assert adapter_of(text, "small") == read
