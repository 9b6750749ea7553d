"""A real daemon with a real model: clients that leave, workers that stand still, and kills that leave nobody behind."""

import json
import os
import signal
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from daemon.engines.worker.orphans import OWNER
from tests.effort import LONG, eventually
from tests.process import ENDLESS, Daemon

pytestmark = pytest.mark.slow
Start = Callable[..., Daemon]
ASK = "/v1/chat/completions"
SETTINGS = """
[linking]
mode = "off"
[roles]
planner = "small"
[engines.small]
kind = "llama_cpp"
model = "starter:smollm2"
context = 2048
threads = 1
"""


def asking(text: str, **more: object) -> dict[str, Any]:
    return {"model": "small", "messages": [{"role": "user", "content": text}], **more}


ENDLESSLY = asking("Hi", stream=True, max_tokens=900, grammar=ENDLESS)


@pytest.fixture
def begin(start: Start, tmp_path: Path, starter_model: Path) -> Callable[[], Daemon]:
    (tmp_path / "famulus.toml").write_text(SETTINGS)
    return lambda: start("--config", str(tmp_path / "famulus.toml")).ready()


def workers(owner: int) -> dict[int, str]:
    """The processes that carry the mark of this daemon, with their commands."""
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and f"{OWNER}={owner}:".encode() in (entry / "environ").read_bytes():
                found[int(entry.name)] = (entry / "cmdline").read_bytes().decode()
        except OSError:
            continue
    return found


def worker_of(owner: int) -> int:
    """The one worker with a model; a worker has a child of its own, in which grammars are tried."""
    found = [pid for pid, command in workers(owner).items() if "native.worker" in command]
    (worker,) = [
        pid for pid in found if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1] == str(owner)
    ]
    return worker


def load_of(daemon: Daemon) -> Any:
    with daemon.client() as client:
        engines = client.get("/api/health").json()["engines"]
    return next(engine["load"] for engine in engines if engine["name"] == "small")


def leave_while_it_is_read(daemon: Daemon, worker: int) -> None:
    """Hang up on a prompt that is not read yet: the worker goes on when the client is gone."""
    token = (daemon.data_dir / "token").read_text().strip()
    body = json.dumps(asking("fox " * 1500, stream=True)).encode()
    address = urlsplit(daemon.url)
    os.kill(worker, signal.SIGSTOP)
    connection = HTTPConnection(str(address.hostname), address.port, timeout=LONG)
    connection.request("POST", ASK, body, {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    eventually(lambda: sum(load_of(daemon)["waiting"].values()) == 1, lambda: load_of(daemon))
    connection.close()
    eventually(lambda: load_of(daemon)["requests"]["gone"] == 1, lambda: load_of(daemon))
    os.kill(worker, signal.SIGCONT)


def test_who_leaves_while_his_prompt_is_read_or_his_answer_written_stops_the_model(begin: Callable[[], Daemon]) -> None:
    daemon = begin()
    with daemon.client() as client:
        assert client.post(ASK, json=asking("Hi", max_tokens=1)).status_code == 200
        worker = worker_of(daemon.process.pid)
        leave_while_it_is_read(daemon, worker)
        with client.stream("POST", ASK, json=ENDLESSLY) as answer:
            assert any("content" in line for line in answer.iter_lines())
        eventually(lambda: load_of(daemon)["requests"]["gone"] == 2, lambda: load_of(daemon))
        told = load_of(daemon)
        assert (told["running"], sum(told["waiting"].values())) == (0, 0)
        assert client.post(ASK, json=asking("Hi", max_tokens=2)).status_code == 200
        assert worker in workers(daemon.process.pid), "it was stopped, not ended"
    pid = daemon.process.pid
    assert daemon.end() == 0
    assert workers(pid) == {}


def test_nobody_outlives_a_killed_daemon_though_he_writes_or_stands_still(begin: Callable[[], Daemon]) -> None:
    daemon = begin()
    pid = daemon.process.pid
    with daemon.client() as client, client.stream("POST", ASK, json=ENDLESSLY) as answer:
        assert any("content" in line for line in answer.iter_lines())
        worker = worker_of(pid)
        os.kill(worker, signal.SIGSTOP)
        daemon.end(signal.SIGKILL)
    eventually(lambda: not workers(pid), lambda: workers(pid))
    again = begin()
    with again.client() as client:
        assert client.post(ASK, json=asking("Hi", max_tokens=2)).status_code == 200
