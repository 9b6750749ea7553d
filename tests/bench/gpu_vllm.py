"""vLLM on a GPU through the whole daemon: served, slept, woken, killed, stopped, two on one card. Random weights.

    python -m tests.bench.gpu_vllm --models DIR --program VLLM --out DIR

DIR holds folders in the form of Hugging Face: `qwen3-0.6b` has a configuration, a tokenizer and, for the second engine, weights
(tests/bench/random_checkpoint.py); the first one makes up its own (`--load-format dummy`). The result is
written to `OUT/vllm.json` after each stage, so that a run that is cut off has shown what it did. The daemon's
application and its HTTP server run in this process, the clients in processes of their own. Each comparison with vLLM
asked directly alternates within the run.
"""

import argparse
import asyncio
import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from agents.errors import AgentError
from agents.ports import ChatRequest, Message
from daemon.app import build_app
from daemon.compose import Famulus, compose
from daemon.configfile import load
from daemon.engines.vllm.engine import VllmEngine
from daemon.engines.worker.orphans import OWNER, mark

MODEL = "qwen3-0.6b"
ROUNDS, TOKENS, WORDS = 3, 256, 400
STALL = 20.0
_PATIENCE = 4
"""Failures of an engine after which no answer is hoped for."""
SETTINGS = """
[roles]
planner = "first"
coder = "second"
writer = "huge"
embedder = "nobody"

[engines.first]
kind = "vllm"
model = "{model}"
executable = "{program}"
context = 4096
sequences = 64
kv_cache_mib = {cache}
sleep = {sleep}
stall_seconds = 300
flags = ["--load-format", "dummy"{more}]

[engines.second]
kind = "vllm"
model = "{model}"
executable = "{program}"
context = 4096
sequences = 64
kv_cache_mib = {cache}
sleep = 2
stall_seconds = {stall}
flags = ["--enforce-eager"]

[engines.huge]
kind = "vllm"
model = "{model}"
executable = "{program}"
context = 4096
kv_cache_mib = 400000
stall_seconds = 300
flags = ["--load-format", "dummy", "--enforce-eager"]

[engines.nobody]
kind = "openai"
model = "nobody"
url = "http://127.0.0.1:9/v1"
dimensions = 8
"""


