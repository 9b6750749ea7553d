"""How long OpenMP's threads should spin while they wait: a bare step on all cores, by GOMP_SPINCOUNT.

    python -m tests.bench.spinning [SPINS …]

Each count has a process of its own, for the library reads it once; they take turns. Spinning helps where the cores are
free, and harms where something else wants them: run it both ways, and look at the load.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

SPINS = ("0", "30", "100", "500", "2000", "20000")
STREAMS, ROUNDS, STEPS, PROMPT = (1, 8), 9, 20, 50


@dataclass(frozen=True, slots=True)
class Step:
    """One step of so many streams: milliseconds, those of the processor, and how often a thread slept (medians)."""

    streams: int
    spins: str
    milliseconds: float
    processor: float
    sleeps: float


def compare(spins: Sequence[str] = SPINS) -> list[Step]:
    """All counts with all numbers of streams."""
    return [step for streams in STREAMS for step in _of(streams, spins)]


def table(steps: Sequence[Step]) -> str:
    """As Markdown."""
    lines = ["| streams | spins | ms a step | ms of the processor | sleeps a step |", "|---|---|---|---|---|"]
    lines += [f"| {s.streams} | {s.spins} | {s.milliseconds:.1f} | {s.processor:.1f} | {s.sleeps:.0f} |" for s in steps]
    return "\n".join(lines)


def _of(streams: int, spins: Sequence[str]) -> list[Step]:
    command = [sys.executable, "-m", "tests.bench.spinning", "--steps", str(streams)]
    processes = {
        each: subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "GOMP_SPINCOUNT": each},
        )
        for each in spins
    }
    try:
        found: dict[str, list[list[float]]] = {each: [] for each in spins}
        for _ in range(ROUNDS):
            for each, process in processes.items():
                assert process.stdin is not None and process.stdout is not None
                process.stdin.write("\n")
                process.stdin.flush()
                found[each].append(json.loads(process.stdout.readline()))
    finally:
        for process in processes.values():
            process.kill()
            process.wait()
    return [Step(streams, each, *map(statistics.median, zip(*rounds, strict=True))) for each, rounds in found.items()]


def _steps(streams: int) -> None:
    """Be one of the processes: a round for each line of the input."""
    from daemon.engines.files.registry import resolve_model
    from daemon.engines.llama_cpp.batch_ports import Row
    from daemon.engines.llama_cpp.native import log
    from daemon.engines.llama_cpp.native.model import LlamaModel
    from daemon.engines.spec import EngineSpec
    from daemon.engines.worker.requests import LoadOptions

    log.listen()
    path = str(resolve_model(EngineSpec("bench", "llama_cpp", "starter:smollm2")))
    cache = LlamaModel(LoadOptions(path, 512, sequences=max(STREAMS)), lambda share: None).sequences
    for number in range(streams):
        cache.decode([Row(number, 0, list(range(100, 100 + PROMPT)), 1)])
    for _ in sys.stdin:
        before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
        for step in range(STEPS):
            cache.decode([Row(number, PROMPT + step, [1000 + step], 1) for number in range(streams)])
        seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
        busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        told = (1000 * seconds, 1000 * busy, after.ru_nvcsw - before.ru_nvcsw)
        print(json.dumps([each / STEPS for each in told]), flush=True)
        for number in range(streams):
            cache.cut(number, PROMPT)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        if sys.argv[1:2] == ["--steps"]:
            _steps(int(sys.argv[2]))
        else:
            print(table(compare(sys.argv[1:] or SPINS)))
