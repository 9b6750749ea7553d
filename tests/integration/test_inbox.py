"""The inbox of a real daemon: bulk decisions by the real command, over a restart, and taken back as one run."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.process import Daemon

pytestmark = pytest.mark.slow

NOTES = ("Sourdough.md", "Закваска.md", "Bicycle.md")


def propose(daemon: Daemon, note: str, tag: str) -> dict[str, Any]:
    with daemon.client() as client:
        made = client.post("/api/suggestions", json={"path": note, "tags": [tag], "reason": "A test says so."})
        assert made.status_code == 200, made.text
        found: dict[str, Any] = made.json()["suggestions"][0]
        return found


def review(daemon: Daemon, *flags: str) -> Any:
    done = daemon.command("review", *flags, "--json")
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


def test_many_are_decided_at_once_and_taken_back_after_a_restart(
    start: Callable[..., Daemon], vault: Path, tmp_path: Path
) -> None:
    before = {note: (vault / note).read_bytes() for note in NOTES}
    # What Famulus itself would propose for the notes that are written here is not counted.
    (tmp_path / "famulus.toml").write_text('[linking]\nmode = "off"\n')
    config = ("--config", str(tmp_path / "famulus.toml"))
    daemon = start(*config).ready()
    for note in NOTES:
        propose(daemon, note, "kitchen" if note != "Bicycle.md" else "garage")
    listed = review(daemon, "list")
    assert (listed["total"], {each["path"] for each in listed["suggestions"]}) == (3, set(NOTES))
    refused = daemon.command("review", "accept", "--kind", "properties")
    assert refused.returncode == 1 and "--yes" in refused.stderr, "nobody can be asked"
    assert review(daemon, "reject", "--folder", "Bicycle.md", "--yes")["done"] == 1
    done = review(daemon, "accept", "--kind", "properties", "--yes")
    assert (done["count"], done["done"]) == (2, 2)
    assert (
        b"kitchen" in (vault / "Sourdough.md").read_bytes()
        and (vault / "Bicycle.md").read_bytes() == before["Bicycle.md"]
    )
    daemon.end()

    daemon = start(*config).ready()
    counts = {(each["state"], each["count"]) for each in review(daemon, "why")["counts"]}
    assert counts == {("applied", 2), ("rejected", 1)}
    with daemon.client() as client:
        undone = client.post("/api/journal/undo", json={"run": done["run"]}).json()["results"]
    assert [each["outcome"] for each in undone] == ["undone", "undone"]
    assert {note: (vault / note).read_bytes() for note in NOTES} == before
    assert {propose(daemon, note, "kitchen")["state"] for note in NOTES[:2]} == {"rejected"}, "an undo is a no"
    assert review(daemon, "restore", "--kind", "properties", "--yes")["done"] == 3
    assert review(daemon, "list")["total"] == 3
