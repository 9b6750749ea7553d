"""What bounds eight streams on a processor: llama.cpp's own step by the form of the weights, and Famulus beside it.

    python -m tests.bench.forms [ROUNDS]

The starter's weights are Q4_1; the other forms are made of that file, so that they are rounded twice: good for a look
at speed and for nothing else. One thread, in tokens a second of the processor, which other work does not change.
"""

import asyncio
import ctypes
import sys
import time
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path

import llama_cpp

from agents.ports import ChatRequest, Message
from daemon.engines.files.registry import resolve_model
from daemon.engines.hosting.host import build_chat_engine
from daemon.engines.llama_cpp.batch_ports import Row
from daemon.engines.llama_cpp.chat import LlamaCppEngine
from daemon.engines.llama_cpp.native import log
from daemon.engines.llama_cpp.native.model import LlamaModel
from daemon.engines.llama_cpp.native.sequences import LlamaSequences
from daemon.engines.spec import EngineSpec
from daemon.engines.worker.requests import LoadOptions
from tests.bench.batching import Compared, compared, table
from tests.bench.beside_bulk import spent
from tests.bench.embedders import CACHE

__all__ = ["compare", "table"]
STARTER = EngineSpec("bench-form", "llama_cpp", "starter:smollm2", context=1024, sequences=8, threads=1)
OWN = "Q4_1"
FORMS: Mapping[str, int] = {"Q4_0": 2, "Q8_0": 7}
"""As llama.cpp numbers them (llama_ftype)."""
ROUNDS = 3
TOKENS = 48
STREAMS = 8
BEGUN = 32
"""Tokens that a sequence holds before it is measured."""


@dataclass(frozen=True, slots=True)
class Form:
    """Tokens a processor second by round: llama.cpp's step with one sequence and with eight, and Famulus with eight."""

    name: str
    one: list[float]
    eight: list[float]
    streams: list[float]


def measured(rounds: int = ROUNDS) -> list[Form]:
    """The starter as it is, then in the other forms."""
    log.listen()
    own = resolve_model(STARTER)
    return [_form(OWN, own, rounds), *(_form(name, made(name, own), rounds) for name in FORMS)]


def made(form: str, source: Path) -> Path:
    """The file in this form, made once. Raises OSError where llama.cpp does not make it."""
    target = CACHE / f"{source.stem.rpartition('.')[0]}.{form}-from-{OWN}.gguf"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_suffix(".part")
        how = llama_cpp.llama_model_quantize_default_params()
        how.ftype, how.allow_requantize, how.nthread = FORMS[form], True, 1
        if llama_cpp.llama_model_quantize(str(source).encode(), str(part).encode(), ctypes.byref(how)):
            raise OSError(f"{source} can not be made into {form}.")
        part.replace(target)
    return target


def _form(name: str, path: Path, rounds: int) -> Form:
    one: list[float] = []
    eight: list[float] = []
    streams: list[float] = []
    sequences = LlamaModel(LoadOptions(str(path), 1024, STREAMS, threads=1), lambda _: None).sequences
    for _ in range(rounds):
        for count, into in ((1, one), (STREAMS, eight)):
            into.append(_bare(sequences, count))
        streams.append(asyncio.run(_streams(path)))
    return Form(name, one, eight, streams)


def _bare(sequences: LlamaSequences, count: int) -> float:
    """Nothing but steps of llama.cpp, and the likeliest token of each."""
    for number in range(STREAMS):
        sequences.cut(number, 0)
    tokens = [100 + number for number in range(count)]
    for number, token in enumerate(tokens):
        sequences.decode([Row(number, 0, [token] * BEGUN, 0)])
    began = time.process_time()
    for place in range(BEGUN, BEGUN + TOKENS):
        sequences.decode([Row(number, place, [token], 1) for number, token in enumerate(tokens)])
        tokens = [int(token) for token in sequences.logits().argmax(axis=1)]
    return count * TOKENS / (time.process_time() - began)


async def _streams(path: Path) -> float:
    """Famulus with eight streams: its worker's processor time for all but the prompts, which are in the cache."""
    engine = build_chat_engine(replace(STARTER, model=str(path)))
    assert isinstance(engine, LlamaCppEngine)
    await engine.start()
    await asyncio.gather(*(_answer(engine, number, 1) for number in range(STREAMS)))
    began = spent(engine.pid)
    written = sum(await asyncio.gather(*(_answer(engine, number, TOKENS) for number in range(STREAMS))))
    found = written / (spent(engine.pid) - began)
    engine.close()
    return found


async def _answer(engine: LlamaCppEngine, number: int, most: int) -> int:
    """Tokens of an answer."""
    text = f"Tell me a long story about {number + 3} foxes and a crow, and leave nothing out."
    async with aclosing(engine.stream(ChatRequest((Message("user", text),), most))) as deltas:
        last = [delta async for delta in deltas][-1]
    assert last.usage is not None
    return last.usage.completion_tokens


def compare(rounds: int = ROUNDS) -> list[Compared]:
    """What llama.cpp's own step makes of eight sequences, and what Famulus makes of that, by form."""
    rows = []
    for form in measured(rounds):
        name = form.name if form.name == OWN else f"{form.name}, rounded twice"
        rows.append(compared(f"{name}: {STREAMS} sequences", "one sequence", form.eight, form.one, "the bound"))
        against = f"{STREAMS} sequences"
        rows.append(compared(f"{name}: Famulus, {STREAMS} streams", against, form.streams, form.eight, "≥ 0.9"))
    return rows


if __name__ == "__main__":
    print(table(compare(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)))
