"""Keeps one `vllm serve`, as a process of its own: starts it, says when it is up or why not, and ends all of it.

vLLM's engine process can outlive its server, and a server can outlive its daemon. This process stands between: whatever
ends it, or its parent, ends the server and all that came of it. It speaks the JSON lines of daemon/engines/worker/process.py.
The standard library alone: it must be small, and start at once.
"""

import ctypes
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from daemon.engines.vllm.trouble import trouble

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_KEPT_LINES = 400
_POLL_SECONDS = 0.2
_GRACE_SECONDS = 8.0
_HELD = re.compile(r"(?:Model loading took|Available KV cache memory:|reserved) ([\d.]+) GiB")


def say(**event: object) -> None:
    """Tell the daemon."""
    with suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(event) + "\n")
        sys.stdout.flush()


def prctl(option: int, value: int) -> None:
    """Ask the kernel, where it is Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value)


class Keeper:
    """One life of a server."""

    def __init__(self, load: dict[str, Any]) -> None:
        self._url = urlsplit(load["url"])
        self._headers = {"Authorization": f"Bearer {load['key']}"}
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._held: dict[str, float] = {}
        self._asked = threading.Event()
        self._over = threading.Event()
        self._server = subprocess.Popen(
            load["command"], env=load["environment"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace",
            preexec_fn=lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGKILL),
        )  # fmt: skip

    def run(self) -> int:
        """Until the server has ended; the exit code."""
        reader = threading.Thread(target=self._read, daemon=True)
        for thread in (
            reader,
            threading.Thread(target=self._await_up, daemon=True),
            threading.Thread(target=self._listen, daemon=True),
        ):
            thread.start()
        code = self._server.wait()
        self._over.set()
        end_descendants()
        reader.join(1)
        if not self._asked.is_set():
            self._tell_end(code)
        return 0

    def end(self) -> None:
        """TERM, and KILL to all after some seconds."""
        if self._asked.is_set():
            return
        self._asked.set()
        with suppress(ProcessLookupError):
            self._server.send_signal(signal.SIGTERM)
        threading.Thread(target=self._force, daemon=True).start()

    def _force(self) -> None:
        if not self._over.wait(_GRACE_SECONDS):
            self._server.kill()

    def _listen(self) -> None:
        """The daemon says nothing more; when its end of the pipe closes, it is gone or wants the end."""
        sys.stdin.read()
        self.end()

    def _read(self) -> None:
        assert self._server.stdout is not None
        for line in self._server.stdout:
            self._lines.append(line.rstrip())
            if found := _HELD.search(line):
                self._held[line[found.start() : found.start() + 9]] = float(found.group(1))
            with suppress(BrokenPipeError):
                sys.stderr.write(line)
                sys.stderr.flush()

    def _await_up(self) -> None:
        while not self._over.is_set():
            if self._answers():
                say(event="loaded", memory_mib=round(sum(self._held.values()) * 1024))
                return
            self._over.wait(_POLL_SECONDS)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(self._url.hostname or "", self._url.port, timeout=5)
        try:
            connection.request("GET", f"{self._url.path}/models", headers=self._headers)
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _tell_end(self, code: int) -> None:
        found = trouble(self._lines)
        how = f"vLLM was ended by signal {-code}." if code < 0 else f"vLLM ended with code {code}."
        say(
            event="error",
            code="engine_failed",
            effect="vLLM does not run.",
            cause=f"{how} {found.cause}",
            fix=found.fix,
        )


def end_descendants() -> None:
    """End all that came of the server, wherever its session is, and wait for it."""
    while left := list(_children(os.getpid())):
        for pid in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)  # then its own children are ours


def _children(parent: int) -> Iterator[int]:
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            yield int(entry.parent.name)


def main() -> int:
    """Keep what the first line on the input describes."""
    load = json.loads(sys.stdin.readline())
    prctl(_PR_SET_CHILD_SUBREAPER, 1)
    try:
        keeper = Keeper(load)
    except OSError as error:
        say(event="error", code="engine_failed", effect="vLLM does not run.", cause=f"It can not be started: {error}.",
            fix="Check `executable` in famulus.toml.")  # fmt: skip
        return 1
    signal.signal(signal.SIGTERM, lambda number, frame: keeper.end())
    prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    return keeper.run()


if __name__ == "__main__":
    raise SystemExit(main())
