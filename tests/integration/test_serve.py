"""The daemon as a process: what it survives, and what it tells."""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.effort import LONG
from tests.process import ENDLESS, Daemon, environment, run_famulus
from vault_sync.errors import VaultUnavailableError
from vault_sync.vault import Vault

pytestmark = pytest.mark.slow
Start = Callable[..., Daemon]


def search(daemon: Daemon, **params: str) -> list[str]:
    with daemon.client() as client:
        return [result["path"] for result in client.get("/api/search", params=params).json()["results"]]


def test_from_start_to_search_to_a_clean_end(start: Start) -> None:
    daemon = start().ready()
    assert search(daemon, q="закваску кормят")[0] == "Закваска.md"
    assert search(daemon, q="закваску", folder="Nowhere") == []
    with daemon.client() as client:
        health = client.get("/api/health").json()
        assert health["index"]["ready"] and health["index"]["notes"] == 3
        assert {engine["role"] for engine in health["engines"]} == {"planner", "coder", "embedder"}
        assert [(device["name"], device["engines"]) for device in health["devices"]] == [("CPU", {})]
        assert 'famulus_device_free_bytes{device="CPU"}' in client.get("/metrics").text
    assert daemon.end() == 0
    again = start().ready()
    with again.client() as client:
        assert client.get("/api/health").json()["index"]["embedded_since_start"] == 0


def test_what_happens_while_it_runs_and_while_it_does_not(start: Start, vault: Path) -> None:
    daemon = start().ready()
    events = daemon.events()
    (vault / "New.md").write_text("Hedgehogs hibernate from November to March.")
    events.wait("note.indexed", lambda data: data["path"] == "New.md")
    assert search(daemon, q="when do hedgehogs hibernate")[0] == "New.md"
    assert daemon.end() == 0
    (vault / "Bicycle.md").unlink()
    (vault / "New.md").rename(vault / "Igel.md")
    again = start().ready()
    found = search(again, q="hedgehogs hibernate")
    assert found[0] == "Igel.md" and "New.md" not in found and "Bicycle.md" not in found
    with again.client() as client:
        assert client.get("/api/health").json()["index"]["embedded_since_start"] == 0


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_indexing_ends_cleanly_and_loses_nothing(start: Start, vault: Path, how: signal.Signals) -> None:
    for number in range(150):
        (vault / f"n{number}.md").write_text(f"Note number {number} about subject {number * 7}. " * 5)
    before = {file.name: file.read_bytes() for file in vault.iterdir()}
    daemon = start()
    daemon.wait_for("company")
    code = daemon.end(how)
    assert code in (0, 128 + signal.SIGINT), "".join(daemon.lines)
    assert {file.name: file.read_bytes() for file in vault.iterdir()} == before
    again = start().ready()
    with again.client() as client:
        assert client.get("/api/health").json()["index"]["notes"] == 153


def test_a_killed_daemon_starts_again(start: Start, vault: Path) -> None:
    daemon = start().ready()
    daemon.end(signal.SIGKILL)
    again = start().ready()
    assert search(again, q="chain oiled")[0] == "Bicycle.md"


def test_a_second_daemon_on_the_vault_is_refused_by_name(start: Start, tmp_path: Path) -> None:
    first = start().ready()
    second = first.command("serve", "--port", "0")
    assert second.returncode == 1 and str(first.process.pid) in second.stderr
    elsewhere = run_famulus(
        "serve",
        "--port",
        "0",
        "--vault",
        str(first.vault),
        "--data-dir",
        str(tmp_path / "other"),
        environment=first.environment,
    )
    assert elsewhere.returncode == 1 and "in use" in elsewhere.stderr


