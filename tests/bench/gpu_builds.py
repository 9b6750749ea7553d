"""Two builds of llama.cpp at the same time, as for cards of two makers: an engine by each, one killed, and one card for both.

    python -m tests.bench.gpu_builds --model FILE.gguf --out DIR --each MIB --builds CUDA0=PYTHON,Vulkan0=PYTHON

A build is the Python whose llama.cpp it is, behind the name that it gives the card. Where both names mean one card, MIB is
room there for one engine and too little for two. Everything is measured in one run, in the daemon's own process; the result
is written to `OUT/cards.json` after each stage.
"""

import argparse
import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from daemon.engines.hosting.devices import Devices
from tests.bench.gpu_cards import ENGINE, ROLES, Cards, engines_of, pid_of, said_by, turns, used_mib
from tests.bench.gpu_llama import CONTEXT, SPEC

ROOMY = 1_000_000
"""MiB that no card has: engines may have all of it."""


class Builds(Cards):
    """An engine by each build."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        pairs = [pair.split("=", 1) for pair in arguments.builds.split(",")]
        arguments.cards = ",".join(name for name, _ in pairs)
        super().__init__(arguments)
        self.python_of = dict(zip(ROLES.values(), pairs, strict=False))

    def stages(self) -> Sequence[Callable[[], Awaitable[dict[str, Any]]]]:
        return (self.seen, self.beside, self.by_turns)

    def engine(self, name: str) -> str:
        card, python = self.python_of[name]
        more = f'devices = ["{card}"]\npython = "{python}"\nflash_attention = "auto"'
        return ENGINE.format(name=name, model=self.model, context=CONTEXT, more=more)

    async def seen(self) -> dict[str, Any]:
        """What each build sees: names, makers, places on the bus, MiB free of all."""
        looked = Devices()
        return {
            name: [
                f"{each.name}, {each.maker}, {each.card}, {each.free >> 20} of {each.total >> 20} MiB, {each.description}"
                for each in looked.seen_by(replace(SPEC, name=name, python=python))
            ]
            for name, (_, python) in self.python_of.items()
        }

    async def beside(self) -> dict[str, Any]:
        """Both asked alone and at the same time; then each is killed while the other answers."""
        async with self.served(ROOMY, 2) as famulus:
            first, second = engines = engines_of(famulus, 2)
            said = [await said_by(engine) for engine in engines]
            found: dict[str, Any] = {"both say the same": said[0] == said[1], "used": used_mib()}
            found["alone"] = [[await self.rate(engine, count) for count in (1, 8, 32)] for engine in engines]
            found["together"] = await asyncio.gather(self.rate(first), self.rate(second))
            for killed, other, name, before in ((first, second, "first", said[0]), (second, first, "second", said[1])):
                os.kill(pid_of(famulus, name), signal.SIGKILL)
                found[f"the other while the {name} is killed"] = await self.rate(other)
                began = time.perf_counter()
                found[f"the {name} says the same again"] = await said_by(killed) == before
                found[f"seconds until the {name} does"] = round(time.perf_counter() - began, 1)
        found["used after the end"] = used_mib()
        return found

    async def by_turns(self) -> dict[str, Any]:
        """Both want one card that has room for one of them."""
        async with self.served(self.each, 2) as famulus:
            engines = engines_of(famulus, 2)
            return await turns(famulus, (*engines, *engines))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--each", type=int, required=True, help="MiB of the card")
    parser.add_argument("--builds", required=True, help="card and Python of each build")
    asyncio.run(Builds(parser.parse_args()).run())


if __name__ == "__main__":
    main()
