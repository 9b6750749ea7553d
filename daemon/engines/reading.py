"""How fast one answer could be at most: each token reads the weights once, and memory is only so fast. Pure but for one
measurement."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from daemon.engines.files.gguf import GgufHeader
from daemon.engines.hosting.shape import shape_of

_COPIED = 1 << 28
"""Bytes that are copied to measure memory: more than any cache holds."""
_COPIES = 3


def bytes_a_token(headers: Sequence[GgufHeader]) -> int:
    """Bytes of weights that one token of one answer reads, by the headers of all parts of a GGUF file.

    Of the experts only those that are used; of the embeddings of the input one row, which is left out.
    """
    shape, first = shape_of(headers), headers[0]
    count, used = first.of_architecture("expert_count"), first.of_architecture("expert_used_count")
    share = used / count if isinstance(count, int) and isinstance(used, int) and count else 1.0
    return int(sum(layer.dense + layer.experts * share for layer in shape.layers) + shape.output_bytes)


def most_tokens_a_second(read: int, bandwidth: float) -> float:
    """The limit for one answer alone; `bandwidth` in bytes a second. 0 where one of both is not known."""
    return bandwidth / read if read and bandwidth else 0.0


def copy_bandwidth(threads: int) -> float:
    """Bytes a second that main memory reads and writes while `threads` copy, the best of three times."""
    source = np.ones(_COPIED // 8)
    target = np.empty_like(source)
    parts = list(zip(np.array_split(source, threads), np.array_split(target, threads), strict=True))
    best = 0.0
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(_COPIES):
            began = time.perf_counter()
            list(pool.map(lambda part: np.copyto(part[1], part[0]), parts))
            best = max(best, 2 * source.nbytes / (time.perf_counter() - began))
    return best
