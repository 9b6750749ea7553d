"""A reranker as a GGUF file of a few kilobytes: the real architecture (BERT with a head that ranks), random weights.

It proves the path through llama.cpp, not that anything is ranked well. The format: ggml/docs/gguf.md.
"""

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_KNOWN = ("cat", "dog", "sun", "moon", "sleeps", "barks", "rises", "the", "a", "in")
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *(f"▁{word}" for word in _KNOWN)]
WIDTH, INNER, LENGTH = 32, 64, 64
_U32, _I32, _F32, _BOOL, _STRING, _ARRAY = 4, 5, 6, 7, 8, 9
_ALIGNMENT = 32


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _pair(key: str, kind: int, value: bytes) -> bytes:
    return _text(key) + struct.pack("<I", kind) + value


def _array(kind: int, values: Sequence[bytes]) -> bytes:
    return struct.pack("<IQ", kind, len(values)) + b"".join(values)


def _metadata() -> list[bytes]:
    numbers = {
        "bert.context_length": LENGTH, "bert.embedding_length": WIDTH, "bert.feed_forward_length": INNER,
        "bert.block_count": 1, "bert.attention.head_count": 2, "bert.pooling_type": 4,
        "tokenizer.ggml.token_type_count": 2, "tokenizer.ggml.padding_token_id": 0,
        "tokenizer.ggml.unknown_token_id": 1, "tokenizer.ggml.cls_token_id": 2, "tokenizer.ggml.bos_token_id": 2,
        "tokenizer.ggml.seperator_token_id": 3, "tokenizer.ggml.eos_token_id": 3,
    }  # fmt: skip
    types = [struct.pack("<i", 3 if word.startswith("[") else 1) for word in WORDS]
    return [
        _pair("general.architecture", _STRING, _text("bert")),
        *(_pair(key, _U32, struct.pack("<I", value)) for key, value in numbers.items()),
        _pair("bert.attention.layer_norm_epsilon", _F32, struct.pack("<f", 1e-12)),
        _pair("bert.attention.causal", _BOOL, b"\0"),
        _pair("tokenizer.ggml.model", _STRING, _text("bert")),
        _pair("tokenizer.ggml.tokens", _ARRAY, _array(_STRING, [_text(word) for word in WORDS])),
        _pair("tokenizer.ggml.token_type", _ARRAY, _array(_I32, types)),
    ]


def _tensors(*, head: bool) -> dict[str, NDArray[np.float32]]:
    draw = np.random.default_rng(3)

    def drawn(*shape: int) -> NDArray[np.float32]:
        return draw.normal(0, 0.5, shape).astype(np.float32)

    def norm(name: str) -> dict[str, NDArray[np.float32]]:
        return {f"{name}.weight": np.ones(WIDTH, np.float32), f"{name}.bias": np.zeros(WIDTH, np.float32)}

    found = {"token_embd.weight": drawn(len(WORDS), WIDTH), "token_types.weight": drawn(2, WIDTH)}
    found |= {"position_embd.weight": drawn(LENGTH, WIDTH), **norm("token_embd_norm")}
    for name, rows, columns in [
        *((f"attn_{part}", WIDTH, WIDTH) for part in ("q", "k", "v", "output")),
        ("ffn_up", INNER, WIDTH),
        ("ffn_down", WIDTH, INNER),
    ]:
        found |= {f"blk.0.{name}.weight": drawn(rows, columns), f"blk.0.{name}.bias": drawn(rows)}
    found |= norm("blk.0.attn_output_norm") | norm("blk.0.layer_output_norm")
    if head:
        found |= {"cls.weight": drawn(WIDTH, WIDTH), "cls.bias": drawn(WIDTH)}
        found |= {"cls.output.weight": drawn(1, WIDTH), "cls.output.bias": drawn(1)}
    return found


def write(file: Path, *, head: bool = True) -> Path:
    """Write the model; without `head` it only embeds."""
    metadata, tensors = _metadata(), _tensors(head=head)
    infos, data = b"", b""
    for name, values in tensors.items():
        shape = values.shape[::-1]
        infos += _text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, len(data))
        data += values.tobytes() + b"\0" * (-values.nbytes % _ALIGNMENT)
    top = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata)) + b"".join(metadata) + infos
    file.write_bytes(top + b"\0" * (-len(top) % _ALIGNMENT) + data)
    return file
