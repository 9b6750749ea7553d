"""A system turn outlives the process of its engine, with real weights."""

import asyncio
import os
from pathlib import Path

import pytest

from agents.errors import EngineError
from agents.ports import ChatRequest, Message, Usage
from daemon.engines.files.registry import kept_dir, models_dir, resolve_model
from daemon.engines.hosting.host import build_chat_engine
from daemon.engines.llama_cpp.chat import LlamaCppEngine
from daemon.engines.spec import EngineSpec

pytestmark = pytest.mark.slow
SPEC = EngineSpec("small", "llama_cpp", "starter:smollm2", context=1024, sequences=2, keep_system_mib=64)
SYSTEM = "You answer from the notes of somebody who likes foxes, in one sentence, and invent nothing. " * 6


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    try:
        resolve_model(SPEC)
    except EngineError as error:
        pytest.skip(f"{error.cause} {error.fix}")
    monkeypatch.setenv("FAMULUS_MODELS", str(models_dir()))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


async def asked(spec: EngineSpec, *questions: str) -> list[tuple[str, Usage]]:
    """Answers of a process of its own."""
    engine = build_chat_engine(spec)
    assert isinstance(engine, LlamaCppEngine)
    found = []
    try:
        for question in questions:
            request = ChatRequest((Message("system", SYSTEM), Message("user", question)), 12)
            deltas = [delta async for delta in engine.stream(request)]
            assert deltas[-1].usage is not None
            found.append(("".join(delta.text for delta in deltas), deltas[-1].usage))
        while spec.keep_system_mib and not list(kept_dir().glob("*.kv")):  # noqa: ASYNC110 - written by the process
            await asyncio.sleep(0)
    finally:
        engine.close()
    return found


async def test_a_system_turn_is_read_once_for_many_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = await asked(
        EngineSpec("small", "llama_cpp", "starter:smollm2", context=1024, sequences=2), "Where?", "Who?"
    )
    assert not kept_dir().exists()
    first = await asked(SPEC, "Where?")
    assert first[0][1].cached_tokens == 0
    (file,) = kept_dir().iterdir()
    again = await asked(SPEC, "Who?")
    assert again[0][1].cached_tokens > 64
    assert again[0][1].prompt_tokens - again[0][1].cached_tokens < 24
    assert [first[0][0], again[0][0]] == [text for text, _ in plain]
    assert len(list(kept_dir().iterdir())) == 1
    file.write_bytes(file.read_bytes()[:-100] + os.urandom(100))
    damaged = await asked(SPEC, "Who?")
    assert (damaged[0][1].cached_tokens, damaged[0][0]) == (0, again[0][0])
