"""What every ChatEngine must do, by vLLM; only where there is one. Random weights will do.

FAMULUS_VLLM=/path/to/vllm FAMULUS_VLLM_MODEL=/folder/of/a/model pytest tests/contract/test_vllm_chat.py
"""

import asyncio
import inspect
import os
from collections.abc import AsyncIterator, Iterator

import pytest

from daemon.engines.spec import EngineSpec
from daemon.engines.vllm.engine import VllmEngine
from tests.contract import test_chat_engine as contract

PROGRAM, MODEL = os.environ.get("FAMULUS_VLLM", ""), os.environ.get("FAMULUS_VLLM_MODEL", "")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PROGRAM, reason="FAMULUS_VLLM names no program"),
]
OTHER_MODEL = "test_a_model_whose_template_knows_no_tools_is_given_none"
globals().update(
    {
        name: case
        for name, case in vars(contract).items()
        if name.startswith("test_") and name != OTHER_MODEL and "engine" in inspect.signature(case).parameters
    }
)


@pytest.fixture(scope="module")
def vllm() -> Iterator[VllmEngine]:
    # random weights would fill an answer with the white space that JSON allows
    compact = '{"backend": "xgrammar", "disable_any_whitespace": true}'
    flags = ("--enforce-eager", "--load-format", "dummy", "--structured-outputs-config", compact)
    made = VllmEngine(
        EngineSpec(
            "big", "vllm", MODEL, context=1024, executable=PROGRAM, kv_cache_mib=2048, stall_seconds=300, flags=flags
        )
    )
    yield made
    made.close()


@pytest.fixture
async def engine(vllm: VllmEngine) -> AsyncIterator[VllmEngine]:
    yield vllm
    await asyncio.to_thread(vllm._http.close)  # its connections belong to the loop of this test
