import asyncio
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.errors import EngineError, EngineLoadingError
from agents.ports import ChatDelta, ChatRequest, Message
from daemon.engines.hosting import lifecycle
from daemon.engines.llama_cpp.chat import LlamaCppEngine
from daemon.engines.spec import EngineSpec
from daemon.engines.worker.worker import Launch, Worker
from tests.effort import LONG

SCRIPT = Path(__file__).parents[4] / "fakes" / "scripted_worker.py"
ROOT = Path(__file__).parents[5]


class Scripted:
    """Workers that behave as `script` says; it may be changed between starts."""

    def __init__(self) -> None:
        self.script = "answers"
        self.worker = Worker("small", self.launch, load_seconds=LONG)

    def launch(self) -> Launch:
        return Launch((sys.executable, str(SCRIPT), self.script), {})

    def engine(self, stall_seconds: float = LONG) -> LlamaCppEngine:
        spec = EngineSpec("small", "llama_cpp", "x.gguf", stall_seconds=stall_seconds)
        return LlamaCppEngine(spec, self.worker)


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    made = Scripted()
    yield made
    made.worker.close()


async def ask(engine: LlamaCppEngine, text: str = "two") -> str:
    request = ChatRequest((Message("user", text),))
    return "".join([delta.text async for delta in engine.stream(request)])


async def test_first_requests_load_once_and_are_answered_in_turn(scripted: Scripted) -> None:
    engine = scripted.engine()
    assert scripted.worker.state == "stopped"
    assert await asyncio.gather(*(ask(engine, str(n)) for n in range(5))) == [f"one {n}" for n in range(5)]
    assert (scripted.worker.starts, scripted.worker.state) == (1, "ready")


async def test_what_came_together_may_travel_in_one_write(scripted: Scripted) -> None:
    scripted.script = "gathers"
    request = ChatRequest((Message("user", "end"),))
    deltas = [(delta.text, delta.more) async for delta in scripted.engine().stream(request)]
    assert deltas == [("one ", False), ("and ", True), ("", True), ("two ", True), ("", False), ("end", False)]


@pytest.mark.parametrize(("script", "told"), [("misbuilt", "build llama.cpp anew"), ("killed", "memory ran out")])
async def test_what_a_signal_mostly_means_is_told(scripted: Scripted, script: str, told: str) -> None:
    scripted.script = script
    with pytest.raises(EngineError) as caught:
        await ask(scripted.engine())
    assert told in caught.value.cause


async def test_a_death_in_mid_answer_is_told_and_the_next_request_starts_anew(scripted: Scripted) -> None:
    engine = scripted.engine()
    scripted.script = "dies"
    deltas: list[ChatDelta] = []
    with pytest.raises(EngineError) as caught:
        async for delta in engine.stream(ChatRequest((Message("user", "x"),))):
            deltas.append(delta)
    assert [delta.text for delta in deltas] == ["one "]
    assert "code 7" in caught.value.cause
    assert "out of memory" in caught.value.cause
    scripted.script = "answers"
    assert await ask(engine) == "one two"
    assert scripted.worker.starts == 2


async def test_a_worker_that_keeps_dying_is_left_alone_for_a_while(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The pause after the second death is a second, which a busy machine may need for the next request.
    monkeypatch.setattr(lifecycle, "pause_after", lambda failures: 0.0 if failures < 2 else LONG)
    engine = scripted.engine()
    scripted.script = "dies"
    for _ in range(3):
        with pytest.raises(EngineError):
            await ask(engine)
    with pytest.raises(EngineError) as caught:
        await ask(engine)
    assert "tried again in" in caught.value.fix
    assert scripted.worker.starts == 2


@pytest.mark.parametrize("script", ["hangs", "hangs-deaf"])
async def test_a_worker_without_progress_is_ended(scripted: Scripted, script: str) -> None:
    scripted.script = script
    await scripted.engine().start()  # loading takes as long as the machine takes to start Python
    engine = scripted.engine(stall_seconds=1)
    pid = scripted.worker.pid
    with pytest.raises(EngineError) as caught:
        await ask(engine)
    assert "no progress" in caught.value.cause
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_nobody_waits_for_ever_for_a_load(scripted: Scripted) -> None:
    engine = scripted.engine(stall_seconds=0.2)
    scripted.script = "never-loads"
    with pytest.raises(EngineLoadingError):
        await ask(engine)
    assert scripted.worker.state == "loading"


async def test_what_the_worker_says_against_loading_is_told(scripted: Scripted) -> None:
    scripted.script = "refuses"
    with pytest.raises(EngineError) as caught:
        await ask(scripted.engine())
    assert (caught.value.cause, scripted.worker.state) == ("No room.", "failed")


async def test_a_missing_program_is_told() -> None:
    worker = Worker("small", lambda: Launch(("/no/such/program",), {}))
    with pytest.raises(EngineError) as caught:
        await worker.ready(LONG)
    assert "/no/such/program" in caught.value.cause


async def test_a_cancelled_request_frees_the_engine(scripted: Scripted) -> None:
    engine = scripted.engine()
    scripted.script = "hangs"
    stream = engine.stream(ChatRequest((Message("user", "x"),)))
    assert (await anext(stream)).text == "one "
    await stream.aclose()
    assert await engine.count_tokens([Message("user", "a"), Message("user", "b")]) == 2
    assert (await anext(engine.stream(ChatRequest((Message("user", "x"),))))).text == "one "


async def test_closing_ends_the_process_and_the_engine(scripted: Scripted) -> None:
    engine = scripted.engine()
    await ask(engine)
    pid = scripted.worker.pid
    engine.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(EngineError) as caught:
        await ask(engine)
    assert "closed" in caught.value.cause


async def test_closing_while_it_loads_ends_it_too(scripted: Scripted, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    scripted.script = "never-loads"
    loading = scripted.worker.start()
    await asyncio.to_thread(scripted.worker.close)
    with pytest.raises(EngineError):
        loading.result(LONG)


@pytest.mark.slow
def test_a_worker_does_not_outlive_a_killed_daemon() -> None:
    code = (
        "import sys; from daemon.engines.worker.worker import *; "
        f"w = Worker('x', lambda: Launch((sys.executable, {str(SCRIPT)!r}, 'answers'), {{}})); "
        "w.start().result(); print(w.pid, flush=True); sys.stdin.read()"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as daemon:
        assert daemon.stdout
        pid = int(daemon.stdout.readline())
        waiter = os.pidfd_open(pid)
        daemon.send_signal(signal.SIGKILL)
        daemon.wait()
        signal.pthread_sigmask(signal.SIG_BLOCK, [])
        import select

        assert select.select([waiter], [], [], LONG)[0]
        os.close(waiter)
