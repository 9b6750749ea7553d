"""llama.cpp on a GPU with a random model of a real shape: llama.cpp's own tools, a bare loop, our engine, the daemon.

    python -m tests.bench.gpu_llama --model FILE.gguf --tools DIR --out DIR

DIR of the tools holds `llama-batched-bench`. Everything is measured in one run; the result is written to
`OUT/llama.json` after each stage. Decoding is told apart from reading prompts: tokens a second are counted from the
first token of the last stream to the end of the first.
"""

import argparse
import asyncio
import dataclasses
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, cast

import uvicorn

from agents.ports import ChatRequest, Message
from daemon.app import build_app
from daemon.compose import compose
from daemon.configfile import load
from daemon.engines.llama_cpp.chat import LlamaCppEngine
from daemon.engines.spec import EngineSpec
from daemon.engines.worker.worker import Launch, Worker, python_worker

CONTEXT, SEQUENCES, TOKENS, WORDS = 1024, 32, 256, 100
GATEWAY_PAIRS, GATEWAY_TOKENS = 12, 768
SPEC = EngineSpec("gpu", "llama_cpp", "", context=CONTEXT, sequences=SEQUENCES, gpu_layers=99, stall_seconds=200)
VARIANTS: dict[str, dict[str, object]] = {
    "apart": {},
    "unified": {"unified": True},
    "sampled on the device": {"device_sampling": True},
}
SETTINGS = """
[roles]
planner = "gpu"
embedder = "nobody"

[engines.gpu]
kind = "llama_cpp"
model = "{model}"
context = {context}
sequences = {sequences}
gpu_layers = 99
stall_seconds = 200
{more}

[engines.nobody]
kind = "openai"
model = "nobody"
url = "http://127.0.0.1:9/v1"
dimensions = 8
"""
BARE = """
import json, sys, time
import llama_cpp
from daemon.engines.llama_cpp.batch_ports import Row
from daemon.engines.llama_cpp.native import log
from daemon.engines.llama_cpp.native.model import LlamaModel
from daemon.engines.worker.requests import LoadOptions
log.listen()
options = LoadOptions(sys.argv[1], {context}, sequences={sequences}, gpu_layers=99, unified=sys.argv[2] == "1")
model = LlamaModel(options, lambda share: None)
cache = model.sequences
found = {{}}
for streams in (1, 8, 32):
    for number in range(streams):
        cache.cut(number, 0)
        cache.decode([Row(number, 0, list(range(100, 100 + {prompt})), 1)])
    began = 0.0
    for step in range({tokens}):
        cache.decode([Row(number, {prompt} + step, [1000 + step], 1) for number in range(streams)])
        llama_cpp.llama_synchronize(cache.context)
        began = began or time.perf_counter()
    found[streams] = round(({tokens} - 1) * streams / (time.perf_counter() - began), 1)
print(json.dumps(found))
"""


