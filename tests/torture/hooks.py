"""Puts gates around the steps of the daemon's work, so that a plan can end it, fail it or hold it inside any of them.

Only the child of the harness loads this. The production code has no part in it: its names are replaced from outside.
"""

import ctypes
import os
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from tests.torture.plan import ARMED, DID, GO, Act, Plan, When
from vault_sync.index import outbox, record
from vault_sync.stores.chroma import ChromaStore
from vault_sync.writing import files, swap
from vault_sync.writing.journal import Journal

INDEX_STEPS = ("put_vectors", "put_note", "delete_note", "move_note", "touch")
STORE_STEPS = ("add", "delete")
_HELD = 30.0
"""Seconds after which a step that is held goes on by itself."""


class Gate:
    """Counts the steps that are reached, and does what the plan says at the right ones."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._signs = Path(plan.signs)
        self._counts: Counter[str] = Counter()
        self._done = 0
        self._armed = False
        self._lock = threading.Lock()

    def armed(self) -> bool:
        """Whether the harness has told the child to begin."""
        self._armed = self._armed or (self._signs / ARMED).exists()
        return self._armed

    def reach(self, step: str, when: When) -> None:
        """A step is reached. Raises what the plan says, or never returns."""
        if not self.armed():
            return
        if when == "before":
            with self._lock:
                self._counts[step] += 1
            time.sleep(self._plan.slow)
        act = self._next()
        if act is not None and (act.step, act.when, act.nth) == (step, when, self._counts[step]):
            self._done += 1
            self._do(act)

    def _next(self) -> Act | None:
        """Acts come in their order."""
        return self._plan.acts[self._done] if self._done < len(self._plan.acts) else None

    def _do(self, act: Act) -> None:
        (self._signs / f"{DID}{self._done - 1}").touch()
        if act.action == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if act.action == "fail":
            raise _error(act.step, act.errno)
        go, until = self._signs / f"{GO}{self._done - 1}", time.monotonic() + _HELD
        while not go.exists() and time.monotonic() < until:
            time.sleep(0.002)

    def around(self, step: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function with a gate before it and one behind it."""

        def gated(*arguments: Any, **named: Any) -> Any:
            self.reach(step, "before")
            result = function(*arguments, **named)
            self.reach(step, "after")
            return result

        return gated


def _error(step: str, number: int) -> Exception:
    if step in ("intend", "mark", "settle", *INDEX_STEPS):
        return sqlite3.OperationalError(os.strerror(number))
    return OSError(number, os.strerror(number))


class _HalfWritten:
    """A file whose write passes a gate when half of it is on the disk."""

    def __init__(self, file: IO[bytes], gate: Gate) -> None:
        self._file = file
        self._gate = gate

    def __enter__(self) -> "_HalfWritten":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def write(self, data: bytes) -> int:
        self._gate.reach("write", "before")
        half = len(data) // 2
        written = self._file.write(data[:half])
        self._file.flush()
        self._gate.reach("write", "half")
        written += self._file.write(data[half:])
        self._gate.reach("write", "after")
        return written

    def flush(self) -> None:
        self._file.flush()

    def fileno(self) -> int:
        return self._file.fileno()


class _GatedOs:
    """The module `os` as `vault_sync.writing.files` sees it."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self.fsync = gate.around("fsync", os.fsync)
        self.link = gate.around("link", os.link)

    def open(self, path: Any, flags: int, mode: int = 0o777) -> int:
        if not flags & os.O_EXCL:
            return os.open(path, flags, mode)
        self._gate.reach("open", "before")
        handle = os.open(path, flags, mode)
        self._gate.reach("open", "after")
        return handle

    def fdopen(self, handle: int, mode: str) -> _HalfWritten:
        return _HalfWritten(os.fdopen(handle, mode), self._gate)

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)


def install(plan: Plan) -> None:
    """Put the gates in place, and set the clock back where the plan says so."""
    gate = Gate(plan)
    _gate_writing(gate)
    _gate_paths(gate)
    for name in INDEX_STEPS:
        setattr(record, name, gate.around(name, getattr(record, name)))
    outbox.settle = gate.around("settle", outbox.settle)
    for name in STORE_STEPS:
        setattr(ChromaStore, name, gate.around(f"store_{name}", getattr(ChromaStore, name)))
    if plan.back:
        now = time.time
        time.time = lambda: now() - (plan.back if gate.armed() else 0.0)


def _gate_writing(gate: Gate) -> None:
    module: Any = files
    module.os = _GatedOs(gate)
    module.swap = gate.around("swap", swap.swap)
    module.has_writer = gate.around("writer", swap.has_writer)
    module.flush_folder = gate.around("flush", files.flush_folder)
    for name in ("intend", "mark"):
        setattr(Journal, name, gate.around(name, getattr(Journal, name)))


def _gate_paths(gate: Gate) -> None:
    """Gates around the methods of paths, for temporary files only."""
    for name in ("unlink", "rename", "replace"):
        setattr(Path, name, _for_temporaries(gate, name, getattr(Path, name)))


def _for_temporaries(gate: Gate, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    gated = gate.around(name, method)

    def chosen(path: Path, *arguments: Any, **named: Any) -> Any:
        ours = any(Path(each).name.startswith(files.TEMPORARY) for each in (path, *arguments))
        return (gated if ours else method)(path, *arguments, **named)

    return chosen


def die_with_parent() -> None:
    """Have the system end this process when the harness ends, however it ends."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
