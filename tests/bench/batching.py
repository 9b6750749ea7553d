"""The llama.cpp engine on two cores: beside the binding's own loop, with many streams, and beside a long prompt.

    python -m tests.bench.batching [ROUNDS]

SmolLM2-135M from the starter models. Rounds alternate between what is compared, and the median of the rounds' ratios is
told, for the machine may be busy with other things.
"""

import asyncio
import queue
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agents.ports import ChatRequest, Message
from daemon.engines.files.registry import resolve_model
from daemon.engines.hosting.host import build_chat_engine
from daemon.engines.llama_cpp.chat import LlamaCppEngine, llama_worker
from daemon.engines.spec import EngineSpec
from daemon.engines.worker.process import ChildProcess
from daemon.engines.worker.worker import Worker

SPEC = EngineSpec("bench", "llama_cpp", "starter:smollm2", context=2048, sequences=8)
LONG = EngineSpec("bench-long", "llama_cpp", "starter:smollm2", context=8192, sequences=2)
ROUNDS = 5
TOKENS = 160
STREAMS = 8
WORD = " fox"
LONG_PROMPT = 4000
PLACES = (0.1, 0.3, 0.45, 0.6, 0.75, 0.9)
"""Parts of the first step after which a short request is sent."""


@dataclass(frozen=True, slots=True)
class Compared:
    """`ours` and `theirs` in the same unit, medians; `ratio` is the median of the rounds'; `goal` in words."""

    what: str
    against: str
    ours: float
    theirs: float
    ratio: float
    goal: str


def compare(rounds: int = ROUNDS) -> list[Compared]:
    """All comparisons."""
    return [*asyncio.run(_speed(rounds)), _first_token(rounds), asyncio.run(_second_turn())]


def table(rows: Sequence[Compared]) -> str:
    """As Markdown."""
    lines = ["| what | against | ours | theirs | ratio | goal |", "|---|---|---|---|---|---|"]
    for row in rows:
        cells = (f"{row.ours:,.1f}", f"{row.theirs:,.1f}", f"**{row.ratio:.2f}**", row.goal)
        lines.append(f"| {row.what} | {row.against} | {' | '.join(cells)} |")
    return "\n".join(lines)


async def _speed(rounds: int) -> list[Compared]:
    engine = build_chat_engine(SPEC)
    assert isinstance(engine, LlamaCppEngine)
    await engine.start()
    bare = _bare()
    await _streams(engine, 1)
    one, eight, loop = [], [], []
    for _ in range(rounds):
        one.append(await _streams(engine, 1))
        loop.append(bare())
        eight.append(await _streams(engine, STREAMS))
    engine.close()
    return [
        compared("one stream, tokens/s", "the binding's `generate()`", one, loop, "≥ 0.95"),
        compared(f"{STREAMS} streams, tokens/s in all", "one stream", eight, one, "≥ 2"),
    ]


def compared(what: str, against: str, ours: Sequence[float], theirs: Sequence[float], goal: str) -> Compared:
    """Medians of what was measured in rounds."""
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    return Compared(what, against, statistics.median(ours), statistics.median(theirs), ratio, goal)


async def _streams(engine: LlamaCppEngine, count: int) -> float:
    """Tokens a second of all together, from the first token of the last stream to the end of the first."""
    begun: list[float] = []
    ended: list[float] = []
    heard: list[float] = []

    async def one(number: int) -> None:
        text = f"Tell me a long story about {number + 3} foxes and a crow, and leave nothing out."
        first = True
        async for delta in engine.stream(ChatRequest((Message("user", text),), TOKENS, grammar=None, stop=())):
            if delta.text:
                heard.append(time.perf_counter())
                if first:
                    begun.append(heard[-1])
                    first = False
        ended.append(time.perf_counter())

    await asyncio.gather(*(one(number) for number in range(count)))
    start, end = max(begun), min(ended)
    return sum(start < at <= end for at in heard) / (end - start)


