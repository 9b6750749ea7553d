"""The daemon as a child process on a real folder, for tests that run the whole program."""

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from daemon.engines.files.registry import resolve_model
from daemon.engines.spec import EngineSpec
from tests.effort import LONG

ROOT = Path(__file__).resolve().parents[1]

ENDLESS = "root ::= [a-z] root"
"""A grammar in which no answer comes to an end by itself: how long a story is depends on the processor's roundings."""


class EndedError(AssertionError):
    """The daemon ended while something was expected of it."""


class Daemon:
    """`famulus serve` as a child process, or what `module` makes of it."""

    def __init__(
        self,
        vault: Path,
        home: Path,
        *flags: str,
        module: str = "daemon",
        extra: Mapping[str, str] | None = None,
        before: Sequence[str] = (),
    ) -> None:
        """The data folder lies in `home`; `extra` is put into the environment, `before` is a command that runs it."""
        self.vault = vault
        self.data_dir = home / "data"
        self.environment = {**environment(home), **(extra or {})}
        self.process = subprocess.Popen(
            [*before, sys.executable, "-m", module, "serve", "--port", "0", *self.where, *flags],
            cwd=ROOT,
            env=self.environment,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self._told: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.url = ""

    @property
    def where(self) -> list[str]:
        return ["--vault", str(self.vault), "--data-dir", str(self.data_dir)]

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as stderr:
            for line in stderr:
                self.lines.append(line)
                self._told.put(line)
        self._told.put("")

    def wait_for(self, pattern: str) -> re.Match[str]:
        """The first line on stderr that fits. Raises EndedError where it ends without one."""
        while True:
            line = self._told.get(timeout=LONG)
            if found := re.search(pattern, line):
                return found
            if not line:
                raise EndedError(f"it ended without saying {pattern!r}: {''.join(self.lines)}")

    def ready(self) -> "Daemon":
        """Wait until it greets; then `client` works."""
        self.url = self.wait_for(r"Address +(http://\S+)").group(1)
        return self

    def client(self, token: str | None = None) -> httpx.Client:
        token = token or (self.data_dir / "token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=LONG)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another command on the same vault."""
        return run_famulus(*arguments, *self.where, environment=self.environment)

    def events(self) -> "Events":
        return Events(self)

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(LONG)
        self._reader.join(LONG)
        return code


class Events:
    """The event stream, read by a thread, so that a test can wait for what happens."""

    def __init__(self, daemon: Daemon) -> None:
        self._client = daemon.client()
        self._queue: queue.Queue[tuple[str, dict[str, Any]]] = queue.Queue()
        self._open = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()
        assert self._open.wait(LONG)

    def _read(self) -> None:
        name = ""
        with (
            suppress(httpx.HTTPError),
            self._client,
            self._client.stream("GET", "/api/events", timeout=None) as response,
        ):
            for line in response.iter_lines():
                self._open.set()
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    self._queue.put((name, json.loads(line.removeprefix("data: "))))
        self._queue.put(("closed", {}))

    def heard(self) -> list[tuple[str, dict[str, Any]]]:
        """What has come and was not waited for."""
        found = []
        with suppress(queue.Empty):
            while True:
                found.append(self._queue.get_nowait())
        return found

    def wait(self, name: str, fits: Callable[[dict[str, Any]], bool] = lambda data: True) -> dict[str, Any]:
        until = time.monotonic() + LONG
        while True:
            told, data = self._queue.get(timeout=max(0.0, until - time.monotonic()))
            if told == name and fits(data):
                return data


def environment(home: Path) -> dict[str, str]:
    """An environment whose user has nothing but the models."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("FAMULUS_", "XDG_"))}
    if "FAMULUS_MODELS" in os.environ:
        kept["FAMULUS_MODELS"] = os.environ["FAMULUS_MODELS"]
    else:
        kept["FAMULUS_MODELS"] = str(
            resolve_model(EngineSpec("s", "llama_cpp", "starter:smollm2"), must_exist=False).parent
        )
    folders = {key: str(home / key) for key in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME")}
    return {**kept, **folders, "PYTHONPATH": str(ROOT), "COLUMNS": "200", "TZ": "UTC"}


def run_famulus(*arguments: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself."""
    return subprocess.run(
        [sys.executable, "-m", "daemon", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LONG,
        check=False,
    )
