"""A job over real notes in real processes: killed in the middle, gone on with, judged, applied, repeated, taken back."""

import json
import os
import pty
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.effort import LONG
from tests.process import ROOT, Daemon, environment, run_famulus

pytestmark = pytest.mark.slow

FOLDER = "Data Storage"
HELD_AT = 9
"""The job stops for ever at the note after these; that is past the estimate, which takes eight."""


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    """Eleven notes of a shared vault, three days old, and one outside of the folder that the job is for."""
    fixtures = os.environ.get("FAMULUS_FIXTURES")
    source = Path(fixtures or "") / "vaults/dataeng-en/Concepts" / FOLDER
    if fixtures is None or not source.is_dir():
        pytest.skip("the shared vaults are not here (FAMULUS_FIXTURES)")
    shutil.copytree(source, tmp_path / "vault" / FOLDER)
    (tmp_path / "vault/Outside.md").write_text("# Outside\n\nA database stores data.\n")
    for file in (tmp_path / "vault").rglob("*.md"):
        os.utime(file, (time.time() - 3 * 86400,) * 2)
    return tmp_path / "vault"


def contents(vault: Path) -> dict[str, bytes]:
    return {file.relative_to(vault).as_posix(): file.read_bytes() for file in vault.rglob("*.md")}


def begin(vault: Path, home: Path, **extra: str) -> Daemon:
    return Daemon(vault, home, module="tests.fakes.jobbing", extra=extra).ready()


def job(daemon: Daemon, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The newest job, once it fits."""
    deadline = time.monotonic() + LONG
    with daemon.client() as client:
        while True:
            found: dict[str, Any] = client.get("/api/jobs").json()["jobs"][0]
            if fits(found):
                return found
            assert time.monotonic() < deadline, found
            time.sleep(0.1)


def rests(found: dict[str, Any]) -> bool:
    return found["state"] in ("judging", "done")


def test_a_job_outlives_a_kill_and_is_taken_back_as_a_whole(vault: Path, tmp_path: Path) -> None:
    original = contents(vault)
    daemon = begin(vault, tmp_path, HOLD_AFTER=str(HELD_AT))
    with daemon.client() as client:
        body = {"folder": FOLDER}
        made = client.post("/api/jobs", json=body).json()["job"]
        job(daemon, lambda found: found["progress"]["done"] == HELD_AT)
    daemon.end(signal.SIGKILL)

    daemon = begin(vault, tmp_path)
    try:
        through = job(daemon, rests)
        assert (through["id"], through["state"]) == (made["id"], "judging"), "it goes on by itself"
        assert contents(vault) == original
        with daemon.client() as client:
            route = f"/api/jobs/{made['id']}"
            notes = client.get(f"{route}/notes").json()["notes"]
            assert len(notes) == 11 and {note["looks"] for note in notes} == {1}, "none is lost, none looked at twice"
            sample = client.get(f"{route}/sample").json()["suggestions"]
            verdicts = [{"id": each["id"], "verdict": "yes"} for each in sample]
            told = client.post(f"{route}/judge", json={"judgements": verdicts}).json()["judgement"]
            assert told["kinds"][0]["precision"]["interval"][0] < 1.0
            assert client.post(f"{route}/apply", json={}).status_code == 200
            done = job(daemon, rests)
            written = contents(vault)
            assert "link" in done["found"]
            for counts in done["found"].values():
                assert counts.get("applied") == counts["found"], done
            assert sum(counts["found"] for counts in done["found"].values()) >= len(sample) > 0
            assert written != original and written["Outside.md"] == original["Outside.md"]
            client.post("/api/jobs", json=body)
            again = job(daemon, lambda found: found["id"] != made["id"] and rests(found))
        assert contents(vault) == written, "a second job writes nothing before the user's word"
        # Mentions that are links now leave room in the list of related notes, which others may take.
        assert again["found"].keys() <= {"link"}
        undone = daemon.command("undo", "--run", made["id"])
        assert undone.returncode == 0, undone.stderr
        assert contents(vault) == original
    finally:
        daemon.end()


def test_ctrl_c_pauses_a_job_in_the_terminal_and_another_command_goes_on(vault: Path, tmp_path: Path) -> None:
    where = ["--vault", str(vault), "--data-dir", str(tmp_path / "data")]
    surroundings = environment(tmp_path)
    command = [sys.executable, "-m", "tests.fakes.jobbing"]
    arguments = ["link", "--all", "--yes", "--folder", FOLDER, "--kinds", "related", *where]
    held = subprocess.Popen(
        [*command, *arguments],
        cwd=ROOT,
        env={**surroundings, "HOLD_AFTER": "2"},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    state = tmp_path / "data"
    deadline = time.monotonic() + LONG
    while notes_done(state) < 2:
        assert time.monotonic() < deadline and held.poll() is None
        time.sleep(0.1)
    held.send_signal(signal.SIGINT)
    _, told = held.communicate(timeout=LONG)
    assert held.returncode == 130 and "is paused. Go on:  famulus jobs resume" in told, told
    listed = json.loads(run_famulus("jobs", "--json", *where, environment=surroundings).stdout)["jobs"]
    assert [each["state"] for each in listed] == ["paused"]

    arguments = ["link", "--all", "--json", *where]
    done_now = subprocess.run(
        [*command, *arguments], cwd=ROOT, env=surroundings, capture_output=True, text=True, check=False
    )
    through = json.loads(done_now.stdout)["job"]
    assert (through["id"], through["state"]) == (listed[0]["id"], "judging"), done_now.stderr
    assert through["progress"]["done"] == 11 and through["found"]["link"]["found"] > 0

    before = contents(vault)
    shown = typed([*command, "jobs", "judge", *where], surroundings, {"[q]uit: ": "y", "not now: ": "y"})
    assert "95 % interval" in shown and f"famulus undo --run {through['id']}" in shown, shown
    assert contents(vault) != before
    assert run_famulus("undo", "--run", through["id"], *where, environment=surroundings).returncode == 0
    assert contents(vault) == before


def typed(command: list[str], surroundings: dict[str, str], answers: dict[str, str]) -> str:
    """What a command shows in a terminal in which each question is answered."""
    outer, inner = pty.openpty()
    process = subprocess.Popen(command, cwd=ROOT, env=surroundings, stdin=inner, stdout=inner, stderr=inner)
    os.close(inner)
    shown, seen = "", 0
    with suppress(OSError):  # the terminal ends with the last process that has it
        while data := os.read(outer, 4096):
            shown += data.decode(errors="replace")
            asked = [(at + len(ask), answer) for ask, answer in answers.items() if (at := shown.find(ask, seen)) >= 0]
            if asked:
                seen, answer = min(asked)
                os.write(outer, f"{answer}\n".encode())
    os.close(outer)
    assert process.wait(LONG) == 0, shown
    return shown


def notes_done(data: Path) -> int:
    """How many notes a job has done, read beside it."""
    files = list(data.glob("vaults/*/state.db"))
    if not files:
        return 0
    connection = sqlite3.connect(f"file:{files[0]}?mode=ro", uri=True)
    try:
        row = connection.execute("SELECT count(*) FROM job_notes WHERE state = 'done'").fetchone()
    except sqlite3.OperationalError:
        return 0
    finally:
        connection.close()
    return int(row[0])