class Run:
    """What is measured, and what was found so far."""

    def __init__(self, famulus: Famulus, url: str, out: Path) -> None:
        self.famulus = famulus
        self.url = f"{url}/v1"
        self.first, self.second, self.huge = (vllm_of(famulus, role) for role in ("planner", "coder", "writer"))
        self.out = out
        self.began = time.perf_counter()
        self.found: dict[str, Any] = {"gpu": gpu_name(), "memory_mib_before": used_mib()}

    async def stage(self, name: str, work: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        """Do it, and note what was found, how long it took, and what went wrong: later stages run all the same."""
        began = time.perf_counter()
        try:
            told = await work()
        except Exception as error:  # noqa: BLE001 - later stages run all the same
            told = {"failed": f"{type(error).__name__}: {error} {getattr(error, 'cause', '')}"}
        self.found[name] = {**told, "stage_seconds": round(time.perf_counter() - began, 2)}
        self.found["seconds"] = round(time.perf_counter() - self.began, 1)
        print(name, json.dumps(self.found[name]), flush=True)
        (self.out / "vllm.json").write_text(json.dumps(self.found, indent=1))

    async def clients(
        self, engine: VllmEngine, clients: int, *, direct: bool = False, tokens: int = TOKENS, rounds: int = ROUNDS
    ) -> dict[str, Any]:
        """A process of clients, at the daemon or at vLLM itself."""
        server = engine._vllm
        url, key, model = (self.url, self.famulus.token, engine.name)
        if direct:
            url, key, model = (server.url, server.headers()["Authorization"].removeprefix("Bearer "), engine.model)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.bench.sse_client", url, key, model, f"--clients={clients}",
            f"--tokens={tokens}", f"--words={WORDS}", f"--rounds={rounds}", stdout=subprocess.PIPE,
        )  # fmt: skip
        said, _ = await process.communicate()
        return dict(json.loads(said))

    async def until_answered(self, engine: VllmEngine) -> dict[str, Any]:
        """Ask as a client does, again after each refusal, until an answer comes: seconds, and what was refused."""
        began = time.perf_counter()
        refused: list[str] = []
        async with httpx.AsyncClient(timeout=400, headers={"Authorization": f"Bearer {self.famulus.token}"}) as client:
            while time.perf_counter() - began < 400:
                body = {"model": engine.name, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 4}
                answer = await client.post(f"{self.url}/chat/completions", json=body)
                if answer.is_success:
                    break
                told = answer.json()["error"]
                refused.append(f"{answer.status_code} {told['code']} {told['cause']}")
                if sum("engine_failed" in each for each in refused) > _PATIENCE:
                    raise RuntimeError(refused)
                await asyncio.sleep(1)
        return {
            "seconds": round(time.perf_counter() - began, 2),
            "refused": refused,
            "starts": engine._vllm.worker.starts,
        }

    async def loads(self) -> dict[str, Any]:
        told = await self.until_answered(self.first)
        return {**told, "memory_mib": used_mib(), "memory_mib_told": self.first.memory}

    async def speed(self) -> dict[str, Any]:
        """Daemon and vLLM in turns, twice each."""
        found: dict[str, Any] = {}
        for clients in (1, 32):
            for direct in (False, True, True, False):
                told = await self.clients(self.first, clients, direct=direct)
                found.setdefault(f"{clients}_{'direct' if direct else 'daemon'}", []).append(told)
        for clients in (1, 32):
            rates = [
                max(rate for told in found[f"{clients}_{way}"] for rate in told["tokens_a_second_by_round"])
                for way in ("daemon", "direct")
            ]
            found[f"{clients}_share_of_direct"] = round(rates[0] / rates[1], 4)
        return found

    async def counts(self) -> dict[str, Any]:
        """Whether a count is what the answer's usage says."""
        turns = (Message("system", "Be short."), Message("user", "Кто ты? Who are you?"))
        counted = await self.first.count_tokens(turns)
        last = [delta async for delta in self.first.stream(ChatRequest(turns, max_tokens=2))][-1]
        return {"counted": counted, "prompt_tokens": last.usage.prompt_tokens if last.usage else None}

    async def gate(self) -> dict[str, Any]:
        """What is answered without the key."""
        root = self.first._vllm.url.removesuffix("/v1")
        async with httpx.AsyncClient() as client:
            paths = ("/health", "/v1/models", "/sleep", "/collective_rpc", "/tokenize", "/metrics")
            return {path: (await client.post(root + path, json={})).status_code for path in paths}

    async def sleeps(self, engine: VllmEngine) -> dict[str, Any]:
        """Asleep and awake again, by the host and by a request; the same is said before and after."""
        found: dict[str, Any] = {"memory_mib_awake": used_mib()}
        before = await surest(engine)
        began = time.perf_counter()
        await engine.rest()
        found |= {
            "sleep_seconds": round(time.perf_counter() - began, 3),
            "state": engine.state,
            "memory_mib_asleep": used_mib(),
        }
        began = time.perf_counter()
        await engine.wake()
        found |= {"wake_seconds": round(time.perf_counter() - began, 3), "memory_mib_woken": used_mib()}
        found["same_answer"] = await surest(engine) == before
        await engine.rest()
        found["request_that_wakes"] = await self.until_answered(engine)
        return found

    async def killed(self) -> dict[str, Any]:
        """kill -9 of the engine process under 32 streams."""
        pids = family(self.first)
        victim = engine_process(pids)
        running = asyncio.ensure_future(self.clients(self.first, 32, tokens=3000, rounds=1))
        await self.under_way(self.first)
        os.kill(victim, signal.SIGKILL)
        told = await running
        after = await self.until_answered(self.first)
        return {"victim": pids[victim], "streams": told, "next": after, "left_of_old": left(pids)}

    async def stopped(self) -> dict[str, Any]:
        """SIGSTOP of the engine process in the middle of an answer: the watch ends it after its time."""
        pids = family(self.second)
        victim = engine_process(pids)
        stream = self.second.stream(ChatRequest((Message("user", "Tell me all."),), max_tokens=3000))
        await anext(stream)
        os.kill(victim, signal.SIGSTOP)
        began = time.perf_counter()
        cause = ""
        try:
            async for _ in stream:
                pass
        except AgentError as error:
            cause = error.cause
        seconds = round(time.perf_counter() - began, 2)
        after = await self.until_answered(self.second)
        return {"told": cause, "told_after_seconds": seconds, "next": after, "left_of_old": left(pids)}

    async def under_way(self, engine: VllmEngine) -> None:
        """Wait until all clients of a run are being answered."""
        for _ in range(3000):
            await asyncio.sleep(0.01)
            if engine._vllm._active == 32:
                break
        await asyncio.sleep(1)

    async def shares(self) -> dict[str, Any]:
        """The second engine beside the first, and both at once."""
        loaded = await self.until_answered(self.second)
        alone = await self.clients(self.second, 16)
        both = await asyncio.gather(self.clients(self.first, 16), self.clients(self.second, 16))
        told = {"first": self.first.memory, "second": self.second.memory}
        return {"load": loaded, "memory_mib": used_mib(), "memory_mib_told": told, "second_alone": alone, "both": both}

    async def too_large(self) -> dict[str, Any]:
        """A cache that no card has: what the caller is told, and whether the others go on."""
        try:
            await self.huge.start()
        except AgentError as error:
            return {"cause": error.cause, "fix": error.fix, "first_after": await self.until_answered(self.first)}
        return {"failed": "it loaded"}

    async def ends(self) -> dict[str, Any]:
        """Nothing is left of any of them."""
        pids = {**family(self.first), **family(self.second)}
        began = time.perf_counter()
        await self.famulus.close()
        seconds = round(time.perf_counter() - began, 2)
        return {"seconds": seconds, "processes_before": len(pids), "left": left(pids), "memory_mib": used_mib()}


