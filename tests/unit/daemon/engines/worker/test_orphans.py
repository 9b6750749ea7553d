import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from daemon.engines.worker.orphans import OWNER, mark, orphans, sweep
from tests.effort import LONG

HERE = "pid:[1]"
LIVES = "import sys; sys.stdin.read()"


@pytest.mark.parametrize(
    ("owner", "left"),
    [
        ("7:100:pid:[1]", False),
        ("8:100:pid:[1]", True),
        ("7:99:pid:[1]", True),
        ("8:100:pid:[2]", False),
    ],
)
def test_who_is_an_orphan(owner: str, left: bool) -> None:
    assert orphans({50: owner}, {7: "100"}, HERE) == ([50] if left else [])


@pytest.fixture
def dead_owner() -> str:
    """The mark of a process that has ended."""
    code = "from daemon.engines.worker.orphans import mark; print(mark())"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def started(owner: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", LIVES],
        stdin=subprocess.PIPE,
        text=True,
        env={**os.environ, OWNER: owner},
    ) as process:
        yield process


def test_what_a_dead_daemon_left_is_ended_and_what_a_living_one_has_is_not(dead_owner: str) -> None:
    for orphan in started(dead_owner):
        for kept in started(mark()):
            found = sweep()
            assert kept.pid not in found
            assert orphan.wait(LONG) == -9  # by this sweep, or by that of a daemon of another test
            assert kept.poll() is None
