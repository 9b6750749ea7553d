import asyncio
from collections.abc import AsyncGenerator

import pytest

from agents.errors import EngineError
from agents.ports import ChatDelta, ChatRequest, Message, Roles, Usage
from daemon.courtesy import Courtesy, in_bulk, polite
from tests.fakes.chat_engine import ScriptedEngine

ASKED = ChatRequest((Message("user", "?"),))


class Engine(ScriptedEngine):
    """Says what it used; fails when told to."""

    fails = False

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        if self.fails:
            raise EngineError("No answer.")
        self.requests.append(request)
        yield ChatDelta("yes", "stop", Usage(100, 80, 3))


async def ask(roles: Roles) -> str:
    return "".join([delta.text async for delta in roles["writer"].stream(ASKED)])


def house() -> tuple[Engine, Courtesy, Roles]:
    engine, courtesy = Engine(lambda request: ""), Courtesy(grace=0.0)
    return engine, courtesy, polite(Roles({"planner": engine, "writer": engine}), courtesy)


async def test_bulk_work_says_so_and_is_measured() -> None:
    engine, _, roles = house()
    assert await ask(roles) == "yes" and engine.requests[-1].priority == "interactive"
    with in_bulk() as meter:
        await ask(roles)
        await asyncio.create_task(ask(roles))
    assert [request.priority for request in engine.requests[1:]] == ["bulk", "bulk"]
    assert (meter.tokens, meter.trouble) == (46, None), "what came from the cache cost nothing"
    await ask(roles)
    assert (engine.requests[-1].priority, meter.requests) == ("interactive", 2)


async def test_roles_that_share_an_engine_go_on_sharing_it() -> None:
    engine, _, roles = house()
    assert roles["planner"] is roles["writer"] and roles["planner"].name == engine.name
    assert roles["planner"].context_tokens == engine.context_tokens
    assert await roles["planner"].count_tokens(ASKED.messages) == 1


async def test_a_failure_is_kept_even_if_whoever_asked_makes_do() -> None:
    engine, _, roles = house()
    engine.fails = True
    with in_bulk() as meter, pytest.raises(EngineError):
        await ask(roles)
    assert str(meter.trouble) == "No answer."


async def test_it_waits_while_somebody_is_served_and_others_do_not() -> None:
    engine, courtesy, roles = house()
    with in_bulk(), courtesy.serving("/v1/chat/completions"):
        asked = asyncio.create_task(ask(roles))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not engine.requests
        assert courtesy.busy
    assert await ask(roles) == "yes" and engine.requests[0].priority == "interactive"
    await asked
    assert engine.requests[-1].priority == "bulk" and not courtesy.busy


@pytest.mark.parametrize("path", ["/api/jobs", "/api/jobs/x/sample", "/api/events", "/api/health", "/metrics"])
def test_whoever_only_looks_is_not_waited_for(path: str) -> None:
    courtesy = Courtesy()
    with courtesy.serving(path):
        assert not courtesy.busy
    assert not courtesy.busy


def test_after_an_answer_the_next_question_is_waited_for() -> None:
    now = [0.0]
    courtesy = Courtesy(grace=1.0, clock=lambda: now[0])
    with courtesy.serving("/api/search"), courtesy.serving("/api/search"):
        pass
    assert courtesy.busy
    now[0] = 1.0
    assert not courtesy.busy


async def test_a_client_that_never_hangs_up_is_not_waited_for_for_ever() -> None:
    now = [0.0]

    def clock() -> float:
        now[0] += 1.0
        return now[0]

    courtesy = Courtesy(grace=0.0, longest=5.0, clock=clock)
    with courtesy.serving("/v1/chat/completions"):
        assert await courtesy.quiet() >= 5.0
