"""A vault whose notes are written on another computer: a network share, Syncthing, Git."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.process import ROOT, Daemon

pytestmark = pytest.mark.slow
Start = Callable[..., Daemon]
NOTE = "Knowledge/Spaced repetition.md"
SETTINGS = "[writing]\nsettle_seconds = 0.1\npatience_seconds = 0\n[linking]\nmode = 'off'\n"


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    file = tmp_path / "famulus.toml"
    file.write_text(SETTINGS)
    return file


def propose(daemon: Daemon, note: str) -> str:
    with daemon.client() as client:
        made = client.post("/api/suggestions", json={"path": note}).json()["suggestions"]
        return str(made[0]["id"])


def accept(daemon: Daemon, suggestion: str) -> tuple[int, dict[str, Any]]:
    with daemon.client() as client:
        response = client.post(f"/api/suggestions/{suggestion}/accept")
        return response.status_code, response.json()


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A copy of the sample vault, whose notes are near enough to be linked."""
    shutil.copytree(ROOT / "docs/sample-vault", tmp_path / "shelf")
    return tmp_path / "shelf"


def inotify_handles(daemon: Daemon) -> int:
    folder = Path(f"/proc/{daemon.process.pid}/fd")
    return sum(str(handle.readlink()).endswith("inotify") for handle in folder.iterdir() if handle.is_symlink())


def test_a_share_that_sends_no_events_is_polled(start: Start, vault: Path, tmp_path: Path) -> None:
    (tmp_path / "famulus.toml").write_text("[notes]\npolling = true\n")
    daemon = start("--config", str(tmp_path / "famulus.toml")).ready()
    assert inotify_handles(daemon) == 0, "it does not rely on events"
    events = daemon.events()
    (vault / "New.md").write_text("Hedgehogs hibernate from November to March.")
    events.wait("note.indexed", lambda data: data["path"] == "New.md")
    (vault / "New.md").rename(vault / "Igel.md")
    events.wait("note.moved", lambda data: data["path"] == "Igel.md")


def test_syncthing(start: Start, shelf: Path, settings: Path) -> None:
    daemon = start("--config", str(settings), root=shelf).ready()
    events = daemon.events()
    suggestion = propose(daemon, NOTE)
    before = (shelf / NOTE).read_bytes()
    arriving = shelf / ".syncthing.Arrived.md.tmp"
    arriving.write_text("half of a no")
    status, body = accept(daemon, suggestion)
    assert (status, body["error"]["code"]) == (409, "note_busy") and (shelf / NOTE).read_bytes() == before
    arriving.write_text("A whole note about otters.")
    arriving.rename(shelf / "Arrived.md")
    events.wait("note.indexed", lambda data: data["path"] == "Arrived.md")
    conflict = shelf / f"{NOTE[:-3]}.sync-conflict-20261124-120000-ABCDEFG.md"
    conflict.write_text("# Sourdough\n\nThe other computer's words about zebras.\n")
    assert accept(daemon, suggestion)[0] == 200, "the sync has ended"
    events.wait("note.written")
    with daemon.client() as client:
        known = [each["path"] for each in client.get("/api/notes").json()["notes"]]
        assert "Arrived.md" in known and str(conflict.relative_to(shelf)) not in known
        refused = client.post("/api/suggestions", json={"path": str(conflict.relative_to(shelf))})
        assert refused.status_code == 404
    assert conflict.read_text().endswith("zebras.\n")


def git(vault: Path, *arguments: str, ok: bool = True) -> None:
    names = ("-c", "user.name=u", "-c", "user.email=u@localhost", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", *names, *arguments], cwd=vault, capture_output=True, text=True, check=False)
    assert not ok or done.returncode == 0, done.stderr


def test_git(start: Start, shelf: Path, settings: Path) -> None:
    (shelf / "Bicycle.md").write_text("# Bicycle\n\nOurs.\n")
    git(shelf, "init")
    git(shelf, "add", ".")
    git(shelf, "commit", "-m", "all")
    git(shelf, "checkout", "-b", "other")
    (shelf / "Bicycle.md").write_text("# Bicycle\n\nTheirs.\n")
    (shelf / "Pulled.md").write_text("Comes with a pull.")
    git(shelf, "add", ".")
    git(shelf, "commit", "-m", "theirs")
    git(shelf, "checkout", "main")
    daemon = start("--config", str(settings), root=shelf).ready()
    events = daemon.events()
    suggestion = propose(daemon, NOTE)
    (shelf / "Bicycle.md").write_text("# Bicycle\n\nMine.\n")
    git(shelf, "commit", "-a", "-m", "mine")
    git(shelf, "merge", "other", ok=False)
    events.wait("note.indexed", lambda data: data["path"] == "Pulled.md")
    status, body = accept(daemon, suggestion)
    assert status == 409 and "merge" in body["error"]["cause"]
    assert "<<<<<<<" in (shelf / "Bicycle.md").read_text()
    git(shelf, "checkout", "--theirs", "Bicycle.md")
    git(shelf, "commit", "-a", "-m", "merged")
    status, body = accept(daemon, suggestion)
    assert status == 200, body
    git(shelf, "diff", "--quiet", "--", "Bicycle.md")
