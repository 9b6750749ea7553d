"""Hints from the file system, by watchdog. A hint is never believed: the disk is looked at again."""

import logging
import os
import unicodedata
from collections.abc import Callable
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver
from watchdog.observers.polling import PollingObserver

log = logging.getLogger(__name__)

_IGNORED = frozenset({"opened", "closed_no_write"})


class Watcher:
    """Calls `on_file(relative path)` for files and `on_tree()` for folders, from a thread of its own."""

    def __init__(
        self, root: Path, on_file: Callable[[str], None], on_tree: Callable[[], None], *, polling: bool = False
    ) -> None:
        self.root = root
        self.polling = polling
        self._handler = _Hints(root, on_file, on_tree)
        self._observer: BaseObserver | None = None

    def start(self) -> None:
        """Begin to watch; falls back to polling where the system's limit of watches is reached."""
        try:
            self._observer = self._observe(PollingObserver(timeout=2) if self.polling else Observer())
        except OSError as error:
            log.warning("The vault is polled: %s. Raise fs.inotify.max_user_watches to be told of changes.", error)
            self.polling = True
            self._observer = self._observe(PollingObserver(timeout=2))

    def _observe(self, observer: BaseObserver) -> BaseObserver:
        observer.schedule(self._handler, str(self.root), recursive=True)
        observer.start()
        return observer

    def alive(self) -> bool:
        """Whether the observer still runs (it ends when the vault's folder goes away)."""
        return self._observer is not None and self._observer.is_alive() and bool(self._observer.emitters)

    def stop(self) -> None:
        """End the thread."""
        if self._observer is not None:
            self._observer.stop()
            self._observer.join(timeout=5)
            self._observer = None


class _Hints(FileSystemEventHandler):
    def __init__(self, root: Path, on_file: Callable[[str], None], on_tree: Callable[[], None]) -> None:
        self._root = os.fsdecode(root)
        self._on_file = on_file
        self._on_tree = on_tree

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type in _IGNORED:
            return
        if event.is_directory:
            if event.event_type != "modified":
                self._on_tree()
            return
        for raw in (event.src_path, event.dest_path):
            path = os.fsdecode(raw) if raw else ""
            if path.startswith(self._root + os.sep):
                self._on_file(unicodedata.normalize("NFC", path[len(self._root) + 1 :].replace(os.sep, "/")))
