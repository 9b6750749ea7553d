"""What is out of step when the daemon starts again: the clock, a folder's name, what a power cut leaves of a file."""

import os
import time
from pathlib import Path
from random import Random

from tests.torture.course import Course
from tests.torture.fault import Fault
from tests.torture.faults.kills import INSIDE, dies, some_saves
from tests.torture.ground import Life
from tests.torture.plan import CHANGE, Act, Steps
from tests.torture.world import World

_DAY = 86_400.0
_UNFLUSHED: Steps = (("write", "half"), ("write", "after"), ("fsync", "before"), ("fsync", "after"), ("swap", "before"))
"""Steps at which the temporary file is only ours, so that a power cut may have left anything of it."""


def clock(course: Course, rounds: int) -> None:
    """The clock goes back a day while the daemon runs, and file times go back too."""
    world, rng = course.world, course.ground.rng

    def work(life: Life) -> None:
        some_saves(world, rng)
        path = rng.choice(world.notes())
        world.add_line(path)
        world.date(path, time.time() + rng.choice([-3 * _DAY, -60.0, _DAY]))
        if rng.random() < 0.5:
            life.post("/api/journal/undo", {"feature": "link"})
        if life.plan.acts:
            course.provoke(life)

    for _ in range(rounds):
        dies(course, CHANGE, work, back=_DAY)


def leftovers(course: Course, rounds: int) -> None:
    """As after a power cut: of the temporary file there is a part, or zeros, or nothing."""
    rng = course.ground.rng
    for _ in range(rounds):
        life = course.start(Act(*rng.choice(_UNFLUSHED), "kill"))
        course.provoke(life)
        course.killed(life)
        for file in course.world.leftovers():
            _spoil(file, rng)


def _spoil(file: Path, rng: Random) -> None:
    data = file.read_bytes()
    kind = rng.choice(["shorter", "zeros", "empty", "gone"])
    if kind == "gone":
        file.unlink()
    else:
        cut = rng.randint(0, len(data))
        file.write_bytes({"shorter": data[:cut], "zeros": data[:cut] + bytes(len(data) - cut), "empty": b""}[kind])


def renamed(course: Course, rounds: int) -> None:
    """Killed in a write; then the folder of the note gets another name before the daemon starts again."""
    world, rng = course.world, course.ground.rng
    for _ in range(rounds):
        life = course.start(Act(*rng.choice(INSIDE), "kill"))
        path = course.provoke(life)
        course.killed(life)
        folder = _folder_of_write(world) or os.path.dirname(path)  # noqa: PTH120
        world.move_folder(folder, f"Moved {world.number()}")


def _folder_of_write(world: World) -> str:
    left = world.leftovers()
    return left[0].parent.relative_to(world.root).as_posix() if left else ""


def damaged(course: Course, rounds: int) -> None:
    """Killed, and then a file of the index is damaged."""
    rng = course.ground.rng
    for _ in range(rounds):
        life = course.start()
        some_saves(course.world, rng)
        life.kill_in(rng.uniform(0, 1))
        course.killed(life).plan = f"kill, then {_damage(course.ground.home / 'data' / 'vaults', rng)}"


def _damage(data: Path, rng: Random) -> str:
    files = [file for file in sorted(data.rglob("*")) if file.is_file() and file.stat().st_size]
    ledger = [file for file in files if file.name in ("index.db", "index.db-wal")]
    file = rng.choice(ledger if rng.random() < 0.5 else [file for file in files if "chroma" in file.parts])
    size = file.stat().st_size
    kind = rng.choice(["cut short", "overwritten", "removed"])
    if kind == "removed":
        file.unlink()
    elif kind == "cut short":
        os.truncate(file, rng.randrange(size))
    else:
        with file.open("r+b") as opened:
            opened.seek(rng.randrange(size))
            opened.write(rng.randbytes(min(4096, size)))
    return f"{file.name} {kind}"


FAULTS = (
    Fault(
        "clock",
        "The clock and file times go back, then a kill",
        "Ages are never taken from one clock alone",
        clock,
        24,
        1,
    ),
    Fault(
        "power",
        "Parts of a file as after a power cut",
        "The journal knows the file, and it is removed",
        leftovers,
        24,
        1,
    ),
    Fault("renamed", "Killed in a write, then the folder is renamed", "The file is found by its name", renamed, 24, 1),
    Fault(
        "damaged",
        "Killed, and a file of the index is damaged",
        "Made anew, from the notes or from the ledger",
        damaged,
        24,
    ),
)
