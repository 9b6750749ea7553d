"""A second start on an unchanged vault: how much processor time until the index is ready, and that nothing is embedded.

    python -m tests.bench.start [NOTES …]

The real process with all its imports, on a made vault with real text; its vectors stand in (see `generated`), for
embedding it would take hours. Processor time is that of the process, for the machine may be busy with other things.
"""

import asyncio
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from daemon.compose import compose
from daemon.config import Settings
from daemon.engines.e5.embedder import E5Embedder
from tests.bench.embedders import CACHE
from tests.bench.generated import StandIn, write_vault
from tests.process import ROOT, environment

SIZES = (10_000, 50_000)
LIMITS = {10_000: 3.0, 50_000: 10.0}
"""Seconds of processor time that a start may take."""
ROUNDS = 3
LONG = 600.0
LOOK = 0.2
"""Seconds between looks at `/api/health`, which cost the process time, too."""


@dataclass(frozen=True, slots=True)
class Start:
    """`cpu` is in seconds of processor time, the best of the rounds; `imports` what of it importing takes."""

    notes: int
    chunks: int
    way: str
    cpu: float
    wall: float
    imports: float
    embedded: int


def built(notes: int) -> Path:
    """A vault with its index, made once and kept in the cache."""
    folder = CACHE / f"start-{notes}"
    if not (folder / "whole").exists():
        shutil.rmtree(folder, ignore_errors=True)
        write_vault(folder / "vault", notes)
        asyncio.run(_index(folder))
        (folder / "whole").touch()
    return folder


async def _index(folder: Path) -> None:
    famulus = compose(Settings(vault=folder / "vault", data_dir=folder / "data"))
    object.__setattr__(famulus.embedder, "inner", StandIn(E5Embedder()))
    try:
        await famulus.catch_up()
    finally:
        await famulus.close()


def measure(folder: Path, notes: int) -> list[Start]:
    """`famulus index` until it has ended, and `famulus serve` until it says that it is ready."""
    imports = min(_cpu_of([sys.executable, "-c", "import daemon.serve"], folder)[0] for _ in range(ROUNDS))
    indexed = [_indexed(folder) for _ in range(ROUNDS)]
    served = [_served(folder) for _ in range(ROUNDS)]
    return [
        Start(notes, index["chunks"], way, cpu, wall, imports, index["embedded_since_start"])
        for way, rounds in (("famulus index", indexed), ("famulus serve, until ready", served))
        for cpu, wall, index in [min(rounds, key=lambda found: found[0])]
    ]


def _cpu_of(command: Sequence[str], home: Path) -> tuple[float, float, str]:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=environment(home), check=True, capture_output=True, text=True)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - began
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall, done.stdout


def _where(folder: Path) -> list[str]:
    return ["--vault", str(folder / "vault"), "--data-dir", str(folder / "data")]


def _indexed(folder: Path) -> tuple[float, float, dict[str, Any]]:
    command = [sys.executable, "-m", "daemon", "index", "--json", *_where(folder)]
    cpu, wall, said = _cpu_of(command, folder)
    return cpu, wall, json.loads(said)["index"]


def _served(folder: Path) -> tuple[float, float, dict[str, Any]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    began = time.perf_counter()
    command = [sys.executable, "-m", "daemon", "serve", "--port", str(port), *_where(folder)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment(folder), stderr=subprocess.DEVNULL)
    try:
        index = _until_ready(f"http://127.0.0.1:{port}/api/health", began + LONG)
        return _cpu_so_far(process.pid), time.perf_counter() - began, index
    finally:
        process.terminate()
        process.wait()


def _until_ready(url: str, until: float) -> dict[str, Any]:
    with httpx.Client(trust_env=False) as client:
        while time.perf_counter() < until:
            time.sleep(LOOK)
            try:
                index: dict[str, Any] = client.get(url).json()["index"]
            except httpx.TransportError:
                continue
            if index["ready"]:
                return index
    raise TimeoutError(f"{url} did not say that it is ready")


def _cpu_so_far(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def compare(sizes: Sequence[int] = SIZES) -> list[Start]:
    return [start for notes in sizes for start in measure(built(notes), notes)]


def table(starts: Sequence[Start]) -> str:
    lines = [
        "| notes | chunks | what | processor s | of these imports | at most | of the limit | wall s | embedded |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for one in starts:
        limit = LIMITS.get(one.notes)
        share = f"{limit:.0f} | {one.cpu / limit:.2f}" if limit else "- | -"
        lines.append(
            f"| {one.notes:,} | {one.chunks:,} | {one.way} | {one.cpu:.2f} | {one.imports:.2f} | {share}"
            f" | {one.wall:.1f} | {one.embedded} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(compare([int(size) for size in sys.argv[1:]] or SIZES)))
