"""What we say that a model takes, against what llama.cpp says that it allocated, and what the system counts."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.engines.files.gguf import read_header
from daemon.engines.hosting.footprint import Run, footprint
from daemon.engines.hosting.shape import shape_of
from tests.process import ROOT, environment

pytestmark = pytest.mark.slow
MIB = 1 << 20


@pytest.mark.parametrize(
    "run",
    [
        Run(4096, batch=128),
        Run(16384, batch=512),
        Run(16384, batch=512, flash_attention=False),
        Run(4096, batch=512, kv_type="q8_0"),
        Run(4096, 4, batch=128, outputs=10),
        Run(8192, 4, batch=512, outputs=10),
        Run(2048, batch=2048, pooled=True),
    ],
    ids=repr,
)
def test_the_parts_are_what_llama_cpp_allocates(run: Run, starter_model: Path, tmp_path: Path) -> None:
    told = json.loads(_report(run, starter_model, tmp_path))
    made = footprint(shape_of([read_header(starter_model)]), run)
    assert made.weights == pytest.approx(told["model"], rel=0.01)
    assert made.cache == pytest.approx(told["KV"], rel=0.01)
    assert made.compute == pytest.approx(told["compute"], rel=0.03)
    # the rest is Python and the libraries; buffers that nothing has been computed in are not there yet
    assert made.weights + made.cache <= told["resident"] <= made.in_main_memory + 150 * MIB


def _report(run: Run, model: Path, home: Path) -> str:
    flash = -1 if run.flash_attention else 0
    command = [sys.executable, "-m", "tests.fakes.llama_report", str(model)]
    command += [run.kv_type, str(run.cells), str(run.batch), str(flash), str(run.outputs), str(int(run.pooled))]
    done = subprocess.run(command, cwd=ROOT, env=environment(home), capture_output=True, text=True, check=True)
    return done.stdout
