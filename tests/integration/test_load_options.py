"""What a spec says of loading, done by llama.cpp with real weights."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from agents.errors import EngineError
from agents.ports import ChatRequest, Message
from daemon.engines.hosting.host import build_chat_engine
from daemon.engines.llama_cpp.chat import LlamaCppEngine
from daemon.engines.spec import EngineSpec
from tests.effort import LONG
from tests.fakes import tiny_adapter

pytestmark = pytest.mark.slow
REQUEST = ChatRequest((Message("user", "Name three animals."),), max_tokens=16)


@asynccontextmanager
async def running(**told: Any) -> AsyncIterator[LlamaCppEngine]:
    made = build_chat_engine(EngineSpec("small", "llama_cpp", "starter:smollm2", context=512, sequences=1, **told))
    assert isinstance(made, LlamaCppEngine)
    try:
        yield made
    finally:
        await asyncio.to_thread(made.close)


async def said(**told: Any) -> str:
    async with running(**told) as engine:
        return "".join([delta.text async for delta in engine.stream(REQUEST)])


async def test_an_adapter_changes_what_is_said_and_with_no_weight_it_does_not(
    starter_model: Path, tmp_path: Path
) -> None:
    file = tiny_adapter.write(tmp_path / "adapter.gguf", starter_model)
    plain, off, on = await said(), await said(lora=(f"{file}:0.0",)), await said(lora=(f"{file}:2.0",))
    assert plain == off != on


async def test_an_adapter_of_another_model_is_refused_before_anything_is_loaded(
    starter_model: Path, tmp_path: Path
) -> None:
    file = tiny_adapter.write(tmp_path / "adapter.gguf", starter_model, architecture="gemma3")
    async with running(lora=(str(file),)) as engine:
        with pytest.raises(EngineError) as caught:
            await asyncio.wait_for(engine.start(), LONG)
        assert "gemma3" in caught.value.cause and engine.pid == 0


@pytest.mark.parametrize(
    "told",
    [
        {"kv_type": "q8_0"},
        {"flash_attention": "off"},
        {"n_cpu_moe": 3},
        {"numa": "distribute"},
    ],
    ids=str,
)
async def test_it_answers_with_each_option(told: dict[str, Any], starter_model: Path) -> None:
    assert await asyncio.wait_for(said(**told), LONG)


def mappings(smaps: str) -> Iterator[dict[str, str]]:
    """What the kernel tells of each mapping of a process; sizes in kB."""
    for told in re.split(r"^[0-9a-f]+-[0-9a-f]+ .*\n", smaps, flags=re.MULTILINE)[1:]:
        yield dict(line.split(":", 1) for line in told.splitlines())


async def test_huge_pages_hold_the_weights_where_the_kernel_gives_them(starter_model: Path) -> None:
    mode = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    if not mode.is_file() or "[never]" in mode.read_text():
        pytest.skip("this kernel gives no huge pages")
    async with running(huge_pages=True) as engine:
        assert [delta async for delta in engine.stream(REQUEST)]
        found = list(mappings(Path(f"/proc/{engine.pid}/smaps").read_text()))
    assert sum(int(each["AnonHugePages"].split()[0]) for each in found)
    if "[madvise]" in mode.read_text():
        # How many the kernel finds depends on what else lies in the machine's memory: what counts is what was asked for.
        asked = [each for each in found if "hg" in each["VmFlags"].split()]
        assert sum(int(each["Size"].split()[0]) for each in asked) > 50_000


async def test_a_worker_runs_by_the_python_and_with_the_environment_of_its_spec(
    starter_model: Path, tmp_path: Path
) -> None:
    told = tmp_path / "told"
    script = tmp_path / "python"
    script.write_text(f'#!/bin/sh\necho "$ONLY_HERE" > {told}\nexec {sys.executable} "$@"\n')
    script.chmod(0o755)
    assert await asyncio.wait_for(said(python=str(script), environment={"ONLY_HERE": "yes"}), LONG)
    assert told.read_text() == "yes\n"