class Run:
    """What is measured, and what was found so far."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.model, self.tools, self.out = arguments.model, Path(arguments.tools), Path(arguments.out)
        self.out.mkdir(parents=True, exist_ok=True)
        self.began = time.perf_counter()
        self.found: dict[str, Any] = {}

    async def stage(self, name: str, work: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        """Do it, and note what was found or what went wrong."""
        began = time.perf_counter()
        try:
            told = await work()
        except Exception as error:  # noqa: BLE001 - later stages run all the same
            told = {"failed": f"{type(error).__name__}: {error} {getattr(error, 'cause', '')}"}
        self.found[name] = {**told, "stage_seconds": round(time.perf_counter() - began, 1)}
        print(name, json.dumps(self.found[name]), flush=True)
        (self.out / "llama.json").write_text(json.dumps(self.found, indent=1))

    async def batched_bench(self, *flags: str) -> dict[str, Any]:
        """llama-batched-bench: tokens a second of reading and of writing, by the number of streams."""
        command = [
            str(self.tools / "llama-batched-bench"), "-m", self.model, "-ngl", "99", "-fa", "on", "-c", str(32 * 1024),
            "-npp", str(WORDS), "-ntg", str(TOKENS), "-npl", "1,8,32", *flags,
        ]  # fmt: skip
        said = await _output(command, {"LD_LIBRARY_PATH": str(self.tools)})
        rows = re.findall(r"^\|\s*(.+?)\s*\|$", said, re.MULTILINE)
        cells = [[cell.strip() for cell in row.split("|")] for row in rows if row[:1].isdigit()]
        return {row[2]: {"reading": float(row[5]), "writing": float(row[7])} for row in cells} or {"said": said[-600:]}

    async def bare(self, unified: bool) -> dict[str, Any]:
        """Our step in a loop, without sampling."""
        code = BARE.format(context=CONTEXT, sequences=SEQUENCES, prompt=WORDS, tokens=TOKENS)
        said = await _output([sys.executable, "-c", code, self.model, str(int(unified))], {})
        return dict(json.loads(said.strip().splitlines()[-1]))

    async def engine(self, options: dict[str, object]) -> dict[str, Any]:
        """The engine, asked in this process: streams sampled by chance, and the likeliest token."""
        given = {"path": self.model, "context": CONTEXT, "sequences": SEQUENCES, "gpu_layers": 99, **options}
        worker = Worker("gpu", lambda: Launch(python_worker(), given))
        engine = LlamaCppEngine(dataclasses.replace(SPEC, model=self.model), worker)
        found: dict[str, Any] = {}
        try:
            began = time.perf_counter()
            await engine.start()
            found["load_seconds"] = round(time.perf_counter() - began, 1)
            await self.streams(engine, 1, 0.0)
            for streams in (1, 8, 32):
                found[str(streams)] = {
                    "by chance": [await self.streams(engine, streams, 0.7) for _ in range(2)],
                    "likeliest": await self.streams(engine, streams, 0.0),
                }
        finally:
            engine.close()
        return found

    async def streams(
        self, engine: LlamaCppEngine, count: int, temperature: float, tokens: int = TOKENS
    ) -> dict[str, float]:
        """Tokens a second of all together, median and worst time to the first token in ms."""
        began = time.perf_counter()
        first: list[float] = []
        ended: list[float] = []
        heard: list[float] = []
        written: dict[int, int] = {}

        async def one(number: int) -> None:
            text = f"{time.time_ns()} {number} " + "note " * WORDS
            request = ChatRequest((Message("user", text),), tokens, temperature=temperature)
            some = 0
            async for delta in engine.stream(request):
                written[number] = delta.usage.completion_tokens if delta.usage else 0
                at = time.perf_counter()
                some += 1
                if some == 1:
                    first.append(at)
                heard.append(at)
            ended.append(time.perf_counter())

        await asyncio.gather(*(one(number) for number in range(count)))
        start, end = max(first), min(ended)
        shown = len(heard) / sum(written.values())  # half characters wait for their other half
        rate = sum(start < at <= end for at in heard) / shown / (end - start)
        waits = sorted(at - began for at in first)
        span = max(ended) - began
        return {
            "decoding": _decoding(sum(written.values()), count, span, 1000 * waits[-1]),
            "tokens_a_second": round(rate, 1), "first_ms": round(1000 * waits[len(waits) // 2], 1),
            "first_ms_worst": round(1000 * waits[-1], 1),
        }  # fmt: skip

    async def daemon(self, more: str) -> dict[str, Any]:
        """HTTP clients in a process of their own, at the daemon in this one."""
        found: dict[str, Any] = {}
        async with self.served(more) as famulus:
            for clients, temperature in ((1, 0.0), (8, 0.0), (32, 0.0), (1, 0.7), (32, 0.7)):
                for _ in range(3 if clients == 32 else 1):
                    told = await famulus.clients(clients, temperature)
                    direct = await self.streams(famulus.engine, clients, temperature)
                    found.setdefault(f"{clients} at {temperature}", []).append({"http": told, "engine": direct})
        return found

    async def gateway(self, more: str) -> dict[str, Any]:
        """What HTTP takes of the tokens a second of 32 streams: pairs of rounds, each pair in the other order.

        Answers are long, for the way of the last line to the client counts as decoding.
        """
        http, direct = [], []
        async with self.served(more) as famulus:
            for number in range(GATEWAY_PAIRS):
                for turn in (number, number + 1):
                    if turn % 2:
                        http.append((await famulus.clients(SEQUENCES, 0.0, GATEWAY_TOKENS))["decoding"])
                    else:
                        direct.append((await self.streams(famulus.engine, SEQUENCES, 0.0, GATEWAY_TOKENS))["decoding"])
        ratios = [one / other for one, other in zip(http, direct, strict=True)]
        return {"http": http, "engine": direct, "ratio": _median_with_interval(ratios)}

    @asynccontextmanager
    async def served(self, more: str) -> AsyncIterator["Served"]:
        """The daemon with this model, warm."""
        with tempfile.TemporaryDirectory() as home, socket.create_server(("127.0.0.1", 0)) as listener:
            vault = Path(home) / "vault"
            (vault / ".obsidian").mkdir(parents=True)
            (vault / "Fox.md").write_text("A fox is quick.\n")
            file = Path(home) / "famulus.toml"
            file.write_text(SETTINGS.format(model=self.model, context=CONTEXT, sequences=SEQUENCES, more=more))
            settings = load(file).model_copy(update={"vault": vault, "data_dir": Path(home) / "data"})
            famulus = compose(settings)
            server = uvicorn.Server(
                uvicorn.Config(build_app(famulus), log_config=None, access_log=False, lifespan="on")
            )
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            engine = cast(LlamaCppEngine, famulus.host.roles["planner"])
            await self.streams(engine, 1, 0.0)
            yield Served(f"http://127.0.0.1:{listener.getsockname()[1]}/v1", famulus.token, engine)
            server.should_exit = True
            await serving
            await famulus.close()


@dataclasses.dataclass(frozen=True, slots=True)
class Served:
    """A daemon to ask: where, with which token, and the engine behind it."""

    url: str
    token: str
    engine: LlamaCppEngine

    async def clients(self, count: int, temperature: float, tokens: int = TOKENS) -> dict[str, Any]:
        """So many clients in a process of their own, one request each."""
        asked = [
            "-m", "tests.bench.sse_client", self.url, self.token, "gpu", f"--clients={count}",
            f"--tokens={tokens}", f"--words={WORDS}", "--rounds=1", f"--temperature={temperature}",
        ]  # fmt: skip
        told: dict[str, Any] = json.loads(await _output([sys.executable, *asked], {}))
        return {**told, "decoding": _decoding(told["tokens"], count, told["seconds_worst"], told["first_ms_worst"])}


def _median_with_interval(values: Sequence[float]) -> dict[str, float]:
    """The median and its 95 % interval by the bootstrap."""
    random = Random(0)
    drawn = sorted(statistics.median(random.choices(values, k=len(values))) for _ in range(2_000))
    return {"median": statistics.median(values), "low": drawn[50], "high": drawn[-50]}


def _decoding(tokens: int, clients: int, seconds_worst: float, first_ms_worst: float) -> float:
    """Tokens a second from the last stream's first token to the end of all, all but their first tokens counted."""
    span = seconds_worst - first_ms_worst / 1000
    return round((tokens - clients) / span, 1) if span > 0 else 0.0


async def _output(command: Sequence[str], environment: dict[str, str]) -> str:
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, env={**os.environ, **environment})
    said, _ = await process.communicate()
    return said.decode(errors="replace")


async def run(arguments: argparse.Namespace) -> None:
    work = Run(arguments)
    stages: dict[str, Callable[[], Awaitable[dict[str, Any]]]] = {
        "batched-bench": work.batched_bench,
        "batched-bench, unified": lambda: work.batched_bench("-kvu"),
        "bare loop, unified": lambda: work.bare(unified=True),
        "bare loop, apart": lambda: work.bare(unified=False),
        **{f"engine, {name}": partial(work.engine, options) for name, options in VARIANTS.items()},
        "daemon": lambda: work.daemon(arguments.more),
        "gateway": lambda: work.gateway(arguments.more),
    }
    for name, stage in stages.items():
        if not any(word in name for word in arguments.skip) and time.perf_counter() - work.began < arguments.seconds:
            await work.stage(name, stage)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--tools", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seconds", type=float, default=430.0, help="no stage begins later than this")
    parser.add_argument("--skip", action="append", default=[], help="words in the names of stages to leave out")
    parser.add_argument("--more", default="", help="further lines of the engine's settings for the stage `daemon`")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
