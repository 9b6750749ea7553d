"""A real `chroma run` on a free port of this machine."""

import socket
import subprocess
import sys
from pathlib import Path

import httpx

from tests.effort import LONG


class ChromaProcess:
    """A server with its data in `folder`; it can be ended and started again at the same address."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        command = [str(Path(sys.executable).parent / "chroma"), "run", "--path", str(self._folder)]
        self._process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(self.port)],
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        # The transport waits a little longer before each new try to connect.
        with httpx.Client(transport=httpx.HTTPTransport(retries=8), timeout=LONG) as client:
            client.get(f"{self.url}/api/v2/heartbeat").raise_for_status()

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(LONG)
            self._process = None
