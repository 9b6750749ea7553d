"""What Famulus wrote is taken back by the real daemon, and the real command; and what an app does that is open."""

import hashlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.effort import LONG, eventually
from tests.process import Daemon, Events

pytestmark = pytest.mark.slow

PLUGIN = "plugin-of-this-test"


def save(daemon: Daemon, events: Events, note: str, line: str) -> bytes:
    """Add a line as the user, and wait until the links are written; returns the user's bytes."""
    file = daemon.vault / note
    mine = file.read_bytes() + line.encode()
    file.write_bytes(mine)
    events.wait("note.written", lambda data: data["path"] == note)
    return mine


def undo(daemon: Daemon, **wanted: Any) -> list[dict[str, Any]]:
    with daemon.client() as client:
        response = client.post("/api/journal/undo", json=wanted)
        assert response.status_code == 200, response.text
        results: list[dict[str, Any]] = response.json()["results"]
        return results


def entries(daemon: Daemon, **wanted: str) -> list[dict[str, Any]]:
    with daemon.client() as client:
        found: list[dict[str, Any]] = client.get("/api/journal", params=wanted).json()["entries"]
        return found


def accept_one(daemon: Daemon, note: str) -> None:
    """Accept the best suggestion for a note."""
    with daemon.client() as client:
        made = client.post("/api/suggestions", json={"path": note}).json()["suggestions"]
        done = client.post(f"/api/suggestions/{made[0]['id']}/accept")
        assert done.status_code == 200, done.text


def test_undo_gives_the_bytes_back_and_the_links_stay_away(sample: Daemon) -> None:
    note = "AI/KV cache.md"
    events, file = sample.events(), sample.vault / note
    mine = save(sample, events, note, "\nA line of mine.\n")
    whole = file.read_bytes()
    (entry,) = entries(sample, path=note)
    (dry,) = undo(sample, ids=[entry["id"]], dry_run=True)
    assert dry["outcome"] == "would_undo" and "-%% famulus:related %%" in dry["diff"] and file.read_bytes() == whole
    (done,) = undo(sample, run=entry["run"])
    assert done["outcome"] == "undone" and file.read_bytes() == mine
    assert [(e["feature"], e["state"]) for e in entries(sample, path=note)] == [
        ("undo", "done"),
        ("link", "undone"),
    ]
    events.wait("autolink.looked", lambda data: data["path"] == note)
    assert file.read_bytes() == mine, "what was undone is not written again"
    assert undo(sample, run=entry["run"]) == [], "a second time there is nothing left to undo"
    (again,) = undo(sample, feature="undo", path=note)
    assert again["outcome"] == "undone" and file.read_bytes() == whole, "an undo can be undone"
    undo(sample, path=note)
    assert file.read_bytes() == mine


def test_what_the_user_wrote_since_stays_or_stands_in_the_way(sample: Daemon) -> None:
    note = "Knowledge/Spaced repetition.md"
    file = sample.vault / note
    mine = file.read_bytes()
    accept_one(sample, note)
    written = b"Mine, at the top.\n" + file.read_bytes()
    file.write_bytes(written.replace(b"## Related ideas", b"## My related ideas"))
    (refused,) = undo(sample, path=note)
    assert refused["outcome"] == "refused" and "changed since" in refused["reason"]
    file.write_bytes(written)
    done = sample.command("undo", "--note", note)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "undone" in done.stdout and file.read_bytes() == b"Mine, at the top.\n" + mine


def run_digest(daemon: Daemon) -> str:
    """Change a note and have the digest tell of it; returns the path of what was written."""
    events = daemon.events()
    file = daemon.vault / "Home/Томаты.md"
    file.write_bytes(file.read_bytes() + "\nСорт «Чёрный принц» взошёл за шесть дней.\n".encode())
    events.wait("note.indexed", lambda data: data["path"] == "Home/Томаты.md")
    return str(json.loads(daemon.command("digest", "run", "Weekly digest", "--json").stdout)["path"])


def test_a_digest_note_is_removed_again(sample: Daemon) -> None:
    made = run_digest(sample)
    assert (sample.vault / made).is_file()
    (done,) = undo(sample, feature="digest")
    assert done["outcome"] == "undone" and not (sample.vault / made).exists()


def test_used_wrongly(sample: Daemon) -> None:
    with sample.client() as client:
        assert client.post("/api/journal/undo", json={}).status_code == 400
        assert client.post("/api/journal/undo", json={"path": "../x"}).status_code == 400
        assert client.post("/api/journal/undo", json={"edit": 1}).status_code == 422
        assert client.get("/api/journal/999999").status_code == 404
        run_digest(sample)
        listed = entries(sample)
        shown = client.get(f"/api/journal/{listed[0]['id']}").json()
        assert shown["entry"] == listed[0] and shown["diff"]
    assert str(listed[0]["id"]) in sample.command("undo").stdout
    assert sample.command("undo", "--day", "yesterday").returncode == 2
    assert "Nothing" in sample.command("undo", "--day", "2001-01-01").stdout


