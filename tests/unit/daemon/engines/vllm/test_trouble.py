import pytest

from daemon.engines.vllm.trouble import trouble

HEAD = "(EngineCore pid=812) ERROR 11-26 20:01:02 [core.py:871] "


@pytest.mark.parametrize(
    ("line", "told", "fix"),
    [
        (
            HEAD + "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.50 GiB. GPU 0 has a total capacity of "
            "79.11 GiB of which 300.00 MiB is free. Including non-PyTorch memory, this process has 1 GiB memory in use.",
            "1236 MiB more", "smaller model",
        ),
        (HEAD + "torch.OutOfMemoryError: HIP out of memory. Tried to allocate 96.00 MiB.", "96 MiB more", "smaller model"),
        (
            HEAD + "ValueError: Free memory on device cuda:0 (10.5/79.1 GiB) on startup is less than desired GPU memory "
            "utilization (0.92, 72.77 GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes.",
            "63764 MiB more are needed for its share of 0.92", "memory_share",
        ),
        (
            HEAD + "ValueError: To serve at least one request with the model's max seq len (40960), (4.38 GiB KV cache is "
            "needed, which is larger than the available KV cache memory (1.0 GiB). Based on the available memory, the "
            "estimated maximum model length is 9344. Try increasing `gpu_memory_utilization`",
            "A context of 40960 tokens does not fit: the cache lacks 3461 MiB", "context = 9344 or less",
        ),
        (HEAD + "ValueError: No available memory for the cache blocks. Try", "no memory for the cache", "memory_share"),
        (
            "  Value error, Model architectures ['FooForCausalLM'] are not supported for now. Supported architectures: x",
            "architecture FooForCausalLM is unknown", "newer vLLM",
        ),
        (
            "  Value error, The checkpoint you are trying to load has model type `foo` but Transformers does not "
            "recognize this architecture.",
            "architecture foo is unknown", "newer vLLM",
        ),
        (
            "  Value error, User-specified max_model_len (99999) is greater than the derived max_model_len "
            "(max_position_embeddings=40960 or model_max_length=None in model's config.json).",
            "no context of 99999 tokens, but of 40960", "smaller context",
        ),
        (HEAD + "RuntimeError: Cannot find any model weights with `/models/x`", "no weights in /models/x", "Fetch"),
        ("FileNotFoundError: [Errno 2] No such file or directory: '/models/x/t.json'", "/models/x/t.json", "Fetch"),
        ("vllm: error: unrecognized arguments: --dtpe float16", "does not take --dtpe float16", "flags"),
        ("vllm serve: error: argument --dtype: invalid choice: 'f'", "does not take --dtype: invalid choice", "flags"),
        ("OSError: [Errno 98] Address already in use", "took its port", "Ask again"),
        ("ModuleNotFoundError: No module named 'torch'", "the package torch", "Install"),
        ("RuntimeError: No CUDA GPUs are available", "sees no device", "driver"),
    ],
)  # fmt: skip
def test_what_is_known_is_said_plainly(line: str, told: str, fix: str) -> None:
    found = trouble(
        ["INFO 11-26 20:00:00 [api_server.py:1] starting", line, "RuntimeError: Engine core initialization failed."]
    )
    assert told in found.cause
    assert fix in found.fix


def test_the_first_cause_counts_and_not_what_follows_from_it() -> None:
    lines = [
        HEAD + "RuntimeError: the first",
        "Traceback",
        "RuntimeError: Engine core initialization failed. See root cause",
    ]
    assert trouble(lines).cause == "It says: RuntimeError: the first"


def test_a_dead_engine_process_is_said_plainly_unless_it_said_why() -> None:
    dead = "ERROR 11-26 21:34:58 [async_llm.py:704] vllm.v1.engine.exceptions.EngineDeadError: EngineCore encountered an issue."
    assert trouble([dead, dead]).cause == "Its engine process died."
    why = HEAD + "RuntimeError: CUDA error: an illegal memory access was encountered"
    assert trouble([why, dead]).cause == "It says: RuntimeError: CUDA error: an illegal memory access was encountered"


def test_other_ends_are_told_in_their_last_words() -> None:
    assert trouble([*"abcdef", ""]).cause == "It says: d / e / f"
    assert trouble([]).cause == "It said nothing."
    assert len(trouble(["ValueError: " + "x" * 5000]).cause) < 500
