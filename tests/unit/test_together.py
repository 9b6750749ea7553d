"""Tests of one file share daemons, models and what was parsed: they run in one process, one after the other."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.effort import LONG

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
CASES = """
import os
from pathlib import Path
import pytest

@pytest.mark.parametrize("number", range(6))
def test_it(number):
    with (Path(__file__).parent / "workers").open("a") as told:
        told.write(f"{Path(__file__).name} {os.environ['PYTEST_XDIST_WORKER']}\\n")
"""


def test_the_tests_of_a_file_run_in_one_process(tmp_path: Path) -> None:
    names = [f"test_{number}.py" for number in range(4)]
    for name in names:
        (tmp_path / name).write_text(CASES)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-c",
        str(ROOT / "pyproject.toml"),
        "--rootdir",
        str(tmp_path),
        "-n",
        "3",
    ]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    done = subprocess.run(
        [*command, str(tmp_path)], cwd=tmp_path, env=kept, capture_output=True, text=True, timeout=LONG, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = (tmp_path / "workers").read_text().splitlines()
    assert len(told) == 6 * len(names) and len(set(told)) == len(names), told
