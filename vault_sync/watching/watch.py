"""Hints from the file system: by watchdog's events, or by looking. A hint is never believed: the disk is looked at."""

import errno
import logging
import os
import sys
import threading
import unicodedata
from collections.abc import Callable
from pathlib import Path

from watchdog import events
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from vault_sync.errors import WatchLimitError
from vault_sync.watching.poll import Poller

if sys.platform == "linux":
    from vault_sync.watching import inotify

log = logging.getLogger(__name__)

_HEARD: list[type[events.FileSystemEvent]] = [
    *(events.FileCreatedEvent, events.FileModifiedEvent, events.FileClosedEvent, events.FileAttribEvent),
    *(events.FileDeletedEvent, events.FileMovedEvent, events.DirCreatedEvent, events.DirDeletedEvent),
    *(events.DirMovedEvent, events.DirAttribEvent),
]
"""Not that a file was opened or read: Famulus itself reads all of them, and the system's queue holds 16,384 events."""


class Watcher:
    """Calls `on_file(relative path)` for files and `on_tree()` for folders, from a thread of its own.

    `on_tree` is also called when events were lost, and when from now on some are missed (see `limit`).
    """

    def __init__(
        self, root: Path, on_file: Callable[[str], None], on_tree: Callable[[], None], *, polling: bool = False
    ) -> None:
        self._root = root
        self._on_tree = on_tree
        self._handler = _Hints(root, on_file, on_tree)
        self._observer: BaseObserver | None = None
        self._poller = Poller(root, on_file) if polling else None
        self.limit: WatchLimitError | None = None
        """Set where a folder that came later can not be watched: what happens there is not heard."""

    def start(self) -> None:
        """Begin to watch. Raises WatchLimitError where the system does not allow as many watches, and OSError."""
        if self._poller is not None:
            self._poller.start()
            return
        try:
            self._observer = _observer(self._unwatched, self._lost)
            self._observer.schedule(self._handler, str(self._root), recursive=True, event_filter=_HEARD)
            self._observer.start()
        except OSError as error:
            if not _is_limit(error):
                self.stop()
                raise
            self.limit = _limit(error)
        if self.limit is not None:
            self.stop()
            raise self.limit

    def _lost(self) -> None:
        log.warning("More changed at once than the system can tell: the whole vault is looked at.")
        self._on_tree()

    def _unwatched(self, error: OSError) -> None:
        if _is_limit(error) and self.limit is None:
            self.limit = _limit(error)
            self._on_tree()

    @property
    def every(self) -> float | None:
        """Seconds from one look to the next where it polls."""
        return self._poller.every if self._poller is not None else None

    def alive(self) -> bool:
        """Whether it still runs (it ends when the vault's folder goes away)."""
        if self._poller is not None:
            return self._poller.is_alive()
        return self._observer is not None and all(thread.is_alive() for thread in _threads(self._observer))

    def stop(self) -> None:
        """End the thread."""
        if self._poller is not None:
            self._poller.stop()
        if self._observer is not None:
            self._observer.stop()
            if self._observer.is_alive():
                self._observer.join(timeout=5)
            self._observer = None


class _Hints(events.FileSystemEventHandler):
    def __init__(self, root: Path, on_file: Callable[[str], None], on_tree: Callable[[], None]) -> None:
        self._root = os.fsdecode(root)
        self._on_file = on_file
        self._on_tree = on_tree

    def on_any_event(self, event: events.FileSystemEvent) -> None:
        if event.is_directory:
            self._on_tree()
            return
        for raw in (event.src_path, event.dest_path):
            path = os.fsdecode(raw) if raw else ""
            if path.startswith(self._root + os.sep):
                self._on_file(unicodedata.normalize("NFC", path[len(self._root) + 1 :].replace(os.sep, "/")))


def _is_limit(error: OSError) -> bool:
    return error.errno in (errno.ENOSPC, errno.EMFILE, errno.ENOMEM)


def _limit(error: OSError) -> WatchLimitError:
    setting, enough = ("max_user_instances", 1024) if error.errno == errno.EMFILE else ("max_user_watches", 1_048_576)
    return WatchLimitError(
        "The vault is not watched but looked at every few seconds.",
        f"A limit of the system is reached, fs.inotify.{setting}: {error.strerror}.",
        f"Run `sudo sysctl fs.inotify.{setting}={enough}`, then start Famulus again; "
        "a file in /etc/sysctl.d keeps it for good.",
    )


if sys.platform == "linux":

    def _observer(on_error: Callable[[OSError], None], on_lost: Callable[[], None]) -> BaseObserver:
        return inotify.Observer(on_error, on_lost)

    def _threads(observer: BaseObserver) -> list[threading.Thread]:
        reader = [observer.reader] if isinstance(observer, inotify.Observer) else []
        return [observer, *observer.emitters, *reader]

else:

    def _observer(on_error: Callable[[OSError], None], on_lost: Callable[[], None]) -> BaseObserver:
        """Elsewhere there is no such limit."""
        return Observer()

    def _threads(observer: BaseObserver) -> list[threading.Thread]:
        return [observer, *observer.emitters]
