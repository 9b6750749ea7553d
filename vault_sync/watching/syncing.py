"""Whether another program is bringing changes into the vault right now: then nobody else should write there."""

import os
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

BURST = 20
"""So many notes that change within `WINDOW` seconds are no typing: a sync, a checkout or a script is at work."""
WINDOW = 2.0
FRESH = 600.0
"""Seconds after which what a sync tool left behind counts as forgotten, not as work in progress."""

_TEMPORARY = re.compile(
    r"(?:^|/)(?:\.syncthing\..+\.tmp|~syncthing~.+\.tmp|.+\.!sync|.+\.(?:part|partial|filepart|crdownload)"
    r"|\.~lock\..+#?|\.tmp\.drive(?:download|upload).*)$",
    re.IGNORECASE,
)
_GIT_LOCKS = ("index.lock", "HEAD.lock")
_GIT_STATES = {
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
}
_CONFLICT = (b"<<<<<<< ", b"=======", b">>>>>>> ")
"""What the lines of a merge conflict begin with, in this order."""


def is_sync_temporary(path: str) -> bool:
    """Whether a file is what a sync tool writes before it gives a file its name."""
    return _TEMPORARY.search(path) is not None


def unresolved(data: bytes) -> bool:
    """Whether a note holds a merge conflict that nobody has resolved yet."""
    found = 0
    for line in data.splitlines() if _CONFLICT[0] in data else ():
        if line.startswith(_CONFLICT[found]):
            found += 1
            if found == len(_CONFLICT):
                return True
    return False


def is_burst(hints: Mapping[str, float], now: float) -> bool:
    """Whether so many notes changed a moment ago that it must be a program; times in seconds on one clock."""
    return sum(now - at <= WINDOW for at in hints.values()) >= BURST


class Syncing:
    """Hears of changes by `heard`, and looks at the disk when asked. Safe to use from several threads."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._hints: OrderedDict[str, float] = OrderedDict()
        """When each note was last heard of, the one that was longest ago first."""
        self._temporary: set[str] = set()

    def heard(self, path: str) -> None:
        """Something happened to a file of the vault, of whatever kind."""
        now = time.monotonic()
        with self._lock:
            if is_sync_temporary(path):
                self._temporary.add(path)
            elif not path.startswith("."):
                self._hints[path] = now
                self._hints.move_to_end(path)
            while self._hints and now - next(iter(self._hints.values())) > WINDOW:
                self._hints.popitem(last=False)

    def under_way(self, folder: str = "") -> str:
        """What is at work, in a sentence; empty where nothing is. `folder` is where one wants to write."""
        with self._lock:
            burst = is_burst(self._hints, time.monotonic())
            self._temporary = {name for name in self._temporary if _fresh(self._root / name)}
            arriving = bool(self._temporary)
        if arriving or self._arriving(folder):
            return "A sync tool is bringing files into the vault."
        if burst:
            return "Many notes are changing at once."
        return _git_at_work(self._root)

    def _arriving(self, folder: str) -> bool:
        try:
            with os.scandir(self._root / folder) as entries:
                return any(is_sync_temporary(entry.name) and _fresh(Path(entry.path)) for entry in entries)
        except OSError:  # a folder that is to be made yet
            return False


def _fresh(file: Path) -> bool:
    try:
        return time.time() - file.stat(follow_symlinks=False).st_mtime < FRESH
    except OSError:
        return False


def _git_at_work(root: Path) -> str:
    folder = _git_folder(root)
    if folder is None:
        return ""
    if any(_fresh(folder / name) for name in _GIT_LOCKS):
        return "Git is changing the vault."
    state = next((what for name, what in _GIT_STATES.items() if os.path.lexists(folder / name)), "")
    return f"Git is in the middle of {state}." if state else ""


def _git_folder(root: Path) -> Path | None:
    """The folder with Git's own files, for a vault that is a repository or lies in one."""
    for place in (root, *root.parents):
        found = place / ".git"
        if found.is_dir():
            return found
        if found.is_file():
            text = found.read_text(encoding="utf-8", errors="replace").strip()
            return (place / text.removeprefix("gitdir:").strip()).resolve()
    return None
