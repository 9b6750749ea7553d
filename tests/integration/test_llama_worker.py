"""The worker process with real weights: what shows only below the ports."""

import queue
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.errors import EngineError
from daemon.engines.host import build_chat_engine
from daemon.engines.llama_cpp import LlamaCppEngine, llama_worker
from daemon.engines.process import Event
from daemon.engines.registry import resolve_model
from daemon.engines.spec import EngineSpec
from daemon.engines.worker import Worker

pytestmark = pytest.mark.slow
STARTER = EngineSpec("small", "llama_cpp", "starter:smollm2", context=4096)
SAMPLING = {"max_tokens": 4, "stop": [], "grammar": 'root ::= "yes"'}


@pytest.fixture
def weights() -> Path:
    try:
        return resolve_model(STARTER)
    except EngineError as error:
        pytest.skip(f"{error.cause} {error.fix}")


@pytest.fixture
def worker(weights: Path) -> Iterator[Worker]:
    made = llama_worker(STARTER)
    yield made
    made.close()


def test_a_prompt_that_is_being_read_is_left_within_a_piece(worker: Worker) -> None:
    process = worker.start().result(120)
    messages = [{"role": "user", "content": "a fox and a crow " * 400}]

    def chat(cancel_after: int) -> Event:
        events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        request = process.open(events.put)
        process.send({"op": "chat", "id": request, "messages": messages, "sampling": SAMPLING})
        heard = 0
        while (event := events.get(timeout=120))["event"] in ("working", "token"):
            heard += 1
            if heard == cancel_after:
                process.send({"op": "cancel", "id": request})
        return event

    left = chat(cancel_after=2)
    assert (left["event"], left["usage"]["completion"]) == ("done", 0)
    again = chat(cancel_after=0)
    assert again["usage"]["completion"] > 0
    assert again["usage"]["cached"] < again["usage"]["prompt"] - 128


async def test_a_model_cut_short_is_refused_before_it_is_loaded(weights: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.gguf"
    with weights.open("rb") as whole:
        short.write_bytes(whole.read(weights.stat().st_size - 1000))
    engine = build_chat_engine(EngineSpec("small", "llama_cpp", str(short)))
    assert isinstance(engine, LlamaCppEngine)
    with pytest.raises(EngineError) as caught:
        await engine.start()
    assert "not whole" in caught.value.cause
    assert engine.state == "failed"


async def test_a_device_that_is_not_there_is_refused_with_those_that_are(weights: Path) -> None:
    engine = build_chat_engine(EngineSpec("small", "llama_cpp", str(weights), devices=("CUDA77",)))
    assert isinstance(engine, LlamaCppEngine)
    with pytest.raises(EngineError) as caught:
        await engine.start()
    assert "CUDA77" in caught.value.cause
    assert "CPU" in caught.value.cause
    engine.close()
