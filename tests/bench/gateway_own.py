"""What our HTTP costs in front of our own engine: the starter model asked through it, and asked directly.

    python -m tests.bench.gateway_own [ROUNDS]

One daemon, one worker: the daemon's application runs in this process and its clients in another, and the same engine
is asked from here. The prompt is the same each time, so that it is read once and the first token is one step.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import uvicorn

from agents.ports import ChatRequest, Message
from daemon.app import build_app
from daemon.compose import Famulus, compose
from daemon.config import Settings
from daemon.serve import _listen
from tests.bench.gateway_client import Timing
from tests.process import ROOT

ROUNDS = 30
ASKED = 8
"""Requests of one round, one after the other."""
TOKENS = 2
ENGINE = "smollm2"
PROMPT = "Tell me of an animal."
"""That of the clients."""


@dataclass(frozen=True, slots=True)
class Row:
    """Medians in milliseconds to the first token, and of the difference in each round, with its quartiles."""

    direct_ms: float
    through_ms: float
    overhead_ms: float
    overhead_low_ms: float
    overhead_high_ms: float


def compare(rounds: int = ROUNDS) -> list[Row]:
    """The engine directly and through HTTP, in turns."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        os.environ["XDG_STATE_HOME"] = str(home / "state")
        (home / "vault").mkdir()
        (home / "vault" / "Fox.md").write_text("# Fox\n\nIt is red.\n")
        return asyncio.run(_compare(Settings(vault=home / "vault", data_dir=home / "data"), rounds))


async def _compare(settings: Settings, rounds: int) -> list[Row]:
    famulus = compose(settings)
    listener = _listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(build_app(famulus), log_config=None, access_log=False))
    serving = asyncio.ensure_future(server.serve(sockets=[listener]))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    try:
        await _direct(famulus)
        await _through(url, famulus.token)
        pairs = [(await _direct(famulus), await _through(url, famulus.token)) for _ in range(rounds)]
    finally:
        server.should_exit = True
        await serving
    apart = sorted(through - direct for direct, through in pairs)
    middle, low, high = median(apart), apart[len(apart) // 4], apart[-1 - len(apart) // 4]
    figures = (median(direct for direct, _ in pairs), median(through for _, through in pairs), middle, low, high)
    return [Row(*(round(figure * 1e3, 2) for figure in figures))]


async def _direct(famulus: Famulus) -> float:
    request = ChatRequest((Message("user", PROMPT),), TOKENS)
    found = []
    for _ in range(ASKED):
        asked, first = time.perf_counter(), 0.0
        async with aclosing(famulus.host.roles["planner"].stream(request)) as deltas:
            async for delta in deltas:
                first = first or (time.perf_counter() if delta.text else 0.0)
        found.append(first - asked)
    return median(found)


async def _through(url: str, key: str) -> float:
    command = ["-m", "tests.bench.gateway_client", url, key, ENGINE, "1", str(ASKED), str(TOKENS)]
    process = await asyncio.create_subprocess_exec(sys.executable, *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    told, _ = await process.communicate()
    return median(Timing(**json.loads(told)).first)


def table(rows: Sequence[Row]) -> str:
    """As Markdown."""
    lines = [
        "| Engine directly, ms | Through HTTP, ms | Difference, ms | Half of the rounds between |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {row.direct_ms:.2f} | {row.through_ms:.2f} | {row.overhead_ms:.2f} | "
        f"{row.overhead_low_ms:.2f} and {row.overhead_high_ms:.2f} |"
        for row in rows
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(compare(int(sys.argv[1]) if sys.argv[1:] else ROUNDS)))
