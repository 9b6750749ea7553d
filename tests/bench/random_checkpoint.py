"""Random weights for a folder that has a configuration of Qwen3 only, so that an engine reads a real file of the right size.

python -m tests.bench.random_checkpoint FOLDER      # writes FOLDER/model.safetensors
"""

import json
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

_POOL = 1 << 24
"""So many different numbers; large tensors repeat them. Speed does not depend on what the weights say."""
_SPREAD = 0.02


def tensors(config: dict[str, Any]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Names and shapes, as Hugging Face has them."""
    width, inner, head = config["hidden_size"], config["intermediate_size"], config["head_dim"]
    queries, keys = config["num_attention_heads"] * head, config["num_key_value_heads"] * head
    yield "model.embed_tokens.weight", (config["vocab_size"], width)
    for number in range(config["num_hidden_layers"]):
        at = f"model.layers.{number}."
        yield f"{at}input_layernorm.weight", (width,)
        yield f"{at}post_attention_layernorm.weight", (width,)
        for name, rows in (("q", queries), ("k", keys), ("v", keys)):
            yield f"{at}self_attn.{name}_proj.weight", (rows, width)
        yield f"{at}self_attn.o_proj.weight", (width, queries)
        for name in ("q", "k"):
            yield f"{at}self_attn.{name}_norm.weight", (head,)
        for name in ("gate", "up"):
            yield f"{at}mlp.{name}_proj.weight", (inner, width)
        yield f"{at}mlp.down_proj.weight", (width, inner)
    yield "model.norm.weight", (width,)
    if not config["tie_word_embeddings"]:
        yield "lm_head.weight", (config["vocab_size"], width)


def as_bf16(numbers: np.ndarray) -> np.ndarray:
    """The upper halves of the floats: bfloat16, cut."""
    return (np.ascontiguousarray(numbers, np.float32).view(np.uint32) >> 16).astype(np.uint16)


def write(folder: Path) -> int:
    """Write the file; its size in bytes."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    header: dict[str, Any] = {}
    place = 0
    for name, shape in tensors(config):
        size = 2 * int(np.prod(shape))
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [place, place + size]}
        place += size
    told = json.dumps(header).encode()
    told += b" " * (-len(told) % 8)
    pool = as_bf16(np.random.default_rng(0).standard_normal(_POOL, np.float32) * _SPREAD).tobytes()
    one = as_bf16(np.ones(1)).tobytes()
    with (folder / "model.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(told)) + told)
        for name, shape in tensors(config):
            left = 2 * int(np.prod(shape))
            if name.endswith("norm.weight"):
                file.write(one * (left // 2))
                continue
            while left:
                left -= file.write(pool[:left])
    return 8 + len(told) + place


if __name__ == "__main__":
    sys.stdout.write(f"{write(Path(sys.argv[1]))} bytes\n")
