import os
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.confined import WATCHES, confined
from tests.effort import LONG
from vault_sync.watching.watch import Watcher

ROOT = Path(__file__).resolve().parents[4]
QUEUE = Path("/proc/sys/fs/inotify/max_queued_events")
IN_ONE_READ = 8192
"""Events that a reader may have taken from the queue before it comes to wait; one has 16 bytes at least."""


class Heard:
    """A watcher and what it tells."""

    def __init__(self, root: Path, *, polling: bool = False) -> None:
        self.files: list[str] = []
        self.trees = 0
        self._changed = threading.Condition()
        self.watcher = Watcher(root, self._file, self._tree, polling=polling)
        self.watcher.start()

    def _file(self, path: str) -> None:
        with self._changed:
            self.files.append(path)
            self._changed.notify_all()

    def _tree(self) -> None:
        with self._changed:
            self.trees += 1
            self._changed.notify_all()

    def until(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, LONG), (self.files, self.trees)


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[Heard]:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.md").write_text("a")
    heard = Heard(tmp_path)
    yield heard
    heard.watcher.stop()
    assert not heard.watcher.alive()


def test_files_are_told_by_their_path_in_nfc(heard: Heard, tmp_path: Path) -> None:
    (tmp_path / "sub" / unicodedata.normalize("NFD", "й.md")).write_text("x")
    heard.until(lambda: "sub/й.md" in heard.files)
    assert heard.watcher.alive() and heard.watcher.every is None and not heard.trees


def test_reading_is_no_change(heard: Heard, tmp_path: Path) -> None:
    (tmp_path / "a.md").read_text()
    (tmp_path / "b.md").write_text("x")
    heard.until(lambda: "b.md" in heard.files)
    assert "a.md" not in heard.files


@pytest.mark.parametrize(
    "change", [os.unlink, lambda file: file.rename(file.with_name("c.md")), lambda f: f.chmod(0o600)]
)
def test_other_changes_of_a_file(heard: Heard, tmp_path: Path, change: Callable[[Path], object]) -> None:
    change(tmp_path / "a.md")
    heard.until(lambda: "a.md" in heard.files)


def test_folders_are_told_and_watched(heard: Heard, tmp_path: Path) -> None:
    (tmp_path / "new" / "deep").mkdir(parents=True)
    heard.until(lambda: heard.trees > 0)
    (tmp_path / "new" / "deep" / "n.md").write_text("x")
    heard.until(lambda: "new/deep/n.md" in heard.files)
    seen = heard.trees
    (tmp_path / "new").rename(tmp_path / "renamed")
    heard.until(lambda: heard.trees > seen)
    (tmp_path / "renamed" / "deep" / "m.md").write_text("x")
    heard.until(lambda: "renamed/deep/m.md" in heard.files)


@pytest.mark.skipif(sys.platform != "linux", reason="inotify")
def test_a_folder_that_is_told_twice_is_still_watched(heard: Heard, tmp_path: Path) -> None:
    from watchdog.observers.inotify_c import InotifyConstants, InotifyEvent, Mask

    reader = heard.watcher._observer.reader  # type: ignore[union-attr]
    root = next(wd for wd, watch in reader._watch_for_wd.items() if watch._initial_creation_path == bytes(tmp_path))
    made = Mask(InotifyConstants.IN_CREATE | InotifyConstants.IN_ISDIR)
    reader.handle_event(InotifyEvent(root, made, 0, b"sub"))  # as when the look at its parent had found it already
    (tmp_path / "sub" / "n.md").write_text("x")
    heard.until(lambda: "sub/n.md" in heard.files)
    assert heard.watcher.alive()


@pytest.mark.skipif(not QUEUE.exists() or int(QUEUE.read_text()) > 100_000, reason="the queue of events is too long")
def test_lost_events_are_told(heard: Heard, tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("b")
    heard.until(lambda: "b.md" in heard.files)
    reader = heard.watcher._observer.reader  # type: ignore[union-attr]
    with reader._lock:  # as when the process does not come to read
        for number in range(int(QUEUE.read_text()) + IN_ONE_READ + 100):
            (tmp_path / ("a.md" if number % 2 else "b.md")).chmod(0o600 + number % 2 * 0o44)
    heard.until(lambda: heard.trees > 0)
    (tmp_path / "sub" / "n.md").write_text("x")
    heard.until(lambda: "sub/n.md" in heard.files)


def run(command: list[str], code: str, root: Path) -> subprocess.CompletedProcess[str]:
    """Python code in a process of its own, with `root` as its argument."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    whole = [*command, sys.executable, "-c", code, str(root)]
    return subprocess.run(whole, capture_output=True, text=True, timeout=LONG, env=environment, check=False)


START = """
import sys
from pathlib import Path
from vault_sync.errors import WatchLimitError
from vault_sync.watching.watch import Watcher
watcher = Watcher(Path(sys.argv[1]), print, lambda: None)
try:
    watcher.start()
    print("started")
except WatchLimitError as error:
    print(error.cause, error.fix)
print("alive" if watcher.alive() else "ended")
watcher.stop()
"""


@pytest.mark.parametrize(
    ("watches", "instances", "setting"),
    [(3, None, "max_user_watches"), (0, None, "max_user_watches"), (None, 0, "max_user_instances")],
)
def test_the_limit_of_the_system_is_told(
    tmp_path: Path, watches: int | None, instances: int | None, setting: str
) -> None:
    for number in range(5):
        (tmp_path / f"f{number}").mkdir()
    done = run(confined(watches=watches, instances=instances), START, tmp_path)
    assert f"fs.inotify.{setting}" in done.stdout and "sysctl" in done.stdout and "ended" in done.stdout, done
    assert "started" not in done.stdout


def test_below_the_limit_it_watches(tmp_path: Path) -> None:
    done = run(confined(watches=3, instances=1), START, tmp_path)
    assert "started" in done.stdout and "alive" in done.stdout, done


LATER = f"""
import sys, threading
from pathlib import Path
from vault_sync.watching.watch import Watcher
changed = threading.Event()
root = Path(sys.argv[1])
watcher = Watcher(root, lambda path: None, changed.set)
watcher.start()
assert watcher.limit is None
(root / "new").mkdir()
assert changed.wait(20) and watcher.limit is None
Path({str(WATCHES)!r}).write_text("2")
(root / "too many").mkdir()
for _ in range(200):
    changed.clear()
    if watcher.limit is not None:
        print(watcher.limit.cause)
        break
    changed.wait(0.1)
watcher.stop()
"""


def test_the_limit_that_is_reached_later_is_noticed(tmp_path: Path) -> None:
    done = run(confined(watches=10), LATER, tmp_path)
    assert "max_user_watches" in done.stdout, done


def test_it_can_look_instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vault_sync.watching.poll.SHORTEST", 0.01)
    heard = Heard(tmp_path, polling=True)
    (tmp_path / "a.md").write_text("x")
    heard.until(lambda: "a.md" in heard.files)
    assert heard.watcher.alive() and heard.watcher.every is not None
    heard.watcher.stop()
    assert not heard.watcher.alive()
