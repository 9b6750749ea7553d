"""Two cards at the same time: an engine on each, one over both, one that has to take turns, and one that is killed.

    python -m tests.bench.gpu_cards --model FILE.gguf --out DIR --each MIB

MIB is what engines may have of each card: enough for one engine and too little for two. Everything is measured in one run, in
the daemon's own process; the result is written to `OUT/cards.json` after each stage.
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from agents.ports import ChatRequest, Message
from daemon.compose import Famulus, compose
from daemon.configfile import load
from daemon.engines.llama_cpp.chat import LlamaCppEngine
from tests.bench.gpu_llama import CONTEXT, Run

STREAMS = 8
FIXED = ChatRequest((Message("user", "Tell me of foxes. " * 20),), 64, temperature=0.0)
ROLES = {"planner": "first", "coder": "second", "writer": "third"}
SETTINGS = """
[host]
memory = {{ {memory} }}
min_residence_seconds = 1
max_wait_seconds = 5

[roles]
{roles}
embedder = "nobody"

[engines.nobody]
kind = "openai"
model = "nobody"
url = "http://127.0.0.1:9/v1"
dimensions = 8
"""
ENGINE = """
[engines.{name}]
kind = "llama_cpp"
model = "{model}"
context = {context}
sequences = 32
gpu_layers = 99
stall_seconds = 200
{more}
"""


class Cards:
    """What is measured on the cards, and what was found so far."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.model, self.each, self.out = arguments.model, arguments.each, Path(arguments.out)
        self.names: Sequence[str] = arguments.cards.split(",")
        self.rates = Run(argparse.Namespace(model=arguments.model, tools="", out=arguments.out))
        self.said = ""
        self.found: dict[str, Any] = {}

    async def run(self) -> None:
        """All stages, each noted as soon as it is over."""
        for stage in self.stages():
            began = time.perf_counter()
            try:
                told = await stage()
            except Exception as error:  # noqa: BLE001 - later stages run all the same
                told = {"failed": f"{type(error).__name__}: {error} {getattr(error, 'cause', '')}"}
            self.found[stage.__name__] = {**told, "stage_seconds": round(time.perf_counter() - began, 1)}
            print(stage.__name__, json.dumps(self.found[stage.__name__]), flush=True)
            (self.out / "cards.json").write_text(json.dumps(self.found, indent=1))

    def stages(self) -> Sequence[Callable[[], Awaitable[dict[str, Any]]]]:
        return (self.apart, self.over_both, self.by_turns)

    async def apart(self) -> dict[str, Any]:
        """Two engines, each asked alone and both at the same time; then one is killed while the other answers."""
        async with self.served(self.each, 2) as famulus:
            first, second = engines_of(famulus, 2)
            self.said = await said_by(first)
            found: dict[str, Any] = {"both say the same": await said_by(second) == self.said, "used": used_mib()}
            found["alone"] = [await self.rate(first), await self.rate(second)]
            found["together"] = await asyncio.gather(self.rate(first), self.rate(second))
            os.kill(pid_of(famulus, "first"), signal.SIGKILL)
            found["second while the first is killed"] = await self.rate(second)
            began = time.perf_counter()
            found["the first says the same again"] = await said_by(first) == self.said
            found["seconds until then"] = round(time.perf_counter() - began, 1)
            return found

    async def over_both(self) -> dict[str, Any]:
        """One engine that no card has room for by itself."""
        async with self.served(self.each * 6 // 10, 1) as famulus:
            (first,) = engines_of(famulus, 1)
            found: dict[str, Any] = {"says the same as on one": await said_by(first) == self.said, "used": used_mib()}
            found["streams"] = {count: await self.rate(first, count) for count in (1, STREAMS, 32)}
            return found

    async def by_turns(self) -> dict[str, Any]:
        """A third engine, for which there is no room beside the two others."""
        async with self.served(self.each, 3) as famulus:
            engines = engines_of(famulus, 3)
            return await turns(famulus, (*engines, engines[0]))

    def engine(self, name: str) -> str:
        """The engine of this name, as the settings have it."""
        return ENGINE.format(name=name, model=self.model, context=CONTEXT, more="")

    async def rate(self, engine: LlamaCppEngine, count: int = STREAMS) -> float:
        """Tokens a second of so many streams."""
        return (await self.rates.streams(engine, count, 0.0))["tokens_a_second"]

    @asynccontextmanager
    async def served(self, mib: int, engines: int) -> AsyncIterator[Famulus]:
        """The daemon's parts with so many engines of this model, none of them loaded."""
        with tempfile.TemporaryDirectory() as home:
            vault = Path(home) / "vault"
            (vault / ".obsidian").mkdir(parents=True)
            roles = list(ROLES.items())[:engines]
            file = Path(home) / "famulus.toml"
            written = SETTINGS.format(
                memory=", ".join(f"{name} = {mib}" for name in dict.fromkeys(self.names)),
                roles="\n".join(f'{role} = "{name}"' for role, name in roles),
            )
            file.write_text(written + "".join(self.engine(name) for _, name in roles))
            famulus = compose(load(file).model_copy(update={"vault": vault, "data_dir": Path(home) / "data"}))
            try:
                yield famulus
            finally:
                await famulus.close()


async def turns(famulus: Famulus, engines: Iterable[LlamaCppEngine]) -> dict[str, Any]:
    """What each engine's answer takes with its loading, and which engines are there then."""
    found: dict[str, Any] = {}
    for engine in engines:
        began = time.perf_counter()
        await said_by(engine)
        seconds = round(time.perf_counter() - began, 1)
        states = {each["name"]: each["state"] for each in famulus.host.states()}
        found[f"{len(found) + 1}: {engine.name}"] = {"seconds": seconds, "states": states, "used": used_mib()}
    return found


def engines_of(famulus: Famulus, count: int) -> list[LlamaCppEngine]:
    return [cast(LlamaCppEngine, famulus.host.roles[role]) for role in list(ROLES)[:count]]


def pid_of(famulus: Famulus, name: str) -> int:
    return famulus.host._workers[name][0].pid


async def said_by(engine: LlamaCppEngine) -> str:
    return "".join([delta.text async for delta in engine.stream(FIXED)])


def used_mib() -> list[int]:
    """MiB in use of each card."""
    command = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return []
    return [int(line) for line in said.split()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--each", type=int, required=True, help="MiB of each card")
    parser.add_argument("--cards", default="CUDA0,CUDA1", help="the names of the cards")
    asyncio.run(Cards(parser.parse_args()).run())


if __name__ == "__main__":
    main()
