import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import pytest

from agents.errors import EngineError
from agents.ports import ChatDelta, ChatRequest, Message, Usage
from daemon.engines.hosting.leased import LeasedChat
from daemon.engines.hosting.residency import Residency
from daemon.engines.hosting.ticker import Ticker
from tests.effort import LONG
from tests.fakes.scripted_chat import ScriptedChat
from tests.fakes.tenants import Flat

HELLO = ChatRequest((Message("user", "hello"),))


def ticking(flat: Flat) -> Residency:
    """A residency that looks by itself when it is called."""
    ticker = Ticker(flat.clock)
    flat.clock.now = 1000.0
    residency = flat.residency()
    residency._call = ticker.call
    ticker.residency = residency
    return residency


@dataclass(slots=True)
class Chat(ScriptedChat):
    """Loads on its first request, as an engine does."""

    flat: Flat = field(default_factory=lambda: Flat({}))

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        self.flat.load(self.name)
        async with aclosing(ScriptedChat.stream(self, request)) as deltas:
            async for delta in deltas:
                yield delta


async def text_of(engine: LeasedChat) -> str:
    return "".join([delta.text async for delta in engine.stream(HELLO)])


async def test_a_slow_reader_holds_nobody_up() -> None:
    flat = Flat({"a": 60, "b": 60})
    residency = ticking(flat)
    first = LeasedChat(Chat("one two three four", name="a", flat=flat), residency)
    second = LeasedChat(Chat("other words", name="b", flat=flat), residency)
    stream: Any = first.stream(HELLO)
    begun = (await anext(stream)).text
    flat.clock.now = 2000.0
    assert await asyncio.wait_for(text_of(second), LONG) == "other words"
    assert flat.unloads == ["a"]
    rest = [delta async for delta in stream]
    assert begun + "".join(delta.text for delta in rest) == "one two three four"
    assert rest[-1].usage == Usage(5, 0, 4)


async def test_who_needs_the_next_engine_to_read_on_is_served() -> None:
    flat = Flat({"a": 60, "b": 60})
    residency = ticking(flat)
    outer = LeasedChat(Chat("one two three", name="a", flat=flat), residency)
    inner = LeasedChat(Chat("yes", name="b", flat=flat), residency)

    async def both() -> list[str]:
        found = []
        async for delta in outer.stream(HELLO):
            flat.clock.now += 100.0
            found.append(delta.text + await text_of(inner) if delta.text == "one t" else delta.text)
        return found

    assert "".join(await asyncio.wait_for(both(), LONG)) == "one tyeswo three"


async def test_a_reader_who_goes_ends_the_answer_and_the_lease() -> None:
    flat = Flat({"a": 60, "b": 60})
    residency = ticking(flat)
    chat = Chat("one two three four", name="a", flat=flat)
    stream: Any = LeasedChat(chat, residency).stream(HELLO)
    await anext(stream)
    await stream.aclose()
    assert chat.closed_early == 1
    flat.clock.now = 2000.0
    assert await asyncio.wait_for(text_of(LeasedChat(Chat("x", name="b", flat=flat), residency)), LONG) == "x"


@dataclass(slots=True)
class Breaking(Chat):
    """Fails in the middle."""

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        self.flat.load(self.name)
        yield ChatDelta("one ")
        yield ChatDelta("two ")
        raise EngineError("It broke.")


async def test_an_error_reaches_the_reader_also_when_it_was_written_ahead() -> None:
    flat = Flat({"a": 60, "b": 60})
    residency = ticking(flat)
    stream: Any = LeasedChat(Breaking(name="a", flat=flat), residency).stream(HELLO)
    await anext(stream)
    flat.clock.now = 2000.0
    await asyncio.wait_for(text_of(LeasedChat(Chat("x", name="b", flat=flat), residency)), LONG)
    assert (await anext(stream)).text == "two "
    with pytest.raises(EngineError, match="It broke"):
        await anext(stream)


async def test_counting_needs_the_engine_too() -> None:
    flat = Flat({"a": 60})
    engine = LeasedChat(Chat("x", name="a", flat=flat), ticking(flat))
    messages: Sequence[Message] = HELLO.messages
    assert await engine.count_tokens(messages) == 5
    assert (engine.name, engine.model, engine.context_tokens, engine.identity) == ("a", "scripted-model", 4096, "")
