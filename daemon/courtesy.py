"""Work in bulk gives way to whoever waits for an answer: between its steps, and between its requests to engines."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from agents.errors import EngineError
from agents.ports import ChatDelta, ChatEngine, ChatRequest, Roles, Usage
from daemon.engines.passing import PassingEngine

GRACE = 1.0
"""Seconds after an answer in which the next question may come."""
LONGEST = 300.0
"""Seconds after which one step is made all the same: a client that never hangs up must not end a job of days."""
UNHURRIED = (
    "/api/jobs",
    "/api/events",
    "/api/health",
    "/api/notes/status",
    "/api/plugin",
    "/metrics",
    "/docs",
    "/openapi",
)
"""Routes that engines and index do nothing for, and those of the jobs themselves."""


@dataclass(slots=True)
class Meter:
    """What one step of bulk work asked of engines: requests, tokens read and written, seconds in which it gave way, and
    the last failure, also one that whoever asked made do without."""

    requests: int = 0
    tokens: int = 0
    waited: float = 0.0
    trouble: EngineError | None = None

    def used(self, usage: Usage) -> None:
        """An engine says what a request took; what came from its cache cost nothing."""
        self.tokens += usage.prompt_tokens - usage.cached_tokens + usage.completion_tokens


_BULK: ContextVar[Meter | None] = ContextVar("bulk", default=None)


@contextmanager
def in_bulk() -> Iterator[Meter]:
    """What is done inside, here and in threads and tasks that begin here, is bulk work, and is measured."""
    meter = Meter()
    token = _BULK.set(meter)
    try:
        yield meter
    finally:
        _BULK.reset(token)


class Courtesy:
    """Knows whether somebody waits for an answer. Used in the event loop only."""

    def __init__(
        self, grace: float = GRACE, longest: float = LONGEST, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._grace = grace
        self._longest = longest
        self._clock = clock
        self._served = 0
        self._quiet_from = 0.0

    @property
    def busy(self) -> bool:
        """Whether somebody waits, or asked a moment ago."""
        return self._served > 0 or self._clock() < self._quiet_from

    @contextmanager
    def serving(self, path: str = "") -> Iterator[None]:
        """An answer to a request for this route is being made."""
        if path.startswith(UNHURRIED):
            yield
            return
        self._served += 1
        try:
            yield
        finally:
            self._served -= 1
            self._quiet_from = self._clock() + self._grace

    async def quiet(self) -> float:
        """Return when nobody waits, or after the longest time; how many seconds that took."""
        began = self._clock()
        while self.busy and self._clock() - began < self._longest:
            left = self._quiet_from - self._clock()
            await asyncio.sleep(min(self._grace, left) if left > 0 else self._grace / 4)
        return self._clock() - began


class PoliteEngine(PassingEngine):
    """A ChatEngine that in bulk work gives way before each request, says that it is one, and keeps account."""

    def __init__(self, engine: ChatEngine, courtesy: Courtesy) -> None:
        super().__init__(engine)
        self._courtesy = courtesy

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        """As the engine does. Raises what it raises."""
        meter = _BULK.get()
        if meter is not None:
            meter.waited += await self._courtesy.quiet()
            meter.requests += 1
            request = replace(request, priority="bulk")
        try:
            async with aclosing(self.engine.stream(request)) as deltas:
                async for delta in deltas:
                    if meter is not None and delta.usage is not None:
                        meter.used(delta.usage)
                    yield delta
        except EngineError as error:
            if meter is not None:
                meter.trouble = error
            raise


def polite(roles: Roles, courtesy: Courtesy) -> Roles:
    """The same roles; engines that are shared stay shared."""
    made: Mapping[int, ChatEngine] = {id(each): PoliteEngine(each, courtesy) for each in roles.engines.values()}
    return Roles({role: made[id(engine)] for role, engine in roles.engines.items()})