async def surest(engine: VllmEngine) -> str:
    """A few tokens without chance: weights that were lost in sleep would say others."""
    request = ChatRequest((Message("user", "Say something."),), max_tokens=12, temperature=0)
    return "".join([delta.text async for delta in engine.stream(request)])


def vllm_of(famulus: Famulus, role: str) -> VllmEngine:
    """The engine itself, whatever the host put around it."""
    engine: object = famulus.host.roles[role]
    for _ in range(4):
        if isinstance(engine, VllmEngine):
            return engine
        named = [getattr(engine, name, None) for name in ("_engine", "engine", "_inner", "inner")]
        engine = next(each for each in named if each is not None)
    raise TypeError(f"{role} is no vLLM but {engine!r}")


def family(engine: VllmEngine) -> dict[int, str]:
    """The processes of an engine, by pid, with their names: those of its keeper's session."""
    keeper, found = engine._vllm.worker.pid or -1, {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
            name = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if int(fields[3]) == keeper:
            found[int(entry.name)] = name.strip()[:120]
    return found


def engine_process(pids: dict[int, str]) -> int:
    """The one that computes: vLLM names it so; the scripted one of the tests is called with `core`."""
    return next(pid for pid, name in pids.items() if "EngineCore" in name or name.endswith(" core"))


def left(pids: dict[int, str]) -> list[str]:
    """Those that still run, and whatever else carries this daemon's mark among the dead keeper's."""
    found = []
    for pid, name in pids.items():
        try:
            state = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0]
            marked = f"{OWNER}={mark()}".encode() in Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            continue
        if state != "Z" and marked:
            found.append(name)
    return found


def smi(query: str) -> str:
    if shutil.which("nvidia-smi") is None:
        return ""
    command = ["nvidia-smi", f"--query-gpu={query}", "--format=csv,noheader,nounits"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip().splitlines()[0]


def gpu_name() -> str:
    return smi("name,memory.total,driver_version")


def used_mib() -> int:
    """MiB of the first card that are in use."""
    return int(smi("memory.used") or 0)


async def run(arguments: argparse.Namespace) -> int:
    """The exit code: 3 where the first engine did not load."""
    out = Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, socket.create_server(("127.0.0.1", 0)) as listener:
        vault = Path(home) / "vault"
        vault.mkdir()
        (vault / "Fox.md").write_text("A fox is quick.\n")
        (vault / ".obsidian").mkdir()
        file = Path(home) / "famulus.toml"
        model = Path(arguments.models).absolute() / MODEL
        more = "".join(f', "{flag}"' for flag in arguments.flag)
        file.write_text(
            SETTINGS.format(
                model=model, program=arguments.program, cache=8192, stall=STALL, more=more, sleep=arguments.sleep
            )
        )
        settings = load(file).model_copy(update={"vault": vault, "data_dir": Path(home) / "data"})
        logging.basicConfig(filename=out / "famulus.log", level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
        famulus = compose(settings)
        config = uvicorn.Config(build_app(famulus), log_config=None, access_log=False, lifespan="on")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        work = Run(famulus, f"http://127.0.0.1:{listener.getsockname()[1]}", out)
        await stages(work, arguments)
        server.should_exit = True
        await serving
        return 3 if "failed" in work.found["load"] else 0


async def stages(work: Run, arguments: argparse.Namespace) -> None:
    plan: dict[str, Callable[[], Awaitable[dict[str, Any]]]] = {
        "load": work.loads, "gate": work.gate, "count": work.counts, "speed": work.speed,
        "sleep_1": lambda: work.sleeps(work.first), "two_on_a_card": work.shares,
        "sleep_2": lambda: work.sleeps(work.second), "stopped": work.stopped, "killed": work.killed,
        "too_large": work.too_large,
    }  # fmt: skip
    for name, stage in plan.items():
        late = "failed" in work.found.get("load", {}) or time.perf_counter() - work.began > arguments.seconds
        if late or name in arguments.skip:
            work.found[name] = {"skipped": "too late" if late else "asked for"}
        else:
            await work.stage(name, stage)
    await work.stage("end", work.ends)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", required=True)
    parser.add_argument("--program", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seconds", type=float, default=420.0, help="no stage begins later than this")
    parser.add_argument("--skip", action="append", default=[], help="a stage to leave out")
    parser.add_argument("--flag", action="append", default=[], help="a further flag of the first engine's vLLM")
    parser.add_argument("--sleep", type=int, default=1, help="the level of the first engine")
    sys.exit(asyncio.run(run(parser.parse_args())))


if __name__ == "__main__":
    main()
