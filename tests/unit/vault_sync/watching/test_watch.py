import os
import random
import shutil
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.confined import WATCHES, confined
from tests.effort import LONG, eventually
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


def untitled(heard: Heard, vault: Path, outside: Path) -> None:
    """As Obsidian does: a new folder is thrown away, the next one has the same name at first, and gets another."""
    (vault / "Untitled").mkdir()
    heard.until(lambda: heard.trees > 0)
    for step in (
        lambda: (vault / "Untitled").rename(outside / "Untitled"),
        lambda: (vault / "Untitled").mkdir(),
        lambda: (vault / "Untitled").rename(vault / "Named"),
    ):
        seen = heard.trees
        step()
        heard.until(lambda seen=seen: heard.trees > seen)  # type: ignore[misc]


def test_what_was_thrown_away_can_be_deleted_when_its_name_was_used_again(
    heard: Heard, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    trash = tmp_path_factory.mktemp("trash")
    untitled(heard, tmp_path, trash)
    (trash / "Untitled").rmdir()
    (tmp_path / "Named" / "n.md").write_text("x")
    eventually(lambda: "Named/n.md" in heard.files or not heard.watcher.alive())
    assert heard.watcher.alive()


def test_it_can_be_ended_when_a_folder_had_the_name_of_one_that_was_thrown_away(
    heard: Heard, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    untitled(heard, tmp_path, tmp_path_factory.mktemp("trash"))
    heard.watcher.stop()


def folders(root: Path) -> list[Path]:
    return sorted(Path(folder) for folder, _, _ in os.walk(root))


def storm(chance: random.Random, vault: Path, outside: Path, steps: int) -> None:
    """Folders of few names come, go, move into each other and out of the vault and back, as fast as can be."""

    def place() -> Path:
        return chance.choice(folders(vault)) / chance.choice("abc")

    def one() -> Path:
        return chance.choice(folders(vault)[1:])

    def out(step: int) -> None:
        one().rename(outside / str(step))

    def back(_: int) -> None:
        chance.choice(sorted(outside.iterdir())).rename(place())

    def emptied(_: int) -> None:
        shutil.rmtree(outside)
        outside.mkdir()

    kinds: list[Callable[[int], object]] = [lambda _: place().mkdir(), lambda _: one().rename(place())]
    kinds += [lambda _: shutil.rmtree(one()), out, back, emptied]
    for step in range(steps):
        with suppress(OSError, IndexError):  # into itself, onto one that is full, or there is none
            chance.choices(kinds, (40, 40, 5, 6, 6, 3))[0](step)


@pytest.mark.parametrize("seed", range(5))
def test_each_folder_that_is_left_by_a_storm_is_watched_by_its_name(tmp_path: Path, seed: int) -> None:
    vault, outside = tmp_path / "vault", tmp_path / "outside"
    vault.mkdir()
    outside.mkdir()
    heard = Heard(vault)
    storm(random.Random(seed), vault, outside, 400)
    (vault / "last.md").write_text("what the system tells of the storm came before this")
    eventually(lambda: "last.md" in heard.files or not heard.watcher.alive())
    notes = [folder / "n.md" for folder in folders(vault)]
    for note in notes:
        note.write_text("x")
    told = {note.relative_to(vault).as_posix() for note in notes}
    eventually(lambda: told <= set(heard.files) or not heard.watcher.alive(), lambda: told - set(heard.files))
    assert heard.watcher.alive()
    heard.watcher.stop()


def test_a_folder_that_is_not_there_leaves_nothing_running(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    watcher = Watcher(tmp_path / "nowhere", print, lambda: None)
    with pytest.raises(FileNotFoundError):
        watcher.start()
    assert not watcher.alive() and set(threading.enumerate()) <= before


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
assert changed.wait({LONG}) and watcher.limit is None
Path({str(WATCHES)!r}).write_text("2")
(root / "too many").mkdir()
changed.clear()
while watcher.limit is None:
    assert changed.wait({LONG})
    changed.clear()
print(watcher.limit.cause)
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
