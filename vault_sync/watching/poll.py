"""Hints without events: the folder is looked at now and then. For network shares, and where watches run out."""

import logging
import os
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

from vault_sync.paths import is_document, is_note
from vault_sync.policy.obsidian import FILES

log = logging.getLogger(__name__)

SHORTEST = 2.0
LONGEST = 60.0
"""Seconds between two looks, at least and at most."""
SHARE = 0.05
"""Of the time at most this much is spent on looking."""

Stamp = tuple[int, int, int] | None
"""Modification time in ns, size and inode of a file with text; None for any other, of which only the name counts."""


def pause(took: float) -> float:
    """Seconds to wait after a look that took so many seconds: the larger the vault, the longer."""
    return min(max(SHORTEST, took / SHARE - took), LONGEST)


def differing(before: dict[str, Stamp], now: dict[str, Stamp]) -> list[str]:
    """The paths that came, went or changed."""
    gone = [path for path in before if path not in now]
    return gone + [path for path, stamp in now.items() if path not in before or before[path] != stamp]


class Poller:
    """Calls `on_file(relative path)` for what differs from the last look, from a thread of its own."""

    def __init__(self, root: Path, on_file: Callable[[str], None]) -> None:
        self._root = root
        self._on_file = on_file
        self._end = threading.Event()
        self._known: dict[str, Stamp] = {}
        self._thread = threading.Thread(target=self._run, name="poller", daemon=True)
        self.every = SHORTEST
        """Seconds from one look to the next."""

    def start(self) -> None:
        """Look for the first time, here; then in the thread. Raises OSError where the folder can not be listed."""
        self._look()
        self._thread.start()

    def is_alive(self) -> bool:
        """Whether it still looks; it ends when the folder goes away."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """End the thread, within one look."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(self.every):
            before = self._known
            try:
                self._look()
            except OSError as error:
                log.warning("The vault can not be looked at: %s", error)
                return
            if not self._end.is_set():
                for path in differing(before, self._known):
                    self._on_file(path)

    def _look(self) -> None:
        began = time.monotonic()
        found = dict(_files(self._root, self._end.is_set))
        self._root.stat()  # a vault that went away in the middle has not lost the notes that could not be seen
        self._known = found
        took = time.monotonic() - began
        self.every = pause(took)


def _files(root: Path, ended: Callable[[], bool]) -> Iterator[tuple[str, Stamp]]:
    """Each file by its path in NFC. Hidden folders are passed over, but for Obsidian's settings in one of them."""
    for settings in FILES:
        if (stamp := _stamp(root / settings)) is not None:
            yield settings, stamp
    pending = [""]
    while pending and not ended():
        folder = pending.pop()
        try:
            entries = list(os.scandir(root / folder))
        except OSError:
            if not folder:
                raise
            continue  # it went away, or may not be read: the scan says so
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if not entry.is_dir(follow_symlinks=False):
                yield unicodedata.normalize("NFC", path), _stamp(entry) if _is_read(entry.name) else None
            elif not entry.name.startswith("."):
                pending.append(path)


def _is_read(name: str) -> bool:
    return is_note(name) or is_document(name)


def _stamp(file: os.DirEntry[str] | Path) -> Stamp:
    try:
        info = file.stat(follow_symlinks=False)
    except OSError:
        return None
    return info.st_mtime_ns, info.st_size, info.st_ino
