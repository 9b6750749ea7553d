"""Flags of `vllm serve` that an owner may add, and those that Famulus keeps for itself. Pure."""

from collections.abc import Sequence

_OPENS = "it would open the engine to others"
_OURS = "Famulus sets it"
RESERVED = {
    "--host": _OPENS, "--uds": _OPENS, "--api-key": _OPENS, "--middleware": _OPENS, "--root-path": _OPENS,
    "--allow-credentials": _OPENS, "--allowed-origins": _OPENS, "--allowed-methods": _OPENS,
    "--allowed-headers": _OPENS, "--ssl-keyfile": _OPENS, "--ssl-certfile": _OPENS, "--ssl-ca-certs": _OPENS,
    "--ssl-cert-reqs": _OPENS, "--ssl-ciphers": _OPENS, "--enable-ssl-refresh": _OPENS, "--grpc": _OPENS,
    "--config": "it may hold flags that would", "--headless": "nobody could reach it",
    "--tool-server": "tools are called by Famulus",
    "--port": _OURS, "--model": _OURS, "--served-model-name": _OURS, "--enable-sleep-mode": "write `sleep`",
    "--max-model-len": "write `context`", "--max-num-seqs": "write `sequences`",
    "--kv-cache-memory-bytes": "write `kv_cache_mib`", "--kv-cache-memory": "write `kv_cache_mib`",
    "--gpu-memory-utilization": "write `memory_share`", "--tensor-parallel-size": "write `tensor_parallel`",
    "--pipeline-parallel-size": "write `pipeline_parallel`", "--distributed-executor-backend": "write `executor`",
    "--tool-call-parser": "write `tool_parser`", "--enable-auto-tool-choice": "write `tool_parser`",
    "--enable-lora": "write `lora`", "--lora-modules": "write `lora`",
    "--reasoning-parser": "write `reasoning_parser`", "--runner": "the role decides", "-tp": "write `tensor_parallel`",
    "-pp": "write `pipeline_parallel`",
}  # fmt: skip
"""Each with the reason. A flag may be shortened as long as it is clear, and written with underscores."""


def refused(flags: Sequence[str]) -> str:
    """Why these flags can not be given, as a sentence without its end; empty where they can."""
    for flag in flags:
        name = _name(flag)
        reason = RESERVED.get(name) or next((why for each, why in RESERVED.items() if _shortened(name, each)), "")
        if reason:
            return f"The flag {flag!r} may not be given: {reason}"
    return ""


def _name(flag: str) -> str:
    return flag.strip().partition("=")[0].replace("_", "-")


def _shortened(name: str, whole: str) -> bool:
    """`--hos` is read as `--host`; a value such as `8` is no flag."""
    return len(name) > 3 and name.startswith("--") and whole.startswith(name)
