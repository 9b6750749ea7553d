import pytest

from daemon.engines.worker.errors import no_room, refused, shortage

SAID = (
    "ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer of size 3019898880 / "
    "alloc_tensor_range: failed to allocate CPU buffer of size 3019898880 / failed to allocate buffer for kv cache"
)
CARD = (
    "ggml_backend_cuda_buffer_type_alloc_buffer: allocating 16420.50 MiB on device 1: cudaMalloc failed: out of memory"
)


@pytest.mark.parametrize(
    ("said", "free", "told"),
    [
        (SAID, 1 << 30, "2,880 MiB more of memory are wanted, 1,024 are free, 1,856 are missing"),
        (SAID, (2880 << 20) - 1, "2,880 MiB more of memory are wanted, 2,879 are free, 1 are missing"),
        (SAID, 0, "2,880 MiB more of memory are wanted in one piece"),
        (SAID, 1 << 40, "2,880 MiB more of memory are wanted in one piece"),
        (CARD, 1 << 40, "16,420 MiB more are wanted on device 1, which has not so much free"),
        ("unknown architecture", 1 << 30, ""),
        ("", 0, ""),
    ],
)
def test_a_lack_of_memory_is_told_in_numbers(said: str, free: int, told: str) -> None:
    assert shortage(said, free) == told


def test_other_reasons_are_told_as_they_came() -> None:
    assert "unknown architecture" in no_room(512, "unknown architecture", 1 << 30).event["cause"]
    assert "it gave no reason" in no_room(512, "", 0).event["cause"]


def test_an_architecture_that_is_not_known_is_told_with_what_helps() -> None:
    said = "llama_model_load: error loading model: unknown model architecture: 'llama9' / failed to load model"
    event = refused("m.gguf", said, 1 << 30).event
    assert event["cause"] == "Its architecture 'llama9' is not known to this llama.cpp."
    assert "newer llama-cpp-python" in event["fix"]
    assert "refused it: key not found." in refused("m.gguf", "key not found").event["cause"]