def _bare() -> Callable[[], float]:
    import llama_cpp

    model = llama_cpp.Llama(str(resolve_model(SPEC)), n_ctx=2048, n_threads=2, n_threads_batch=2, verbose=False)
    prompt = model.tokenize(b"Tell me a long story about 3 foxes and a crow, and leave nothing out.")

    def run() -> float:
        at = []
        for _ in model.generate(prompt, temp=0.0):
            at.append(time.perf_counter())
            if len(at) == TOKENS:
                break
        return (len(at) - 1) / (at[-1] - at[0])

    run()
    return run


def _first_token(rounds: int) -> Compared:
    worker: Worker = llama_worker(LONG)
    process = worker.start().result(600)
    waits, steps = [], []
    for number in range(rounds):
        for place in PLACES:
            wait, step = _short_beside_long(process, f"{number} {place}", place)
            waits.append(wait)
            steps.append(step)
    worker.close()
    ratio = statistics.median(a / b for a, b in zip(waits, steps, strict=True))
    step = statistics.median(steps)
    return Compared(
        "first token of a short request beside a 4,000-token prompt, ms", "one step of that prompt",
        statistics.median(waits), step, ratio, "≤ 1.5",
    )  # fmt: skip


def _short_beside_long(process: ChildProcess, salt: str, place: float) -> tuple[float, float]:
    """Milliseconds to the first token of the short one, and of the step of the long prompt it came into."""
    events: queue.SimpleQueue[tuple[float, int, str]] = queue.SimpleQueue()
    long = process.open(lambda event: events.put((time.perf_counter(), long, event["event"])))
    process.send(_chat(long, salt + WORD * LONG_PROMPT))
    marks: list[float] = []
    while len(marks) < 3:
        at, _, what = events.get(timeout=300)
        if what == "working":
            marks.append(at)
    step = marks[-1] - marks[-2]
    time.sleep(place * step)
    sent = time.perf_counter()
    short = process.open(lambda event: events.put((time.perf_counter(), short, event["event"])))
    process.send(_chat(short, f"Hi {salt}"))
    while True:
        at, who, what = events.get(timeout=300)
        if who == short and what == "token":
            break
    process.send({"op": "cancel", "id": long})
    process.send({"op": "cancel", "id": short})
    while what != "done":
        _, who, what = events.get(timeout=300)
    process.close(long)
    process.close(short)
    return 1000 * (at - sent), 1000 * step


def _chat(request: int, text: str) -> dict[str, object]:
    messages = [{"role": "user", "content": text}]
    return {"op": "chat", "id": request, "messages": messages, "sampling": {"max_tokens": 8, "stop": []}}


async def _second_turn() -> Compared:
    """A chat with passages in its turns: tokens of the second turn that were read, against those that are new."""
    engine = build_chat_engine(LONG)
    assert isinstance(engine, LlamaCppEngine)
    passages = "\n".join(f"[{number}] Foxes of kind {number} live in wood {number * 7}." for number in range(60))
    turns = (Message("system", "Answer from the notes. " * 20), Message("user", f"{passages}\nWhere do foxes live?"))
    deltas = [delta async for delta in engine.stream(ChatRequest(turns, 48))]
    said = "".join(delta.text for delta in deltas)
    other = "\n".join(f"[{number}] Crows of kind {number} live in town {number * 3}." for number in range(60))
    more = (*turns, Message("assistant", said), Message("user", f"{other}\nAnd crows?"))
    last = [delta async for delta in engine.stream(ChatRequest(more, 8))][-1]
    assert last.usage is not None
    before = await engine.count_tokens((*turns, Message("assistant", said)))
    engine.close()
    new, read = last.usage.prompt_tokens - before, last.usage.prompt_tokens - last.usage.cached_tokens
    return Compared("tokens read of a second turn", "tokens that are new", read, new, read / new, "≈ 1")


if __name__ == "__main__":
    print(table(compare(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)))
