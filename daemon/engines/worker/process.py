"""A child process that speaks JSON lines, and its end. Knows nothing of models."""

import asyncio
import json
import logging
import os
import queue
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import IO, Any

from daemon.engines.worker.orphans import OWNER, mark

Event = Mapping[str, Any]
Sink = Callable[[Event], None]
_LAST_LINES = 5
log = logging.getLogger(__name__)


class ChildProcess:
    """One child in a session of its own. Events with an id go to the sink opened for it, others to `sink`.

    `heard_at` is when it last said something, on the clock time.monotonic. Of the events that came in one line, all but
    the last of each id carry `"more": true`.

    The thread that starts the child lives until the child's end, because Linux ties PR_SET_PDEATHSIG to the
    thread. At the end every open sink, and `sink`, gets `{"event": "exit", "cause"}`.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], name: str, sink: Sink) -> None:
        self._command = list(command)
        self._environment = {**environment, OWNER: mark()}
        self._name = name
        self._sink = sink
        self._lock = threading.Lock()
        self._sinks: dict[int, tuple[Sink, asyncio.AbstractEventLoop | None]] = {}
        self._next_id = 0
        self._outgoing: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._stderr: deque[str] = deque(maxlen=_LAST_LINES)
        self._process: subprocess.Popen[str] | None = None
        self._killed_because = ""
        self._gone = False
        self.exited = threading.Event()
        """Set once it has ended and its owner, `sink`, was told."""
        self.heard_at = time.monotonic()

    @property
    def pid(self) -> int:
        """The child's process id, 0 before it is started."""
        return self._process.pid if self._process else 0

    def run(self) -> None:
        """Start the child and deal out what it says, until it ends. Call from a thread of its own."""
        try:
            process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                text=True, encoding="utf-8", errors="replace", bufsize=1, env=self._environment,
                start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            self._finish(f"It can not be started: {error}.")
            return
        self._process = process
        if self._killed_because:
            self._signal(signal.SIGKILL)  # terminate() came before there was anything to end
        assert process.stdin and process.stdout and process.stderr
        helpers = [
            threading.Thread(target=self._write, args=(process.stdin,), daemon=True),
            threading.Thread(target=self._log, args=(process.stderr,), daemon=True),
        ]
        for helper in helpers:
            helper.start()
        with process.stdout:
            for line in process.stdout:
                self._deal(line)
        _leave_nobody(process.pid)
        code = process.wait()
        self._outgoing.put(None)
        for helper in helpers:
            helper.join(1)
        self._finish(self._why(code))

    def open(self, sink: Sink, loop: asyncio.AbstractEventLoop | None = None) -> int:
        """A new id whose events go to `sink`; the sink hears of the exit at once if the child is gone.

        It is called in the thread that listens to the child, or by `loop`, which is woken once for each line.
        """
        with self._lock:
            self._next_id += 1
            request = self._next_id
            gone = self._gone
            if not gone:
                self._sinks[request] = sink, loop
        if gone:
            _deliver([((sink, loop), {"event": "exit", "cause": "It has ended."})])
        return request

    def close(self, request: int) -> None:
        """Deal out nothing more for this id."""
        with self._lock:
            self._sinks.pop(request, None)

    def send(self, message: Mapping[str, object]) -> None:
        """Hand a message to the child without waiting for it."""
        self._outgoing.put(json.dumps(message, ensure_ascii=True) + "\n")

    def terminate(self, because: str, grace: float = 3.0) -> None:
        """End the child: its input first, then TERM, then KILL to its whole session. Returns when the owner knows it."""
        self._killed_because = self._killed_because or because
        self._outgoing.put(None)
        for sign in (signal.SIGTERM, signal.SIGKILL):
            self._signal(sign)
            if self.exited.wait(grace):
                return

    def _signal(self, sign: signal.Signals) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, sign)

    def _deal(self, line: str) -> None:
        try:
            event = json.loads(line)
        except ValueError:
            log.warning("engine %s said what is not JSON: %.200r", self._name, line)
            return
        self.heard_at = time.monotonic()
        with self._lock:
            found = [
                (self._sinks.get(each["id"]) if "id" in each else (self._sink, None), each)
                for each in _marked(event.get("events", [event]))
            ]
        _deliver([(sink, each) for sink, each in found if sink is not None])

    def _write(self, stream: IO[str]) -> None:
        with suppress(BrokenPipeError), stream:
            while (line := self._outgoing.get()) is not None:
                stream.write(line)
                stream.flush()

    def _log(self, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                self._stderr.append(line.strip())
                log.info("engine %s: %s", self._name, line.rstrip())

    def _why(self, code: int) -> str:
        if self._killed_because:
            return self._killed_because
        how = _ended_by(-code) if code < 0 else f"ended with code {code}"
        said = " / ".join(line for line in self._stderr if line)
        return f"Its process {how}" + (f"; its last words: {said[-400:]}." if said else ".")

    def _finish(self, cause: str) -> None:
        with self._lock:
            self._gone = True
            sinks = list(self._sinks.values())
            self._sinks.clear()
        event = {"event": "exit", "cause": cause}
        # the owner first: who hears of the end, or waited for it, and asks again must not meet the dead one
        try:
            self._sink(event)
        finally:
            self.exited.set()
        _deliver([(sink, event) for sink in sinks])


def _marked(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The events, each marked that is not the last of its id."""
    seen: set[int] = set()
    for event in reversed(events):
        if "id" in event:
            if event["id"] in seen:
                event["more"] = True
            seen.add(event["id"])
    return events


def _deliver(found: Sequence[tuple[tuple[Sink, asyncio.AbstractEventLoop | None], Event]]) -> None:
    """Call the sinks: a loop once for all of its own, for each call wakes a thread that wants what this one holds."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Sink, Event]]] = {}
    for (sink, loop), event in found:
        if loop is None:
            sink(event)
        else:
            by_loop.setdefault(loop, []).append((sink, event))
    for loop, calls in by_loop.items():
        with suppress(RuntimeError):  # it is closed: nobody waits there any more
            loop.call_soon_threadsafe(_call, calls)


def _call(calls: Sequence[tuple[Sink, Event]]) -> None:
    for sink, event in calls:
        sink(event)


def _leave_nobody(pid: int) -> None:
    """Wait for the end of a child, and end whoever is left in its session; its pid is not free before it is reaped."""
    with suppress(ChildProcessError):
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _ended_by(number: int) -> str:
    if number == signal.SIGILL:
        return "met an instruction that this processor does not carry out: build llama.cpp anew (see troubleshooting)"
    if number == signal.SIGKILL:
        return "was ended by signal 9, by somebody or by the system when memory ran out (`dmesg` tells)"
    return f"was ended by signal {number}"
