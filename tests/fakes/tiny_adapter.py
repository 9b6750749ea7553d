"""A LoRA adapter as a GGUF file: the real form, random weights, for one matrix of the first layer of a model."""

import struct
from pathlib import Path

import numpy as np

from daemon.engines.files.gguf import read_header

_U32, _F32, _STRING = 4, 6, 8
_ALIGNMENT, RANK = 32, 4
TARGET = "blk.0.attn_q.weight"


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _pair(key: str, kind: int, value: bytes) -> bytes:
    return _text(key) + struct.pack("<I", kind) + value


def write(file: Path, model: Path, *, architecture: str = "", target: str = TARGET, kind: str = "lora") -> Path:
    """Write an adapter that fits the model, unless it is told another architecture, target or kind."""
    header = read_header(model)
    inputs, outputs = header.tensors[TARGET].shape
    draw = np.random.default_rng(5)
    parts = {
        f"{target}.lora_a": draw.normal(0, 1, (RANK, inputs)).astype(np.float32),
        f"{target}.lora_b": draw.normal(0, 1, (outputs, RANK)).astype(np.float32),
    }
    known = architecture or str(header.metadata["general.architecture"])
    pairs = [
        _pair("general.type", _STRING, _text("adapter")),
        _pair("adapter.type", _STRING, _text(kind)),
        _pair("general.architecture", _STRING, _text(known)),
        _pair("adapter.lora.alpha", _F32, struct.pack("<f", RANK)),
    ]
    infos, data = b"", b""
    for name, values in parts.items():
        shape = values.shape[::-1]
        infos += _text(name) + struct.pack("<IQQIQ", 2, *shape, 0, len(data))
        data += values.tobytes() + b"\0" * (-values.nbytes % _ALIGNMENT)
    top = b"GGUF" + struct.pack("<IQQ", 3, len(parts), len(pairs)) + b"".join(pairs) + infos
    file.write_bytes(top + b"\0" * (-len(top) % _ALIGNMENT) + data)
    return file
