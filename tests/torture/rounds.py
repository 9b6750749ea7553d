"""Runs the faults, each on a ground of its own that is gone afterwards, some at a time."""

import queue
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import httpx

from tests.process import EndedError
from tests.torture.course import Course, DaemonError, Round
from tests.torture.disk import can_mount, mounted
from tests.torture.fault import Fault
from tests.torture.faults import disks, editing, kills, times
from tests.torture.ground import Ground
from tests.torture.notes import corpus

FAULTS: tuple[Fault, ...] = (*kills.FAULTS, *disks.FAULTS, *editing.FAULTS, *times.FAULTS)
AT_ONCE = 2
_SIZES = {"vault": "4m", "data": "48m"}
_SABOTAGED = 1.0
"""Seconds that a daemon which loses bytes on purpose is given to bring them back."""
_BROKEN = (DaemonError, EndedError, httpx.HTTPError, subprocess.SubprocessError, queue.Empty, OSError)
"""What ends a fault before its last round: the daemon did not start, did not answer, or hung."""

Tell = Callable[[Fault, Round], None]


@dataclass(slots=True)
class Outcome:
    """What came of one fault. `skipped` says why it was not tried, `broken` why its rounds ended early."""

    fault: Fault
    rounds: list[Round] = field(default_factory=list)
    skipped: str = ""
    broken: str = ""
    seconds: float = 0.0

    @property
    def tried(self) -> list[Round]:
        """The rounds, without the look at the end."""
        return [each for each in self.rounds if not each.last]

    @property
    def ok(self) -> bool:
        """Whether no byte was lost and everything agreed, up to the end."""
        return not self.broken and all(each.ok for each in self.rounds)


class Arena:
    """Where faults are tried, one ground each; `stop` ends all of them early."""

    def __init__(self, engines: str, seed: int, *, notes: int = 24, tell: Tell = lambda fault, found: None) -> None:
        """`engines` is the URL of embedder and chat model, `notes` how many notes a vault begins with."""
        self._engines = engines
        self._seed = seed
        self._notes = notes
        self._tell = tell
        self._lock = threading.Lock()
        self._grounds: list[Ground] = []
        self._stopped = False

    def all(self, faults: Sequence[Fault], rounds: int | None = None) -> list[Outcome]:
        """Try each of the faults so many times, or as often as it says itself."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            tries = [pool.submit(self.one, fault, rounds or fault.rounds) for fault in faults]
            try:
                return [each.result() for each in tries]
            except BaseException:
                for each in tries:
                    each.cancel()
                self.stop()
                raise

    def stop(self) -> None:
        """End every daemon; the rounds that are under way break off."""
        with self._lock:
            self._stopped = True
            for ground in self._grounds:
                ground.close()

    def one(self, fault: Fault, rounds: int, sabotage: str = "") -> Outcome:
        """Try one fault; with `sabotage` on a daemon that has a fault of its own."""
        outcome, began = Outcome(fault), time.monotonic()
        with ExitStack() as after:
            home = Path(tempfile.mkdtemp(prefix="famulus-torture-"))
            after.callback(shutil.rmtree, home, ignore_errors=True)
            ground = Ground(home, self._engines, corpus(), Random(f"{self._seed} {fault.name}"), self._notes, sabotage)
            if not self._prepared(ground, fault, after):
                return Outcome(fault, skipped="it needs the right to mount a disk")
            patience = {"patience": _SABOTAGED} if sabotage else {}
            course = Course(ground, lambda found: self._report(outcome, found), copies=fault.copies, **patience)
            try:
                fault.run(course, rounds)
                course.finish()
            except _BROKEN as error:
                outcome.broken = f"{type(error).__name__}: {error}"
        outcome.seconds = time.monotonic() - began
        return outcome

    def _prepared(self, ground: Ground, fault: Fault, after: ExitStack) -> bool:
        root = None
        if fault.mounts:
            if not can_mount(ground.home / "probe"):
                return False
            place = ground.home / ("data" if fault.mounts == "data" else "mount")
            ground.disk = after.enter_context(mounted(place, _SIZES[fault.mounts]))
            root = place / "vault" if fault.mounts == "vault" else None
        with self._lock:
            if self._stopped:
                raise DaemonError("the harness was stopped")
            self._grounds.append(ground)
        after.callback(ground.close)
        ground.open(root, mode=fault.mode, settle=fault.settle)
        return True

    def _report(self, outcome: Outcome, found: Round) -> None:
        outcome.rounds.append(found)
        self._tell(outcome.fault, found)
