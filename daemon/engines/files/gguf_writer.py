"""Writes a GGUF file, version 3. The format: ggml/docs/gguf.md."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TYPES = {"F32": 0, "Q4_0": 2}
"""The types of numbers that are written, by ggml's numbers for them."""
_ALIGNMENT = 32
_NUMBER, _REAL, _TRUTH, _TEXT = 4, 6, 7, 8

Value = int | float | bool | str


@dataclass(frozen=True, slots=True)
class Array:
    """A tensor to write: how many values along each side, the densest side first; a name in `TYPES`; its bytes."""

    name: str
    shape: tuple[int, ...]
    type: str
    data: bytes | memoryview


def write(path: Path, metadata: Mapping[str, Value], arrays: Sequence[Array]) -> None:
    """Make the file. Whole numbers are written in 32 bits without a sign, others as 32-bit floats. Raises OSError."""
    head = bytearray(b"GGUF" + struct.pack("<IQQ", 3, len(arrays), len(metadata)))
    for key, value in metadata.items():
        head += _text(key) + _value(value)
    offset = 0
    for array in arrays:
        head += _text(array.name) + struct.pack(f"<I{len(array.shape)}Q", len(array.shape), *array.shape)
        head += struct.pack("<IQ", TYPES[array.type], offset)
        offset += len(array.data) + _missing(len(array.data))
    with path.open("wb") as file:
        file.write(head + bytes(_missing(len(head))))
        for array in arrays:
            file.write(array.data)
            file.write(bytes(_missing(len(array.data))))


def _value(value: Value) -> bytes:
    if isinstance(value, bool):
        return struct.pack("<I?", _TRUTH, value)
    if isinstance(value, int):
        return struct.pack("<II", _NUMBER, value)
    if isinstance(value, float):
        return struct.pack("<If", _REAL, value)
    return struct.pack("<I", _TEXT) + _text(value)


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _missing(length: int) -> int:
    """Bytes to the next boundary."""
    return -length % _ALIGNMENT
