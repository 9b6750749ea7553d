"""A question beside work in bulk on the same llama.cpp engine: how much later is it answered, and what does bulk lose?

    python -m tests.bench.beside_bulk [ROUNDS]

The question is the second turn of a chat. A round asks it alone and then beside requests in bulk, at a moment drawn by
chance. What bulk loses is told in the worker's processor time, for the machine may be busy with other things.
"""

import asyncio
import os
import random
import sys
import time
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

from agents.ports import ChatRequest, Message
from daemon.engines.hosting.host import build_chat_engine
from daemon.engines.llama_cpp.chat import LlamaCppEngine
from daemon.engines.spec import EngineSpec
from tests.bench.batching import Compared, compared, table

__all__ = ["compare", "table"]
SPEC = EngineSpec("bench-bulk", "llama_cpp", "starter:smollm2", context=4096, sequences=4)
ROUNDS = 6
AT_ONCE = 2
WRITTEN = 32
ANSWER = 24
WORDS = ("fox", "crow", "river", "stone", "winter", "letter", "garden", "market", "engine", "paper", "window", "summer")


@dataclass(slots=True)
class Figures:
    """Seconds, alone and beside bulk, by round; and the worker's processor seconds for the same work."""

    first: list[tuple[float, float]] = field(default_factory=list)
    whole: list[tuple[float, float]] = field(default_factory=list)
    apart: float = 0.0
    together: float = 0.0


@dataclass(slots=True)
class Asker:
    """Makes up what is asked; each text is new, so that nothing of it is in the cache."""

    engine: LlamaCppEngine
    dice: random.Random = field(default_factory=lambda: random.Random(7))

    def words(self, count: int) -> str:
        return " ".join(self.dice.choice(WORDS) for _ in range(count))

    def held(self, count: int) -> str:
        """A grammar that makes an answer as long as it may be."""
        return f'root ::= "{self.words(2 * count)}"'

    async def bulk(self) -> None:
        """One request as jobs make them: a long prompt and a short answer."""
        turns = (Message("system", "Judge these notes. " * 20), Message("user", self.words(400)))
        request = ChatRequest(turns, WRITTEN, grammar=self.held(WRITTEN), priority="bulk", think=False)
        async with aclosing(self.engine.stream(request)) as deltas:
            async for _ in deltas:
                pass

    async def chat(self, turns: tuple[Message, ...]) -> tuple[float, float, str]:
        """Seconds to the first token and to the last, and what was said."""
        sent, first, said = time.perf_counter(), 0.0, ""
        request = ChatRequest(turns, ANSWER, grammar=self.held(ANSWER))
        async with aclosing(self.engine.stream(request)) as deltas:
            async for delta in deltas:
                first = first or (time.perf_counter() - sent if delta.text else 0.0)
                said += delta.text
        return first, time.perf_counter() - sent, said

    async def begun(self) -> tuple[Message, ...]:
        """A chat that has had its first turn, with the next question."""
        turns = (Message("system", "Answer from the notes. " * 15), Message("user", self.words(250)))
        said = (await self.chat(turns))[2]
        return (*turns, Message("assistant", said), Message("user", self.words(30)))


async def measured(rounds: int) -> Figures:
    """Alone and beside bulk in turns."""
    engine = build_chat_engine(SPEC)
    assert isinstance(engine, LlamaCppEngine)
    await engine.start()
    asker, figures = Asker(engine), Figures()
    await asyncio.gather(*(asker.bulk() for _ in range(AT_ONCE)))
    for _ in range(rounds):
        chat = await asker.begun()
        before = spent(engine.pid)
        alone = await asker.chat(chat)
        await asyncio.gather(*(asker.bulk() for _ in range(AT_ONCE)))
        between = spent(engine.pid)
        chat = await asker.begun()
        begun = spent(engine.pid)
        bulk = [asyncio.create_task(asker.bulk()) for _ in range(AT_ONCE)]
        await asyncio.sleep(asker.dice.uniform(0.2, 1.2))
        beside = await asker.chat(chat)
        await asyncio.gather(*bulk)
        figures.apart += between - before
        figures.together += spent(engine.pid) - begun
        figures.first.append((beside[0], alone[0]))
        figures.whole.append((beside[1], alone[1]))
    engine.close()
    return figures


def spent(pid: int) -> float:
    """Processor seconds of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def compare(rounds: int = ROUNDS) -> list[Compared]:
    """Beside bulk against alone."""
    found = asyncio.run(measured(rounds))
    rows = []
    for name, pairs in (("first token", found.first), ("whole answer", found.whole)):
        beside, alone = ([1000 * pair[place] for pair in pairs] for place in (0, 1))
        what = f"{name} of a question beside {AT_ONCE} requests in bulk, ms"
        rows.append(compared(what, "the same alone", beside, alone, "≤ 2"))
    what, against = "questions and bulk together, processor seconds", "the same one after the other"
    return [*rows, compared(what, against, [found.together], [found.apart], "≤ 1.1")]


if __name__ == "__main__":
    print(table(compare(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)))
