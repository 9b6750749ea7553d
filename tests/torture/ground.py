"""Where one fault is tried: a vault with its user, a data folder, settings, and the daemons that live there."""

import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx

from tests.process import Daemon, EndedError, Events
from tests.torture.disk import Disk
from tests.torture.notes import Corpus
from tests.torture.plan import ARMED, DID, GO, Act, Plan
from tests.torture.world import World

SOON = 3.0
"""Seconds that the harness gives the daemon to come to a planned step; then it goes on without."""
_SETTINGS = """
[notes]
quiet_seconds = 0.05
longest_seconds = 0.2
[linking]
mode = "{mode}"
quiet_seconds = 0.1
[linking.threshold]
mention = 0.6
[writing]
settle_seconds = {settle}
patience_seconds = 4
new_notes = "Digests"
[roles]
planner = "nothing"
coder = "nothing"
embedder = "vectors"
[engines.nothing]
kind = "openai"
model = "nothing"
url = "{engines}"
[engines.vectors]
kind = "openai"
model = "e5-small"
url = "{engines}"
dimensions = 384
max_tokens = 512
"""


@dataclass(slots=True)
class Ground:
    """`home` holds all of it but the vault's root, where that was mounted elsewhere. `sabotage` goes into each plan."""

    home: Path
    engines: str
    corpus: Corpus
    rng: Random
    notes: int
    sabotage: str = ""
    disk: Disk = field(init=False)
    world: World = field(init=False)
    _lives: list["Life"] = field(default_factory=list)

    def open(self, root: Path | None = None, *, mode: str = "auto", settle: float = 0.1) -> World:
        """Make the vault and the settings."""
        root = root or self.home / "vault"
        root.mkdir(parents=True, exist_ok=True)
        self.world = World(root, self.corpus, self.rng)
        self.world.fill(self.notes)
        (self.home / "signs").mkdir()
        settings = _SETTINGS.format(mode=mode, settle=settle, engines=self.engines)
        (self.home / "famulus.toml").write_text(settings, encoding="utf-8")
        return self.world

    def start(self, *acts: Act, slow: float = 0.0, back: float = 0.0, armed: bool = False) -> "Life":
        """A new daemon with a plan, which begins once it is armed."""
        signs = self.home / "signs"
        for file in signs.iterdir():
            file.unlink()
        if armed:
            (signs / ARMED).touch()
        self._lives.append(Life(self, Plan(str(signs), acts, slow, back, self.sabotage)))
        return self._lives[-1]

    def close(self) -> None:
        """End whatever still runs."""
        for life in self._lives:
            life.end(signal.SIGKILL)


class Life:
    """One daemon from its start to its end."""

    def __init__(self, ground: Ground, plan: Plan) -> None:
        self.world = ground.world
        self.plan = plan
        self._signs = Path(plan.signs)
        flags = ("--config", str(ground.home / "famulus.toml"))
        self._daemon = Daemon(
            ground.world.root, ground.home, *flags, module="tests.torture.child", extra=plan.environment()
        )
        self._http: httpx.Client | None = None
        self._events: Events | None = None
        self._looked: set[str] = set()
        self._killer: threading.Timer | None = None

    def ready(self) -> bool:
        """Wait until the first scan is complete; False where it died before."""
        try:
            self._daemon.ready()
        except EndedError:
            return False
        self._http = self._daemon.client()
        self._events = self._daemon.events()
        return True

    @property
    def said(self) -> str:
        """What it wrote on stderr."""
        return "".join(self._daemon.lines)

    def arm(self) -> None:
        """From now on the plan counts."""
        (self._signs / ARMED).touch()

    def did(self, act: int = 0, within: float = SOON) -> bool:
        """Wait until it does what was planned; False where it never comes to it."""
        return waited(lambda: (self._signs / f"{DID}{act}").exists(), within)

    def go(self, act: int = 0) -> None:
        """A step that was stopped may go on."""
        (self._signs / f"{GO}{act}").touch()

    def alive(self) -> bool:
        """Whether the process runs."""
        return self._daemon.process.poll() is None

    def get(self, path: str, **params: Any) -> Any:
        """The JSON of a GET."""
        assert self._http is not None
        return self._http.get(path, params=params).raise_for_status().json()

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """The JSON of a POST; None where it died over it or answered with an error."""
        assert self._http is not None
        try:
            answer = self._http.post(path, json=body)
        except httpx.TransportError:
            return None
        return answer.json() if answer.is_success else None

    def entries(self, feature: str = "") -> list[dict[str, Any]]:
        """What the journal holds."""
        entries: list[dict[str, Any]] = self.get("/api/journal", feature=feature, limit=10_000)["entries"]
        return entries

    def indexed(self, path: str) -> bool:
        """Wait until a note is in the index; False where it does not get there, or the daemon dies."""
        return waited(lambda: not self.alive() or self._knows(path), SOON) and self.alive()

    def _knows(self, path: str) -> bool:
        assert self._http is not None
        try:
            return self._http.get("/api/notes", params={"path": path}).is_success
        except httpx.TransportError:
            return False  # it died just now, or is about to

    def kill_in(self, seconds: float) -> None:
        """Kill it from outside after a while."""
        self._killer = threading.Timer(seconds, self._daemon.process.kill)
        self._killer.start()

    def end(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal and wait for the end."""
        if self._killer is not None:
            self._killer.cancel()
        if self._http is not None:
            self._http.close()
            self._http = None
        self._daemon.end(how)

    def linked(self, paths: Sequence[str], within: float = SOON) -> None:
        """Wait until each of the notes has a section, or was looked at and needs none; no longer than that."""
        waited(lambda: not self.alive() or all(self.settled(path) for path in paths), within)

    def looked(self, path: str) -> bool:
        """Whether a note was looked at, and whatever is written into it stands there."""
        if self._events is not None:
            told = self._events.heard()
            self._looked |= {data["path"] for name, data in told if name == "autolink.looked"}
        return path in self._looked

    def settled(self, path: str) -> bool:
        """Whether a note has a section, or was looked at and needs none."""
        return self.looked(path) or self.world.has_section(path)


def waited(done: Callable[[], bool], within: float) -> bool:
    """Wait until something is so; tells whether it came in time."""
    until = time.monotonic() + within
    while not done():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True
