"""A copy of a model in which one token makes logits that are no numbers, for whoever reads it and for nobody else."""

import struct
from pathlib import Path

from daemon.engines.files.gguf import read_header

_ALIGNMENT = 32
_EMBEDDING, _OUTPUT = "token_embd.weight", "output.weight"


def write(file: Path, model: Path, text: str) -> Path:
    """The embedding of the token of this text is NaN. The output has an embedding of its own, which stays as it was."""
    data, header = model.read_bytes(), read_header(model)
    assert _OUTPUT not in header.tensors, "the model does not have the same embedding for input and output"
    infos, at = {}, min(data.index(_packed(name)) for name in header.tensors)
    for _ in header.tensors:
        name, at = _text(data, at)
        sides = struct.unpack_from("<I", data, at)[0]
        shape = data[at : at + 4 + 8 * sides]
        infos[name] = (shape, *struct.unpack_from("<IQ", data, at + len(shape)))
        at += len(shape) + 12
    shape, kind, offset = infos[_EMBEDDING]
    size = header.tensors[_EMBEDDING].bytes
    row = size // header.tensors[_EMBEDDING].shape[1]
    body = bytearray(data[-(-at // _ALIGNMENT) * _ALIGNMENT :])
    body += bytes(-len(body) % _ALIGNMENT)
    info = _packed(_OUTPUT) + shape + struct.pack("<IQ", kind, len(body))
    body += body[offset : offset + size]
    start = offset + row * _tokens(data).index(text)
    body[start : start + row] = b"\xff" * row
    top = data[:8] + struct.pack("<Q", len(infos) + 1) + data[16:at] + info
    file.write_bytes(top + bytes(-len(top) % _ALIGNMENT) + body)
    return file


def _packed(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def _text(data: bytes, at: int) -> tuple[str, int]:
    end = at + 8 + struct.unpack_from("<Q", data, at)[0]
    return data[at + 8 : end].decode(), end


def _tokens(data: bytes) -> list[str]:
    key = _packed("tokenizer.ggml.tokens")
    at = data.index(key) + len(key) + 8  # behind the kinds: an array, of texts
    count, at = struct.unpack_from("<Q", data, at)[0], at + 8
    found = []
    for _ in range(count):
        text, at = _text(data, at)
        found.append(text)
    return found
