"""The thread that keeps the index in step with the vault: a scan at start, then hints, and a scan now and then."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from typing import TypeVar

from daemon.bus import Bus
from daemon.errands import Errands
from daemon.indexing import trouble
from daemon.indexing.lookout import Lookout
from daemon.indexing.standing import Course, UpkeepStatus
from vault_sync.databases.soundness import is_damage
from vault_sync.errors import VaultError, VaultUnavailableError
from vault_sync.index.progress import Progress
from vault_sync.index.sync import Indexer, Stopped
from vault_sync.paths import VaultPath, is_text
from vault_sync.policy import obsidian
from vault_sync.watching.change import Coalescer

log = logging.getLogger(__name__)

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds that a job waits for its turn."""
HEARTBEAT = 2.0
"""Seconds between looks at whether the vault is still the same folder: an unmount sends no event."""
LULL = 0.5
"""Seconds without notes after which the store catches up with what was indexed."""
FLOOD = 2000
"""More hints than this at once are answered by looking at the whole vault: it costs no more than path by path (see
tests/bench/bulk.py), and finds what no hint told of."""
LEAST_SCAN = 5.0
"""Seconds that a scan gets before it is left for notes that were saved meanwhile, so that it gets somewhere."""
_EVERYTHING = ""
"""The path of the hint that says that a folder changed: it is due like any other, so that many are answered once."""


