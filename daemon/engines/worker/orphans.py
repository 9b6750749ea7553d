"""Processes of engines whose daemon is gone: each carries the mark of the daemon that started it.

A worker ends with its daemon by several ways (its input closes, the kernel signals the parent's death). This is for the
case that all of them failed: before it starts an engine, a daemon ends what carries the mark of a daemon that is dead.
"""

import logging
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

OWNER = "FAMULUS_ENGINE_OF"
_PROC = Path("/proc")
_START_TIME = 19
"""The place of the start time behind the name in /proc/PID/stat."""
log = logging.getLogger(__name__)


def mark() -> str:
    """Pid and start time of this process, and where the pid counts: one that was given again is told apart."""
    return f"{os.getpid()}:{_started(os.getpid())}:{_namespace()}"


def orphans(marks: Mapping[int, str], running: Mapping[int, str], namespace: str) -> list[int]:
    """The pids whose mark names a process that does not run, given the start times of those that do. Pure.

    A mark of another namespace (a container's) says nothing here.
    """
    found = []
    for pid, owner in marks.items():
        number, started, place = owner.split(":", 2)
        if place == namespace and running.get(int(number)) != started:
            found.append(pid)
    return found


def sweep() -> list[int]:
    """End what dead daemons left behind; the pids that were ended. Does nothing where there is no /proc."""
    marks = {pid: owner for pid in _pids() if (owner := _mark_of(pid))}
    owners = {int(owner.split(":")[0]) for owner in marks.values()}
    left = orphans(marks, {pid: _started(pid) for pid in owners}, _namespace())
    for pid in left:
        log.warning("process %d of an engine outlived its daemon and is ended", pid)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return left


def _pids() -> list[int]:
    return [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()] if _PROC.is_dir() else []


def _mark_of(pid: int) -> str:
    """The mark in a process's environment; empty where there is none that can be read."""
    try:
        variables = (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return ""
    found = next((each for each in variables if each.startswith(OWNER.encode() + b"=")), b"")
    owner = found.partition(b"=")[2].decode("ascii", "replace")
    return owner if owner.count(":") >= 2 and owner.split(":")[0].isdigit() else ""


def _namespace() -> str:
    try:
        return str((_PROC / "self" / "ns" / "pid").readlink())
    except OSError:
        return ""


def _started(pid: int) -> str:
    """When a process started, in ticks since the system did; empty where it does not run."""
    try:
        told = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = told.rpartition(")")[2].split()
    return "" if fields[0] in ("Z", "X") else fields[_START_TIME]
