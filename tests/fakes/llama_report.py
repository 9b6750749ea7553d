"""Loads a model with the given context and prints, as JSON, the bytes that llama.cpp says it allocated for what."""

import json
import re
import sys

import llama_cpp

_SIZE = re.compile(r"(\w+) +(model|KV|compute) buffer size = +([\d.]+) MiB")
_TYPES = {"f16": 1, "q8_0": 8}
found: dict[str, float] = {}


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
def _hear(_: int, text: bytes, __: object) -> None:
    for where, what, size in _SIZE.findall(text.decode("utf-8", "replace")):
        if where != "CPU_REPACK":  # a second copy of weights that are mapped already
            found[what] = found.get(what, 0.0) + float(size) * 2**20


def main(path: str, kv_type: str, context: int, batch: int, flash: int, outputs: int, pooled: int) -> None:
    llama_cpp.llama_log_set(_hear, None)
    model = llama_cpp.llama_model_load_from_file(path.encode(), llama_cpp.llama_model_default_params())
    parameters = llama_cpp.llama_context_default_params()
    parameters.n_ctx, parameters.n_batch, parameters.n_ubatch = context, batch, batch
    parameters.type_k = parameters.type_v = _TYPES[kv_type]
    parameters.flash_attn_type = flash
    parameters.n_seq_max, parameters.kv_unified, parameters.embeddings = 8 if pooled else 10, True, bool(pooled)
    parameters.pooling_type = 1 if pooled else 0
    if outputs:
        parameters.n_outputs_max = outputs
    assert llama_cpp.llama_init_from_model(model, parameters)
    with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123
        resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    sys.stdout.write(json.dumps({**found, "resident": resident * 1024}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
