"""watchdog's inotify, with what it only logs told, and with its account of folders put right. Linux only."""

import os
from collections.abc import Callable

from watchdog.observers.api import BaseObserver
from watchdog.observers.inotify import InotifyEmitter, InotifyWatchGroup
from watchdog.observers.inotify_c import CallbackId, InotifyEvent, InotifyFD, Mask, WatchCallback, WatchDescriptor


class Reader(InotifyFD):
    """Reads what the system tells; says when a folder can not be watched, and when events were lost."""

    def __init__(self, on_error: Callable[[OSError], None], on_lost: Callable[[], None]) -> None:
        """Raises OSError."""
        super().__init__()
        self._on_error = on_error
        self._on_lost = on_lost

    def add_callback(self, path: bytes, mask: Mask, callback: WatchCallback, id_: CallbackId) -> WatchDescriptor:
        """As watchdog's."""
        try:
            return super().add_callback(path, mask, callback, id_)
        except OSError as error:
            self._on_error(error)
            raise

    def _add_callback(self, path: bytes, mask: Mask, callback: WatchCallback, id_: CallbackId) -> WatchDescriptor:
        # A folder is found twice, in its parent and by its own event, where both are made at once. Watchdog
        # warns of that on the terminal, and with warnings as errors its thread ends.
        watch = self._get_or_create_watch(path, mask)
        watch.callbacks[id_] = callback
        return watch.wd

    def handle_event(self, event: InotifyEvent) -> None:
        """As watchdog's."""
        super().handle_event(event)
        if event.is_queue_overflow:
            self._on_lost()


class _Folders(InotifyWatchGroup):
    """Which folder has which watch.

    A path has one watch at most, the one that was asked for last, and a watch that a path has knows that path. Two
    watches can name the same path: a folder that left the vault keeps its watch, and another may come in its place.
    Watchdog's own account takes each for the only one, and its threads end with a KeyError.
    """

    def _add_callback(self, path: bytes) -> None:
        try:
            watch = self._inotify_fd.add_callback(path, self.event_mask, self, self._id)
        except OSError:
            if path == self.path:
                raise
            return
        before = self._active_callbacks_by_watch.get(watch)
        if before is not None:
            self._forget(before, watch)
        self._active_callbacks_by_path[path] = watch
        self._active_callbacks_by_watch[watch] = path

    def _move_watches(self, move_src_path: bytes, move_dst_path: bytes) -> bool:
        watched = super()._move_watches(move_src_path, move_dst_path)
        if watched:
            # What had the old name in the account may have come there after the move that is told of now.
            self._add_all_callbacks(move_dst_path)
        return watched

    def _remove_watch_internally(self, wd: WatchDescriptor) -> None:
        path = self._active_callbacks_by_watch.pop(wd, None)
        if path is not None:
            self._forget(path, wd)

    def _forget(self, path: bytes, watch: WatchDescriptor) -> None:
        if self._active_callbacks_by_path.get(path) == watch:
            del self._active_callbacks_by_path[path]


class _Emitter(InotifyEmitter):
    def on_thread_start(self) -> None:
        self._inotify = _Folders(
            self._inotify_fd,
            os.fsencode(self.watch.path),
            is_recursive=self.watch.is_recursive,
            event_mask=self.get_event_mask_from_filter(),
            follow_symlink=self.watch.follow_symlink,
        )


class Observer(BaseObserver):
    """Watches folders through a Reader of its own."""

    def __init__(self, on_error: Callable[[OSError], None], on_lost: Callable[[], None]) -> None:
        """`on_error` is told why a folder can not be watched, `on_lost` that events were lost. Raises OSError."""
        self.reader = Reader(on_error, on_lost)
        super().__init__(_Emitter, inotify_fd=self.reader)
        self.reader.start()

    def on_thread_stop(self) -> None:
        """End the reader, too."""
        super().on_thread_stop()
        self.reader.stop()
        self.reader.join()
