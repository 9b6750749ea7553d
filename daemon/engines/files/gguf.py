"""GGUF files: what the header says, and whether the whole file is there. The format: ggml/docs/gguf.md."""

import hashlib
import mmap
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agents.errors import EngineError

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
# ggml type -> (values in a block, bytes of a block); a type that is not listed is checked by its offset only
_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292),
    16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82),
    23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2),
    34: (256, 54), 35: (256, 66), 39: (32, 17),
}  # fmt: skip
_NO_MODELS = {
    "adapter": "a LoRA adapter, which belongs into `lora`", "mmproj": "what reads images for one",
    "imatrix": "what a quantisation is made by", "vocab": "a vocabulary",
}  # fmt: skip
_EDGE = 1 << 20
_KEPT_NUMBERS = 1024
"""Longer arrays are the vocabulary's."""
_LONGEST_TEXT = 1 << 26
_MOST, _MOST_TEXTS, _MOST_SIDES = 1 << 20, 1 << 24, 8
"""Of tensors and of values, of texts in an array, of sides of a tensor: far more than any model has."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """How many values a tensor has along each side, the densest side first, and its bytes in the file."""

    shape: tuple[int, ...]
    bytes: int


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """A file's metadata (of arrays only short ones of numbers), its tensors by name, the bytes that it must have."""

    metadata: dict[str, object] = field(default_factory=dict)
    needed_bytes: int = 0
    tensors: Mapping[str, Tensor] = field(default_factory=dict)

    def of_architecture(self, key: str) -> object:
        """A value that is stored under the architecture's own name, such as `llama.embedding_length`."""
        return self.metadata.get(f"{self.metadata.get('general.architecture')}.{key}")


class _Cursor:
    def __init__(self, data: mmap.mmap) -> None:
        self.data = data
        self.at = 0

    def scalar(self, code: str) -> object:
        size = struct.calcsize(f"<{code}")
        if self.at + size > len(self.data):
            raise struct.error("a number runs past the end of the file")
        value = struct.unpack_from(f"<{code}", self.data, self.at)[0]
        self.at += size
        return value

    def number(self, code: str = "Q") -> int:
        value = self.scalar(code)
        assert isinstance(value, int)
        return value

    def text(self) -> str:
        length = self.number()
        if length > len(self.data) - self.at:
            raise struct.error("a text runs past the end of the file")
        if length > _LONGEST_TEXT:
            raise struct.error(f"a text has {length:,} bytes")
        start, self.at = self.at, self.at + length
        return self.data[start : self.at].decode("utf-8", "replace")

    def value(self, kind: int) -> object:
        if kind == _STRING:
            return self.text()
        if kind == _ARRAY:
            return self._array()
        return self.scalar(_SCALARS[kind])

    def _array(self) -> tuple[object, ...] | None:
        kind, count = self.number("I"), self.number()
        if kind in _SCALARS:
            if count <= _KEPT_NUMBERS:
                return tuple(self.scalar(_SCALARS[kind]) for _ in range(count))
            self.at += count * struct.calcsize(f"<{_SCALARS[kind]}")
            return None
        if kind == _STRING:
            self._skip_texts(count)
            return None
        raise struct.error(f"an array of type {kind}")  # of arrays llama.cpp reads none either

    def _skip_texts(self, count: int) -> None:
        """A vocabulary has hundreds of thousands of them: nothing is made of any."""
        if count > _MOST_TEXTS:
            raise struct.error(f"an array of {count:,} texts")
        length, data, at, end = struct.Struct("<Q").unpack_from, self.data, self.at, len(self.data)
        for _ in range(count):
            at += 8 + length(data, at)[0]
            if at > end:
                raise struct.error("a text runs past the end of the file")
        self.at = at


def read_header(path: Path) -> GgufHeader:
    """The header of a file that is whole. Raises EngineError: missing, not a GGUF, cut short."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            header = _parse(data, path)
            size = len(data)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _bad(path, f"It can not be read: {reason}.", "Check the path in famulus.toml.") from error
    except (struct.error, KeyError) as error:
        raise _cut_short(path, f"its header breaks off or is damaged ({error})") from error
    if header.needed_bytes > size:
        raise _cut_short(path, f"it has {size:,} bytes and its tensors need {header.needed_bytes:,}")
    return header


def read_model(path: Path) -> GgufHeader:
    """The header of a whole file that holds a model. Raises EngineError."""
    header = read_header(path)
    if (kind := str(header.metadata.get("general.type", "model"))) in _NO_MODELS:
        raise _bad(path, f"It is no model: it holds {_NO_MODELS[kind]}.", "Name the model itself.")
    return header


def _parse(data: mmap.mmap, path: Path) -> GgufHeader:
    if data[:4] != b"GGUF":
        raise _bad(path, "It is not a GGUF file.", "Name a file in GGUF form, version 2 or 3.")
    cursor = _Cursor(data)
    cursor.at = 4
    version = cursor.number("I")
    if version not in (2, 3):
        raise _bad(path, f"Its GGUF version {version} is not known.", "Convert the model anew (version 3).")
    tensors, pairs = cursor.number(), cursor.number()
    if max(tensors, pairs) > _MOST:
        raise struct.error(f"it counts {tensors:,} tensors and {pairs:,} values")
    metadata: dict[str, object] = {}
    for _ in range(pairs):
        key = cursor.text()
        metadata[key] = cursor.value(cursor.number("I"))
    found = [_tensor(cursor) for _ in range(tensors)]
    alignment = metadata.get("general.alignment", 32)
    if not isinstance(alignment, int) or alignment < 1:
        raise struct.error(f"an alignment of {alignment!r}")
    start = -(-cursor.at // alignment) * alignment
    needed = start + max((each.offset + each.bytes for each in found), default=0)
    return GgufHeader(metadata, needed, _sized(found, max(0, len(data) - start)))


@dataclass(frozen=True, slots=True)
class _Entry:
    """A tensor as the header lists it; `bytes` is 0 where its type is not known."""

    name: str
    shape: tuple[int, ...]
    offset: int
    bytes: int


def _tensor(cursor: _Cursor) -> _Entry:
    name = cursor.text()
    sides = cursor.number("I")
    if not 0 < sides <= _MOST_SIDES:
        raise struct.error(f"a tensor with {sides:,} sides")
    shape = tuple(cursor.number() for _ in range(sides))
    values = 1
    for side in shape:
        values *= side
    per_block, size = _BLOCKS.get(cursor.number("I"), (1, 0))
    return _Entry(name, shape, cursor.number(), values // per_block * size)


def _sized(found: Iterable[_Entry], end: int) -> dict[str, Tensor]:
    """Tensors by name; one of an unknown type reaches to the next one, or to the end of the file."""
    ordered = sorted(found, key=lambda each: each.offset)
    ends = [*(each.offset for each in ordered[1:]), end]
    return {
        each.name: Tensor(each.shape, each.bytes or max(0, after - each.offset))
        for each, after in zip(ordered, ends, strict=False)
    }


def fingerprint(path: Path) -> str:
    """12 hex digits from the size and both ends of a file: changes with the weights, not with the place or date."""
    size = path.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        digest.update(file.read(_EDGE))
        file.seek(max(0, size - _EDGE))
        digest.update(file.read(_EDGE))
    return digest.hexdigest()[:12]


def _cut_short(path: Path, cause: str) -> EngineError:
    return _bad(path, f"The file is not whole: {cause}.", "Delete it and run `famulus models pull` again.")


def _bad(path: Path, cause: str, fix: str) -> EngineError:
    return EngineError(f"The model file {path} can not be loaded.", cause, fix)