def test_a_port_that_is_taken(vault: Path, tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        done = run_famulus("serve", "--vault", str(vault), "--port", port, environment=environment(tmp_path))
    assert done.returncode == 1 and port in done.stderr and "--port" in done.stderr


@pytest.mark.parametrize(("name", "told"), [("absent", "no such folder"), ("file", "is a file")])
def test_a_vault_that_can_not_be(tmp_path: Path, name: str, told: str) -> None:
    (tmp_path / "file").write_text("x")
    done = run_famulus("search", "x", "--vault", str(tmp_path / name), environment=environment(tmp_path))
    assert done.returncode == 1 and told in done.stderr and "Traceback" not in done.stderr


def test_a_vault_that_may_not_be_read(tmp_path: Path, vault: Path) -> None:
    vault.chmod(0o000)
    tmp_path.chmod(0o777)
    try:
        done = _as_nobody(tmp_path, "search", "x", "--vault", str(vault))
    finally:
        vault.chmod(0o755)
    assert done.returncode == 1 and "may not read" in done.stderr


def _as_nobody(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    if os.geteuid() != 0:
        return run_famulus(*arguments, environment=environment(home))
    # The interpreter may lie in root's home: check the class in a forked child instead of a new process.

    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.setuid(65534)
        try:
            Vault(Path(arguments[-1]))
            os.write(write, b"opened")
        except VaultUnavailableError as error:
            os.write(write, str(error).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(write)
    told = os.read(read, 10_000).decode()
    os.close(read)
    return subprocess.CompletedProcess(arguments, 1 if told != "opened" else 0, "", told)


def test_an_empty_vault_is_served(tmp_path: Path, start: Start) -> None:
    (tmp_path / "empty").mkdir()
    daemon = start(root=tmp_path / "empty").ready()
    assert search(daemon, q="anything") == []
    assert not list((tmp_path / "empty").iterdir()), "nothing of ours lies in the vault"


def test_the_data_folder_must_not_lie_in_the_vault(vault: Path, tmp_path: Path) -> None:
    done = run_famulus(
        "index", "--vault", str(vault), "--data-dir", str(vault / "d"), environment=environment(tmp_path)
    )
    assert done.returncode == 2 and "lies in the vault" in done.stderr and not (vault / "d").exists()


def test_wrong_and_missing_tokens_hosts_and_origins(start: Start) -> None:
    daemon = start().ready()
    with httpx.Client(base_url=daemon.url, timeout=LONG) as stranger:
        health = stranger.get("/api/health").json()
        assert set(health) == {"status", "index"}, "strangers learn nothing of the vault"
        assert stranger.get("/docs").status_code == stranger.get("/openapi.json").status_code == 200
        assert "http" not in stranger.get("/docs").text.replace("http://127.0.0.1", ""), "it names no other server"
        refused = stranger.get("/api/search", params={"q": "x"})
        assert refused.status_code == 401 and refused.json()["error"]["code"] == "unauthorized"
    with daemon.client("wrong") as wrong:
        assert wrong.get("/v1/models").status_code == 401
    with daemon.client() as client:
        assert client.get("/api/health", headers={"Host": "evil.example"}).status_code == 403
        assert client.get("/v1/models", headers={"Origin": "https://evil.example"}).status_code == 403
        allowed = client.options(
            "/v1/chat/completions",
            headers={"Origin": "app://obsidian.md", "Access-Control-Request-Headers": "authorization"},
        )
        assert allowed.status_code == 204
        assert allowed.headers["access-control-allow-origin"] == "app://obsidian.md"


def test_who_listens_keeps_it_from_ending_no_longer_than_an_answer_may_take(start: Start) -> None:
    daemon = start().ready()
    body = {"model": "planner", "stream": True, "max_tokens": 3000, "grammar": ENDLESS}
    body["messages"] = [{"role": "user", "content": "Write a very long story about the sea."}]
    with daemon.client() as listening, daemon.client() as asking, listening.stream("GET", "/api/events") as events:
        hello = events.iter_lines()
        assert next(hello) == "event: hello"
        with asking.stream("POST", "/v1/chat/completions", json=body) as answer:
            lines = answer.iter_lines()
            next(lines)
            daemon.process.send_signal(signal.SIGTERM)
            list(hello)  # raises where the stream does not end as a whole one
            last = [line for line in lines if line][-1]
    assert json.loads(last.removeprefix("data: "))["error"]["code"] == "ending"
    assert daemon.end() == 0
    assert not [line for line in daemon.lines if "Traceback" in line or "ERROR" in line]


def test_errors_come_in_the_envelope(start: Start) -> None:
    daemon = start().ready()
    with daemon.client() as client:
        cases = [
            (client.get("/api/search"), 422),
            (client.get("/api/search", params={"q": " "}), 400),
            (client.get("/api/related", params={"path": "none.md"}), 404),
            (client.get("/api/related", params={"path": "../../etc/passwd"}), 400),
            (client.get("/nowhere"), 404),
            (
                client.post(
                    "/v1/chat/completions", json={"model": "gone", "messages": [{"role": "user", "content": "x"}]}
                ),
                404,
            ),
            (client.post("/api/suggestions/none/accept"), 404),
            (client.post("/api/digests/run", json={"name": "none"}), 400),
        ]
    for response, status in cases:
        assert response.status_code == status, response.text
        assert set(response.json()["error"]) - {"effect"} == {"message", "type", "code", "cause", "fix"}


def test_commands_talk_to_the_daemon_and_work_without_it(start: Start) -> None:
    daemon = start().ready()
    beside = daemon.command("search", "oiled chain", "--json")
    assert beside.returncode == 0 and '"Bicycle.md"' in beside.stdout
    assert daemon.end() == 0
    alone = daemon.command("search", "oiled chain", "--json")
    assert alone.returncode == 0 and '"Bicycle.md"' in alone.stdout, alone.stderr


def test_used_wrongly(tmp_path: Path) -> None:
    assert run_famulus("frobnicate", environment=environment(tmp_path)).returncode == 2
    nothing = run_famulus("search", "x", environment=environment(tmp_path))
    assert nothing.returncode == 2 and "--vault" in nothing.stderr
    (tmp_path / "bad.toml").write_text("[linking]\nmode = 'always'\n")
    bad = run_famulus("search", "x", "--config", str(tmp_path / "bad.toml"), environment=environment(tmp_path))
    assert bad.returncode == 2 and "linking.mode" in bad.stderr


def test_doctor_says_what_is_wrong(tmp_path: Path, vault: Path, start: Start) -> None:
    (tmp_path / "cut.gguf").write_bytes(b"GGUF\x03\0\0\0")
    (tmp_path / "famulus.toml").write_text(
        f'[engines.broken]\nkind = "llama_cpp"\nmodel = "{tmp_path / "cut.gguf"}"\n[roles]\nplanner = "broken"\n'
    )
    done = run_famulus(
        "doctor", "--vault", str(vault), "--config", str(tmp_path / "famulus.toml"), environment=environment(tmp_path)
    )
    assert done.returncode == 1 and "broken" in done.stdout and "cut" in done.stdout.lower()
    (vault / "latin1.md").write_bytes(b"caf\xe9")
    daemon = start().ready()
    told = daemon.command("doctor")
    assert told.returncode == 1 and "latin1.md" in told.stdout and "UTF-8" in told.stdout
    assert "--data-dir" not in told.stdout
    elsewhere = run_famulus("doctor", "--vault", str(vault), environment=daemon.environment)
    assert elsewhere.returncode == 1 and f"--data-dir {daemon.data_dir}`" in elsewhere.stdout
