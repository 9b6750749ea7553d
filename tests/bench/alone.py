"""A daemon that is left alone with its user: what it holds after an hour that it did not hold before.

    python -m tests.bench.alone [MINUTES]

The real daemon with the starter models on a copy of a real vault that it links by itself. The user writes, renames and
deletes notes, searches, asks, and hangs up in the middle of answers, several times a minute, as in a day of work. After
each lap the daemon is given the time to come to rest; then it is looked at from outside.
"""

import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.bench.judged import FIXTURES
from tests.process import Daemon

VAULT = "techwiki-en"
MINUTES = 40.0
LAPS = 8
PAUSE = 1.5
"""Seconds between two doings of the user, in the mean."""
REST = 300.0
"""Seconds that the daemon may take to come to rest."""
PAGE = 4096
_SETTINGS = """
[notes]
quiet_seconds = 0.2
[linking]
mode = "auto"
quiet_seconds = 1
[writing]
settle_seconds = 1
"""
_QUESTIONS = ("What is a transaction log?", "How does the garbage collector find what is free?", "зачем нужен индекс?")


@dataclass(frozen=True, slots=True)
class Lap:
    """What stood after so many doings: of the daemon's process, of its children, on the disk."""

    minutes: float
    doings: int
    notes: int
    daemon_mb: float
    children_mb: float
    children: int
    threads: int
    files: int
    """Open files and sockets of the daemon's process."""
    data_mb: float
    temporary: int
    """Temporary files in the vault."""
    out_of_step: int
    """Notes that the index does not know, knows otherwise, or knows without there being a file."""
    refused: int
    """Requests of the user that were refused, so far."""


class User:
    """Who works in the vault."""

    def __init__(self, root: Path, http: httpx.Client) -> None:
        self._root, self._http = root, http
        self._rng = random.Random(20261127)
        self._texts = [file.read_text(encoding="utf-8") for file in self.notes()]
        self.doings = 0
        self.refused = 0

    def notes(self) -> list[Path]:
        return sorted(self._root.rglob("*.md"))

    def do(self) -> None:
        """One thing of a day's work."""
        writing = [self._edit, self._edit, self._edit, self._new, self._rename, self._delete]
        asking = [self._search, self._search, self._related, self._ask, self._hang_up]
        self._rng.choice(writing + asking)()
        self.doings += 1

    def _paragraph(self) -> str:
        words = self._rng.choice(self._texts).split()
        start = self._rng.randrange(max(1, len(words) - 30))
        return " ".join(words[start : start + 30])

    def _edit(self) -> None:
        with self._rng.choice(self.notes()).open("a", encoding="utf-8") as file:
            file.write(f"\n{self._paragraph()}\n")

    def _new(self) -> None:
        (self._root / f"Thought {self.doings}.md").write_text(f"# Thought\n\n{self._paragraph()}\n", encoding="utf-8")

    def _rename(self) -> None:
        note = self._rng.choice(self.notes())
        note.rename(note.with_name(f"Renamed {self.doings}.md"))

    def _delete(self) -> None:
        if len(notes := self.notes()) > len(self._texts):
            self._rng.choice(notes).unlink()

    def _search(self) -> None:
        self._http.get("/api/search", params={"q": self._paragraph()[:80]}).raise_for_status()

    def _related(self) -> None:
        path = self._rng.choice(self.notes()).relative_to(self._root).as_posix()
        self._told(self._http.get("/api/related", params={"path": path}))

    def _ask(self) -> None:
        self._told(self._http.post("/v1/chat/completions", json=self._question()))

    def _hang_up(self) -> None:
        question = {**self._question(), "model": "planner", "stream": True}
        with self._http.stream("POST", "/v1/chat/completions", json=question) as answer:
            self._told(answer)
            for _ in zip(answer.iter_lines(), range(self._rng.randrange(6)), strict=False):
                pass

    def _question(self) -> dict[str, object]:
        return {"model": "famulus", "messages": [{"role": "user", "content": self._rng.choice(_QUESTIONS)}]}

    def _told(self, answer: httpx.Response) -> None:
        """A note that was renamed in between may be unknown; whatever else is refused counts."""
        self.refused += answer.status_code >= 400 and answer.status_code != 404


