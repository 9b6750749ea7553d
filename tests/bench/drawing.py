"""What drawing a token costs where chance decides, for many answers and a large vocabulary: our way beside two others.

    python -m tests.bench.drawing

Logits are made up: flat ones as random weights give them, which are the worst case, and ones of which each answer's
likeliest token has most of the weight. Times are of the processor, one thread, medians of rounds that alternate; our
way is one call for all answers, as in a step.
"""

import ctypes
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from daemon.engines.llama_cpp.blocks import Logits, highest
from daemon.engines.llama_cpp.chance import Chance, chosen
from daemon.engines.worker.requests import Sampling

VOCABULARY, ANSWERS, ROUNDS, TEMPERATURE = 151_936, 32, 15, 0.7
_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
Way = Callable[[Logits], object]


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds of the processor for a step's answers; `ratio` is the median of the rounds', to our way."""

    settings: str
    logits: str
    way: str
    milliseconds: float
    ratio: float


def compare(rounds: int = ROUNDS) -> list[Cost]:
    """All ways with all settings on all logits."""
    found, others = [], np.zeros(16_000_000, np.float32)
    for name, logits in _logits().items():
        for sampling in (Sampling(1, TEMPERATURE, seed=1), Sampling(1, TEMPERATURE, seed=1, top_k=40, top_p=0.95)):
            settings = f"temperature {TEMPERATURE}" + (", top-k 40, top-p 0.95" if sampling.top_k else "")
            ways = _ways(sampling)
            costs: dict[str, list[float]] = {way: [] for way in ways}
            for _ in range(rounds):
                for way, work in ways.items():
                    others += 1  # logits come from a device: no way finds them in the processor's cache
                    began = time.thread_time()
                    work(logits)
                    costs[way].append(1000 * (time.thread_time() - began))
            ours = costs[next(iter(ways))]
            for way, theirs in costs.items():
                ratio = statistics.median(a / b for a, b in zip(theirs, ours, strict=True))
                found.append(Cost(settings, name, way, statistics.median(theirs), ratio))
    return found


def table(costs: list[Cost]) -> str:
    """As Markdown."""
    lines = ["| settings | logits | way | ms a step of 32 | ratio |", "|---|---|---|---|---|"]
    lines += [f"| {c.settings} | {c.logits} | {c.way} | {c.milliseconds:.2f} | {c.ratio:.1f} |" for c in costs]
    return "\n".join(lines)


def _logits() -> dict[str, Logits]:
    generator = np.random.default_rng(0)
    flat = generator.normal(0, 0.83, (ANSWERS, VOCABULARY)).astype(np.float32)
    peaked = generator.normal(0, 2.5, (ANSWERS, VOCABULARY)).astype(np.float32)
    peaked[:, 77] += 22
    return {"flat": flat, "peaked": peaked}


def _ways(sampling: Sampling) -> dict[str, Way]:
    chances = [Chance(sampling) for _ in range(ANSWERS)]

    def ours(logits: Logits) -> list[int]:
        return chosen(logits, highest(logits), chances)

    ways: dict[str, Way] = {"Famulus": ours, "llama.cpp's samplers, one after the other": _llama(sampling)}
    if sampling.top_k:
        ways["each answer by itself"] = lambda logits: [
            chance.choose(*each) for chance, *each in zip(chances, logits, highest(logits), strict=True)
        ]
    if chances[0].plain:
        ways["a sum over everything"] = _sums(np.random.default_rng(1))
    return ways


def _sums(generator: np.random.Generator) -> Way:
    room = np.empty((ANSWERS, VOCABULARY), np.float32)
    starts = np.arange(0, VOCABULARY, 1024)

    def work(logits: Logits) -> list[int]:
        np.multiply(logits, np.float32(1 / TEMPERATURE), out=room)
        np.exp(room, out=room)
        sums = np.add.reduceat(room, starts, axis=1)
        found = []
        for row, blocks in zip(room, sums, strict=True):
            block = int(starts[_picked(blocks.astype(np.float64), generator.random())])
            found.append(block + _picked(row[block : block + 1024].astype(np.float64), generator.random()))
        return found

    return work


def _picked(weights: NDArray[np.float64], dice: float) -> int:
    sums = np.cumsum(weights)
    return min(int(np.searchsorted(sums, dice * sums[-1], side="right")), len(weights) - 1)


def _llama(sampling: Sampling) -> Way:
    chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
    if sampling.top_k:
        llama_cpp.llama_sampler_chain_add(chain, llama_cpp.llama_sampler_init_top_k(sampling.top_k))
        llama_cpp.llama_sampler_chain_add(chain, llama_cpp.llama_sampler_init_top_p(sampling.top_p, 1))
    llama_cpp.llama_sampler_chain_add(chain, llama_cpp.llama_sampler_init_temp(sampling.temperature))
    llama_cpp.llama_sampler_chain_add(chain, llama_cpp.llama_sampler_init_dist(1))
    candidates = np.empty(VOCABULARY, _CANDIDATE)

    def work(logits: Logits) -> list[int]:
        found = []
        for row in logits:
            candidates["id"] = np.arange(VOCABULARY, dtype=np.int32)
            candidates["logit"] = row
            pointer = candidates.ctypes.data_as(ctypes.POINTER(llama_cpp.llama_token_data))
            array = llama_cpp.llama_token_data_array(pointer, VOCABULARY, -1, False)
            llama_cpp.llama_sampler_apply(chain, ctypes.byref(array))
            found.append(int(array.data[array.selected].id))
        return found

    return work


if __name__ == "__main__":
    print(table(compare()))
