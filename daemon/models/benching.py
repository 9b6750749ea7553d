"""`famulus models bench`: how fast an engine answers alone and with many clients, and how fast memory would let it."""

import asyncio
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from agents.errors import EngineError
from agents.ports import ChatEngine, ChatRequest, Message
from daemon.engines.files.gguf import read_header
from daemon.engines.files.registry import parts_of, resolve_model
from daemon.engines.hosting.devices import Devices, bandwidth_of, nvidia_bandwidths
from daemon.engines.hosting.host import EMBEDDER, RERANKER, Hosted, build_chat_engine
from daemon.engines.reading import bytes_a_token, copy_bandwidth, most_tokens_a_second
from daemon.engines.spec import EngineSpec, SpecError

CLIENTS = (1, 8, 32)
TOKENS = 64
"""Of each answer at most."""
_SUBJECTS = ("the sea", "a clock", "bread", "a bridge", "snow", "a violin", "salt", "an orchard")


@dataclass(frozen=True, slots=True)
class Load:
    """So many clients at once: the median of seconds to their first tokens, tokens of all answers, and what one answer
    had of them a second from its first token on (the median)."""

    clients: int
    first_token_seconds: float
    tokens: int
    tokens_a_second: float
    each_tokens_a_second: float


@dataclass(frozen=True, slots=True)
class Limit:
    """What memory allows one answer alone; 0 where it is not known, and `words` say why, or how it was found."""

    bytes_a_token: int = 0
    bytes_a_second: float = 0.0
    tokens_a_second: float = 0.0
    words: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """One engine. `share` is what it reaches alone of the limit, None where there is none."""

    name: str
    kind: str
    model: str
    loads: tuple[Load, ...]
    limit: Limit

    @property
    def share(self) -> float | None:
        """Of one answer alone, from its first token on."""
        limit = self.limit.tokens_a_second
        return self.loads[0].each_tokens_a_second / limit if limit else None

    def json(self) -> dict[str, Any]:
        """As the command prints it."""
        return {**asdict(self), "share_of_limit": self.share}


def chosen(specs: Sequence[EngineSpec], roles: Mapping[str, str], name: str | None) -> list[EngineSpec]:
    """The engines that chat, or the one of that name. Raises SpecError."""
    chat = {engine for role, engine in roles.items() if role not in (EMBEDDER, RERANKER)}
    found = [spec for spec in specs if spec.name in chat and name in (None, spec.name)]
    if not found:
        known = ", ".join(spec.name for spec in specs if spec.name in chat)
        raise SpecError("Nothing was measured.", f"No engine {name!r} has a role that chats.", f"Name one of: {known}.")
    return found


async def bench(
    spec: EngineSpec,
    bandwidth: float = 0.0,
    build: Callable[[EngineSpec], ChatEngine] = build_chat_engine,
    clients: Sequence[int] = CLIENTS,
) -> Report:
    """Load it, warm it, measure it, end it. `bandwidth`, in bytes a second, is that of the device. Raises EngineError."""
    engine = build(spec)
    try:
        await _answer(engine, "Hello.", 4)
        loads = [await _load(engine, number) for number in clients]
        model = engine.model
    finally:
        if isinstance(engine, Hosted):
            await asyncio.to_thread(engine.close)
    return Report(spec.name, spec.kind, model, tuple(loads), await asyncio.to_thread(limit_of, spec, bandwidth))


async def _load(engine: ChatEngine, clients: int) -> Load:
    began = time.perf_counter()
    prompts = [f"Write a long story about {_SUBJECTS[n % len(_SUBJECTS)]}, number {n}." for n in range(clients)]
    answers = await asyncio.gather(*(_answer(engine, prompt, TOKENS) for prompt in prompts))
    seconds = time.perf_counter() - began
    tokens = sum(each.tokens for each in answers)
    return Load(
        clients, median(each.first for each in answers), tokens, tokens / seconds, median(each.pace for each in answers)
    )


@dataclass(frozen=True, slots=True)
class _Heard:
    """One answer: seconds to its first token, tokens, and these a second after the first."""

    first: float
    tokens: int
    pace: float


async def _answer(engine: ChatEngine, prompt: str, tokens: int) -> _Heard:
    asked = time.perf_counter()
    first = count = 0.0
    async with aclosing(engine.stream(ChatRequest((Message("user", prompt),), tokens))) as deltas:
        async for delta in deltas:
            first = first or time.perf_counter()
            count = delta.usage.completion_tokens if delta.usage else count + bool(delta.text or delta.reasoning)
    end = time.perf_counter()
    if not first or not count:
        raise EngineError(f"The engine {engine.name!r} said nothing.", "An answer had no tokens.", "See the log.")
    return _Heard(first - asked, int(count), (count - 1) / (end - first) if count > 1 else 0.0)


def told_bandwidth(spec: EngineSpec) -> float:
    """Of the cards of an engine, as their driver tells it; 0 where it does not. Blocking."""
    known = nvidia_bandwidths()
    return bandwidth_of(Devices().seen_by(spec), spec.devices, known) if known else 0.0


def limit_of(
    spec: EngineSpec, bandwidth: float = 0.0, measure: Callable[[int], float] = copy_bandwidth,
    told: Callable[[EngineSpec], float] = told_bandwidth,
) -> Limit:  # fmt: skip
    """What memory allows. Blocking: without `bandwidth` that of main memory is measured, for what computes there, and
    the driver is asked for that of cards."""
    if spec.kind != "llama_cpp":
        return Limit(words="What a token reads is known of GGUF files only.")
    read = bytes_a_token([read_header(part) for part in parts_of(resolve_model(spec))])
    if bandwidth:
        return Limit(read, bandwidth, most_tokens_a_second(read, bandwidth), "The bandwidth is the one that was given.")
    if spec.gpu_layers or spec.devices:
        found = told(spec)
        words = "The bandwidth is that of its cards, by the clock and width of their memory that the driver tells."
        if not found:
            words = "The bandwidth of its devices is not known: give it with --bandwidth."
        return Limit(read, found, most_tokens_a_second(read, found), words)
    found = measure(spec.threads or os.cpu_count() or 1)
    words = "The bandwidth is that of copying in main memory, measured just now."
    return Limit(read, found, most_tokens_a_second(read, found), words)