@contextmanager
def company() -> Iterator[tuple[Daemon, User]]:
    """The daemon and its user in a vault of their own."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        shutil.copytree(FIXTURES / "vaults" / VAULT, home / "vault")
        (home / "famulus.toml").write_text(_SETTINGS, encoding="utf-8")
        daemon = Daemon(home / "vault", home, "--config", str(home / "famulus.toml")).ready()
        try:
            with daemon.client() as http:
                yield daemon, User(home / "vault", http)
        finally:
            daemon.end()


def compare(minutes: float = MINUTES, laps: int = LAPS) -> list[Lap]:
    """Laps of work, and what stood after each; the first is the state before."""
    with company() as (daemon, user):
        began, found = time.monotonic(), [rested(daemon, user, 0.0)]
        for number in range(1, laps + 1):
            while time.monotonic() - began < minutes * 60 * number / laps:
                user.do()
                time.sleep(random.expovariate(1 / PAUSE))
            found.append(rested(daemon, user, (time.monotonic() - began) / 60))
            print(found[-1], file=sys.stderr, flush=True)
    return found


def rested(daemon: Daemon, user: User, minutes: float) -> Lap:
    """Wait until nothing is under way, and look."""
    until = time.monotonic() + REST
    with daemon.client() as http:
        while time.monotonic() < until and (_busy(http) or out_of_step(daemon.vault, http)):
            time.sleep(1)
        behind = out_of_step(daemon.vault, http)
    process, children = daemon.process.pid, descendants(daemon.process.pid)
    return Lap(
        minutes=minutes,
        doings=user.doings,
        notes=len(user.notes()),
        daemon_mb=resident(process),
        children_mb=sum(map(resident, children)),
        children=len(children),
        threads=len(list(Path(f"/proc/{process}/task").iterdir())),
        files=len(list(Path(f"/proc/{process}/fd").iterdir())),
        data_mb=sum(_size(file) for file in daemon.data_dir.rglob("*")) / 2**20,
        temporary=len(list(daemon.vault.rglob(".famulus-tmp-*"))),
        out_of_step=behind,
        refused=user.refused,
    )


def _busy(http: httpx.Client) -> bool:
    status = http.get("/api/notes/status").json()
    return bool(status["pending"] or status["progress"])


def out_of_step(vault: Path, http: httpx.Client) -> int:
    """How many notes the index has and the folder has not, or the other way round, or failed."""
    notes = http.get("/api/notes/status").json()["notes"]
    known = {note["path"] for note in notes if note["state"] == "indexed" and note["path"].endswith(".md")}
    there = {file.relative_to(vault).as_posix() for file in vault.rglob("*.md")}
    return len(known ^ there)


def descendants(process: int) -> list[int]:
    """The processes that it started, and theirs."""
    found: list[int] = []
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *descendants(child)]
    return found


def resident(process: int) -> float:
    """MB of memory that are its own: files that are mapped do not count."""
    fields = Path(f"/proc/{process}/statm").read_text().split()
    return (int(fields[1]) - int(fields[2])) * PAGE / 2**20


def _size(file: Path) -> int:
    with suppress(FileNotFoundError):
        return os.stat(file).st_size if file.is_file() else 0
    return 0


def table(found: Sequence[Lap]) -> str:
    """Laps as rows; the last line compares the second half of the work with the first."""
    lines = [
        "| minutes | doings | notes | daemon, MB | its processes, MB | processes | threads | open files | data, MB "
        "| temporary files in the vault | notes out of step | requests refused |",
        "|" + "---|" * 12,
    ]
    lines += [
        f"| {each.minutes:.0f} | {each.doings} | {each.notes} | {each.daemon_mb:.0f} | {each.children_mb:.0f} "
        f"| {each.children} | {each.threads} | {each.files} | {each.data_mb:.1f} | {each.temporary} "
        f"| {each.out_of_step} | {each.refused} |"
        for each in found
    ]
    worked = found[1:]
    half = len(worked) // 2
    first, second = worked[:half], worked[half:]
    if first and second:
        ratio = statistics.median(x.daemon_mb for x in second) / statistics.median(x.daemon_mb for x in first)
        lines += ["", f"Memory of the daemon in the second half of the work, against the first: {ratio:.2f}."]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(compare(float(sys.argv[1]) if sys.argv[1:] else MINUTES)))
