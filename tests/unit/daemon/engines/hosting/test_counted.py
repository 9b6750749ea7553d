import asyncio
from collections.abc import AsyncGenerator

import pytest

from agents.errors import EngineBusyError, EngineError
from agents.ports import ChatDelta, ChatRequest, Message, Roles, Usage
from daemon.engines.hosting.counted import CountedEngine, counted, tallies_of
from daemon.engines.hosting.tally import Tally
from tests.fakes.scripted_chat import ScriptedChat

ASKED = ChatRequest((Message("user", "Hi"),))


class Held(ScriptedChat):
    """Says nothing before it may."""

    def __init__(self) -> None:
        super().__init__("Hello")
        self.go = asyncio.Event()

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        await self.go.wait()
        if request.seed == 13:
            raise EngineError("No answer.")
        yield ChatDelta("Hel")
        yield ChatDelta("lo")
        yield ChatDelta("", "stop", Usage(9, 4, 2))


@pytest.fixture
def engine() -> Held:
    return Held()


@pytest.fixture
def tally() -> Tally:
    return Tally("scripted", 2)


async def said(engine: CountedEngine, request: ChatRequest = ASKED) -> str:
    return "".join([delta.text async for delta in engine.stream(request)])


async def until(tally: Tally, waiting: int) -> None:
    for _ in range(9):
        await asyncio.sleep(0)
    assert sum(tally.waiting.values()) == waiting


async def test_who_is_let_in_is_answered_and_who_is_not_is_told_at_once(engine: Held, tally: Tally) -> None:
    asked = CountedEngine(engine, tally)
    answers = [asyncio.ensure_future(said(asked)) for _ in range(2)]
    await until(tally, 2)
    with pytest.raises(EngineBusyError):
        await said(asked)
    engine.go.set()
    assert await asyncio.gather(*answers) == ["Hello", "Hello"]
    assert tally.outcomes == {"answered": 2, "failed": 0, "gone": 0, "refused": 1}
    assert (tally.prompt_tokens, tally.cached_tokens, tally.completion_tokens) == (18, 8, 4)
    assert (tally.running, sum(tally.waiting.values()), sum(tally.first_tokens)) == (0, 0, 2)
    assert await said(asked) == "Hello"


async def test_a_place_is_free_at_once_where_nobody_waits_for_the_answer(engine: Held, tally: Tally) -> None:
    asked = CountedEngine(engine, tally)
    answer = asyncio.ensure_future(said(asked))
    await until(tally, 1)
    answer.cancel()
    await asyncio.gather(answer, return_exceptions=True)
    assert (sum(tally.waiting.values()), tally.running) == (0, 0)
    engine.go.set()
    stream = asked.stream(ASKED)
    await anext(stream)
    assert (sum(tally.waiting.values()), tally.running) == (0, 1)
    await stream.aclose()
    assert (tally.running, tally.outcomes["gone"]) == (0, 2)


async def test_a_failure_gives_its_place_back(engine: Held, tally: Tally) -> None:
    engine.go.set()
    with pytest.raises(EngineError):
        await said(CountedEngine(engine, tally), ChatRequest(ASKED.messages, seed=13, priority="bulk"))
    assert (tally.outcomes["failed"], sum(tally.waiting.values())) == (1, 0)


def test_roles_that_share_an_engine_share_its_queue() -> None:
    one, other = ScriptedChat("a", name="one"), ScriptedChat("b", name="other")
    roles = Roles({"planner": one, "coder": other, "writer": one})
    tallies = tallies_of(roles.engines.values(), 5, lambda: None)
    made = counted(roles, tallies)
    assert made["planner"] is made["writer"] is not made["coder"]
    assert (set(tallies), made["coder"].model) == ({"one", "other"}, "scripted-model")