class Upkeep:
    """Owns the Indexer: nobody else calls it while the thread runs."""

    def __init__(
        self, indexer: Indexer, bus: Bus, coalescer: Coalescer, rescan_seconds: float, *, polling: bool
    ) -> None:
        self._indexer = indexer
        self._bus = bus
        self._coalescer = coalescer
        self._settings = Coalescer(coalescer.quiet, coalescer.longest)
        self._rescan_seconds = rescan_seconds
        self._lookout = Lookout(indexer.vault, bus, self._hint, self._tree_hint, polling=polling)
        self._wake = threading.Condition()
        self._stop = False
        self._tree_changed = True
        self._next_scan = 0.0
        self._scan_began: float | None = None
        self._rests_until = 0.0
        self._scanned = threading.Event()
        self._working = 0
        self._course = Course()
        self._problem = ""
        self._prepared = False
        self._more = False
        """Whether something waits for a quiet moment, as this one."""
        self._suspected = False
        self._errands = Errands()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)
        self.on_saved: Callable[[VaultPath], None] = lambda path: None
        self.on_hint: Callable[[str], None] = lambda path: None
        self.on_uncovered: Callable[[VaultPath], None] = lambda path: None
        self.reload: Callable[[], None] = lambda: None
        """Reads the policy again; what it takes away is erased by the scan that follows."""
        indexer.should_stop = lambda: self._stop or self._settings_due()
        indexer.should_yield = self._urgent
        indexer.on_indexed = self._indexed
        indexer.on_uncovered = self._uncovered
        indexer.on_progress = self._progress

    def start(self) -> None:
        """Begin with the scan at start."""
        self._thread.start()

    def stop(self) -> None:
        """End within one batch of the embedder; what is not done is found at the next start."""
        with self._wake:
            self._stop = True
            self._wake.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def rescan(self) -> None:
        """Compare disk and ledger soon."""
        with self._wake:
            self._tree_changed = True
            self._wake.notify_all()

    def call(self, job: Callable[[], T], patience: float = PATIENCE) -> T:
        """The result of a job that needs the Indexer: it runs between two turns, or here where the thread does not run.

        Raises what the job raises, and IndexBusyError where it is not begun within `patience` seconds.
        """
        if not self._thread.is_alive():
            return job()
        with self._wake:
            answer = self._errands.ask(job)
            self._wake.notify_all()
        try:
            return answer.result(patience)
        except TimeoutError as error:
            if not answer.cancel():
                return answer.result()
            raise trouble.busy(f"{self.status().pending} notes wait to be read.") from error
        except (CancelledError, Stopped) as error:
            raise trouble.busy("Famulus is ending.") from error

    def suspect(self) -> None:
        """Somebody who read the index was told that it is damaged: look at it soon."""
        with self._wake:
            self._suspected = True
            self._wake.notify_all()

    def catch_up(self) -> None:
        """Bring the index up to date once, in the caller's thread and without watching. Raises VaultError."""
        try:
            self._indexer.prepare()
            self._indexer.scan()
        except (OSError, sqlite3.Error) as error:
            if not is_damage(error):
                raise trouble.unforeseen(error) from error
            self._indexer.recover(error)
            self._indexer.prepare()
            self._indexer.scan()
        self._prepared, self._tree_changed = True, False
        self._idle()
        self._scanned.set()

    def finish(self) -> None:
        """Do all that waits for a quiet moment, after `catch_up` and in the caller's thread. Raises VaultError."""
        while not self._stop and self._indexer.tend():
            pass

    @property
    def scanned(self) -> bool:
        """Whether the whole vault was compared with the index once, and can be read now."""
        return self._scanned.is_set() and not self._problem

    def status(self) -> UpkeepStatus:
        """How far the index is."""
        pending = self._working + len(self._coalescer)
        waits = self._tree_changed or len(self._settings) > 0
        ready = self._scanned.is_set() and not pending and not self._problem and not waits
        return UpkeepStatus(ready, pending, self._problem, self._lookout.watching(), self._course.underway())

    def _run(self) -> None:
        try:
            while not self._stop:
                self._turn()
                if not self._suspected:  # no errand is done on an index that is about to be looked at
                    self._errands.do_all()
        except Stopped:
            log.info("Indexing was stopped; it goes on at the next start.")
        finally:
            self._lookout.end()
            self._errands.refuse_all()

    def _turn(self) -> None:
        try:
            self._prepare()
            if self._lookout.keep():
                self._tree_changed = True
            self._take_settings()
            self._look(self._due())
            if self._tree_changed or time.monotonic() >= self._next_scan:
                self._scan()
            self._look(self._wait())
            self._problem = ""
            self._more = self._indexer.tend()
        except Stopped:
            if self._stop:
                raise
            # The policy changed, and the scan begins anew without what that takes away; or a note was saved that
            # must not wait for the rest of a long scan.
            self._tree_changed = True
        except VaultUnavailableError as error:
            self._trouble(error)
            self._lookout.end()
            with self._wake:
                self._tree_changed = True
                self._rest()
        except Exception as raised:  # noqa: BLE001 — it is told, and nobody else would keep the index
            self._idle()
            if isinstance(raised, sqlite3.Error) and is_damage(raised):
                self._recover(raised)
                return
            self._trouble(raised if isinstance(raised, VaultError) else trouble.unforeseen(raised), raised)
            self._next_scan = time.monotonic() + HEARTBEAT
            with self._wake:
                self._rest()

    def _rest(self) -> None:
        if not self._stop and not self._errands:
            self._wake.wait(HEARTBEAT)

    def _prepare(self) -> None:
        if self._suspected:
            self._suspected = False
            self._indexer.check()
        if not self._prepared:
            self._indexer.prepare()
            self._prepared = True

    def _recover(self, error: Exception) -> None:
        """The index is damaged: begin it anew. What is then read again was not saved just now, so nothing is linked."""
        self._trouble(trouble.damaged(error))
        try:
            self._indexer.recover(error)
        except (OSError, sqlite3.Error) as deeper:
            self._trouble(trouble.unforeseen(deeper))
            with self._wake:
                self._rest()
        self.renew()

    def renew(self) -> None:
        """The ledger is another one than before: fit the store to it and read the whole vault. In this thread only."""
        self._prepared = False
        self._scanned.clear()
        self._tree_changed = True

    def _trouble(self, error: VaultError, raised: Exception | None = None) -> None:
        before, self._problem = self._problem, str(error)  # whoever hears of it and asks is told the same
        if self._problem != before:
            log.error("%s", error, exc_info=None if isinstance(raised, VaultError) else raised)
            self._bus.publish("vault.problem", message=error.effect, cause=error.cause, fix=error.fix)

    def _scan(self) -> None:
        with self._wake:
            self._tree_changed = False
            if len(self._coalescer) > FLOOD:
                self._coalescer.clear()  # the scan looks at all of them
            self._working = max(self._working, 1)
            self._scan_began = time.monotonic()
        self._course.look()
        self.reload()
        try:
            self._indexer.scan()
        except (VaultError, Stopped):
            self._tree_changed = True
            raise
        finally:
            self._scan_began = None
        self._next_scan = time.monotonic() + self._rescan_seconds
        self._idle()
        self._problem = ""
        if not self._scanned.is_set():
            self._scanned.set()
            self._bus.publish("index.ready")

    def _urgent(self) -> bool:
        """Whether notes were saved or deleted that must not wait until the scan under way has read the whole vault."""
        began = self._scan_began
        if began is None or time.monotonic() - began < LEAST_SCAN:
            return False
        with self._wake:
            due = self._coalescer.next_due()
            return due is not None and due <= time.monotonic()

    def _due(self) -> list[str]:
        with self._wake:
            return self._coalescer.take(time.monotonic())

    def _wait(self) -> list[str]:
        longest = LULL if self._indexer.follower.waits else HEARTBEAT
        with self._wake:
            now = time.monotonic()
            due = [at for at in (self._coalescer.next_due(), self._settings.next_due()) if at is not None]
            self._rests_until = min([now + longest, *due])
            hurries = self._stop or self._tree_changed or self._suspected or self._errands or self._more
            if self._rests_until > now and not hurries:
                self._wake.wait(self._rests_until - now)
            taken = self._coalescer.take(time.monotonic())
            self._working = len(taken)
            return taken

    def _look(self, paths: list[str]) -> None:
        if _EVERYTHING in paths or len(paths) > FLOOD:
            self._scan()
        elif paths:
            try:
                self._indexer.look(paths)
            except VaultError:
                self._tree_changed = True
                raise
        self._idle()

    def _idle(self) -> None:
        self._working = 0
        self._course.rest()

    def _hint(self, path: str) -> None:
        self.on_hint(path)
        settings = path in obsidian.FILES
        if not settings and not (is_text(path) and self._indexer.policy.current.readable(path)):
            return
        self._gather(self._settings if settings else self._coalescer, path)

    def _tree_hint(self) -> None:
        self._gather(self._coalescer, _EVERYTHING)

    def _gather(self, coalescer: Coalescer, path: str) -> None:
        with self._wake:
            coalescer.hint(path, time.monotonic())
            # Each hint of a flood would wake the thread; most are due later than what it waits for.
            due = coalescer.due_at(path)
            if coalescer is self._settings or due < self._rests_until:
                self._rests_until = min(due, self._rests_until)
                self._wake.notify_all()

    def _settings_due(self) -> bool:
        with self._wake:
            due = self._settings.next_due()
            return due is not None and due <= time.monotonic()

    def _take_settings(self) -> None:
        with self._wake:
            if self._settings.take(time.monotonic()):
                self._tree_changed = True

    def _indexed(self, path: VaultPath) -> None:
        self._bus.publish("note.indexed", path=path)
        if self._scanned.is_set():
            self.on_saved(path)

    def _uncovered(self, path: VaultPath) -> None:
        """Indexed because of policy; nobody saved it."""
        self._bus.publish("note.indexed", path=path)
        if self._scanned.is_set():
            self.on_uncovered(path)

    def _progress(self, progress: Progress) -> None:
        self._working = max(0, progress.total - progress.done)
        self._course.read(progress)
        if (underway := self._course.underway()) is not None:
            self._bus.publish("index.progress", **underway.json())