class App:
    """Speaks the plugin's protocol: proves that it sees the vault, and applies what it is asked to."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon
        self.asked: list[dict[str, Any]] = []
        self.proven = threading.Event()
        self.act: Callable[[dict[str, Any]], None] = self.apply
        self._client = daemon.client()
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()
        assert self.proven.wait(LONG)

    def _listen(self) -> None:
        name = ""
        with suppress(httpx.HTTPError), self._client, self._stream() as stream:
            self._socket: socket.socket = stream.extensions["network_stream"].get_extra_info("socket")
            for line in stream.iter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    self._heard(name, json.loads(line.removeprefix("data: ")))

    def _stream(self) -> AbstractContextManager[httpx.Response]:
        return self._client.stream("GET", "/api/events", params={"plugin": PLUGIN}, timeout=None)

    def _heard(self, name: str, data: dict[str, Any]) -> None:
        if name == "hello":
            hashes = {path: self._hash(path) for path in data["prove"]}
            self.post("proof", hashes=hashes)
            self.proven.set()
        elif name == "edit.apply":
            self.asked.append(data)
            self.act(data)

    def _hash(self, path: str) -> str:
        return hashlib.sha256((self.daemon.vault / path).read_bytes()).hexdigest()

    def post(self, route: str, **body: Any) -> dict[str, Any]:
        with self.daemon.client() as client:
            answer: dict[str, Any] = client.post(f"/api/plugin/{route}", json={"plugin": PLUGIN, **body}).json()
            return answer

    def write(self, edit: dict[str, Any]) -> None:
        file = self.daemon.vault / edit["path"]
        units = file.read_bytes().decode().encode("utf-16-le")
        start, end = edit["span"]["start"] * 2, edit["span"]["end"] * 2
        file.write_bytes((units[:start] + edit["after"].encode("utf-16-le") + units[end:]).decode("utf-16-le").encode())

    def apply(self, edit: dict[str, Any]) -> None:
        self.write(edit)
        assert self.post("edits", id=edit["id"], outcome="applied", hash=self._hash(edit["path"])) == {"ok": True}

    def die(self) -> None:
        """Hang up. To close a connection is not enough: it stays while somebody reads it, and would be asked again."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        if self._listening is not threading.current_thread():
            self._listening.join(LONG)


@pytest.fixture
def app(sample: Daemon) -> Iterator[App]:
    app = App(sample)
    yield app
    app.die()
    eventually(lambda: "no open event stream" in json.dumps(app.post("proof", hashes={})))


def test_with_the_app_open_the_app_writes(sample: Daemon, app: App) -> None:
    with sample.client() as client:
        made = client.post("/api/suggestions", json={"path": "Knowledge/Spaced repetition.md"}).json()["suggestions"]
        done = client.post(f"/api/suggestions/{made[0]['id']}/accept")
        assert done.status_code == 200, done.text
    assert [edit["path"] for edit in app.asked] == ["Knowledge/Spaced repetition.md"]
    text = (sample.vault / "Knowledge/Spaced repetition.md").read_text(encoding="utf-8")
    assert Path(made[0]["target"]).stem in text and text.count("%% famulus:related %%") == 1
    assert hashlib.sha256(text.encode()).hexdigest() == app.asked[0]["after_hash"]
    (undone,) = undo(sample, path="Knowledge/Spaced repetition.md")
    assert undone["outcome"] == "undone" and len(app.asked) == 2


def test_an_app_that_dies_while_it_is_asked_leaves_the_edit_to_be_applied_once(sample: Daemon, app: App) -> None:
    note = "Knowledge/Интервальные повторения.md"
    with sample.client() as client:
        made = client.post("/api/suggestions", json={"path": note}).json()["suggestions"]
        before = (sample.vault / note).read_bytes()
        app.act = lambda edit: app.die()
        refused = client.post(f"/api/suggestions/{made[0]['id']}/accept")
        assert refused.status_code == 409 and refused.json()["error"]["code"] == "note_busy"
        assert (sample.vault / note).read_bytes() == before
        done = client.post(f"/api/suggestions/{made[0]['id']}/accept")
        assert done.status_code == 200, "no app is there any more: the daemon writes"
    text = (sample.vault / note).read_text(encoding="utf-8")
    assert text.count("%% famulus:related %%") == 1 and len(app.asked) == 1
