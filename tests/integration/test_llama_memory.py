"""A worker that gets no memory says how much is missing, takes nobody along, and answers once there is some."""

import asyncio
import resource
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agents.errors import EngineError
from agents.ports import ChatRequest, Message
from daemon.engines.files.registry import resolve_model
from daemon.engines.hosting.host import build_chat_engine
from daemon.engines.llama_cpp.chat import LlamaCppEngine
from daemon.engines.spec import EngineSpec

pytestmark = pytest.mark.slow
LIMIT_KIB = 2_500_000
"""Enough for Python, its libraries and the model, not for the cache of 64 sequences."""


@pytest.fixture
def limited(tmp_path: Path) -> str:
    """A Python whose processes may take LIMIT_KIB of addresses, until somebody raises that."""
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nulimit -S -v {LIMIT_KIB}\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return str(python)


@pytest.fixture
def build() -> Iterator[Callable[[EngineSpec], LlamaCppEngine]]:
    made: list[LlamaCppEngine] = []

    def one(spec: EngineSpec) -> LlamaCppEngine:
        try:
            resolve_model(spec)
        except EngineError as error:
            pytest.skip(f"{error.cause} {error.fix}")
        engine = build_chat_engine(spec)
        assert isinstance(engine, LlamaCppEngine)
        made.append(engine)
        return engine

    yield one
    for engine in made:
        engine.close()


async def ask(engine: LlamaCppEngine) -> str:
    request = ChatRequest((Message("user", "Hello"),), 4)
    return "".join([delta.text async for delta in engine.stream(request)])


async def test_without_memory_it_says_what_is_missing_and_others_go_on(
    limited: str, build: Callable[[EngineSpec], LlamaCppEngine]
) -> None:
    large = build(EngineSpec("large", "llama_cpp", "starter:smollm2", context=2048, sequences=64, python=limited))
    other = build(EngineSpec("other", "llama_cpp", "starter:smollm2", context=512, sequences=1))
    refused, answer = await asyncio.gather(ask(large), ask(other), return_exceptions=True)
    assert isinstance(refused, EngineError) and answer and isinstance(answer, str)
    assert "2,880 MiB more of memory are wanted" in refused.cause and "are missing" in refused.cause
    pid = large.pid
    hard = resource.prlimit(pid, resource.RLIMIT_AS)[1]
    resource.prlimit(pid, resource.RLIMIT_AS, (hard, hard))
    assert await ask(large) and large.pid == pid
