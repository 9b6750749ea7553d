"""What the system does not tell: where its limits are reached, and what it lost."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.confined import confined
from tests.effort import eventually
from tests.process import Daemon

pytestmark = pytest.mark.slow
Start = Callable[..., Daemon]
QUEUE = Path("/proc/sys/fs/inotify/max_queued_events")


def watching(daemon: Daemon) -> dict[str, object]:
    with daemon.client() as client:
        told: dict[str, object] = client.get("/api/health").json()["watching"]
        assert client.get("/api/notes/status").json()["watching"]["polling"] == told["polling"]
        return told


def test_it_is_told_of_changes(start: Start) -> None:
    daemon = start(module="tests.fakes.quick").ready()
    assert watching(daemon) == {"polling": False, "every": None, "problem": "", "fix": ""}
    assert "told by the system" in daemon.command("doctor").stdout


@pytest.mark.parametrize("limit", [{"watches": 2}, {"instances": 0}])
def test_a_limit_that_is_reached_at_the_start(start: Start, vault: Path, limit: dict[str, int]) -> None:
    for number in range(5):
        (vault / f"folder {number}").mkdir()
    daemon = start(module="tests.fakes.quick", before=confined(**limit)).ready()
    told = watching(daemon)
    assert told["polling"] and told["every"] and "fs.inotify.max_user_" in str(told["problem"]), told
    assert "sysctl" in str(told["fix"])
    assert any("fs.inotify" in line for line in daemon.lines), "it is in the log"
    doctor = daemon.command("doctor")
    assert doctor.returncode == 1 and "sysctl fs.inotify" in doctor.stdout
    events = daemon.events()
    (vault / "folder 4" / "New.md").write_text("Found by looking.")
    events.wait("note.indexed", lambda data: data["path"] == "folder 4/New.md")


def test_a_limit_that_is_reached_later(start: Start, vault: Path) -> None:
    daemon = start(module="tests.fakes.quick", before=confined(watches=50)).ready()
    assert not watching(daemon)["polling"]
    events = daemon.events()
    for number in range(60):
        (vault / f"folder {number}").mkdir()
    told = events.wait("vault.polled")
    assert "max_user_watches" in told["cause"] and "sysctl" in told["fix"]
    assert watching(daemon)["polling"]
    (vault / "folder 59" / "New.md").write_text("In a folder that could not be watched.")
    events.wait("note.indexed", lambda data: data["path"] == "folder 59/New.md")


def indexed(daemon: Daemon) -> int:
    with daemon.client() as client:
        index = client.get("/api/health").json()["index"]
    return 0 if index["pending"] else int(index["notes"])


@pytest.mark.skipif(not QUEUE.exists() or int(QUEUE.read_text()) > 32_768, reason="the queue of events is too long")
def test_what_the_queue_of_events_lost_is_found(start: Start, vault: Path) -> None:
    daemon = start(module="tests.fakes.quick").ready()
    events = daemon.events()
    before = indexed(daemon)
    daemon.process.send_signal(signal.SIGSTOP)
    for number in range(int(QUEUE.read_text()) + 100):
        (vault / f"{number}.txt").touch()
    for number in range(1000):
        (vault / f"n{number}.md").write_text(f"Note number {number}, which no event told of.")
    daemon.process.send_signal(signal.SIGCONT)
    # not by events: of so many at once a slow listener loses the oldest
    eventually(lambda: indexed(daemon) == before + 1000, lambda: indexed(daemon))
    assert any("can tell" in line for line in daemon.lines), "the queue did overflow"
    (vault / "after.md").write_text("All is watched again.")
    events.wait("note.indexed", lambda data: data["path"] == "after.md")
    assert not watching(daemon)["polling"]
