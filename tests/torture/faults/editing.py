"""Somebody else is at the same notes: saves that land inside a write, and a program that edits all the time."""

from itertools import product
from typing import Literal

from tests.torture import editor
from tests.torture.course import Course
from tests.torture.fault import Fault
from tests.torture.ground import Life
from tests.torture.plan import CHANGE, Act, Steps
from tests.torture.world import Saving

Way = Saving | Literal["delete", "held"]
WINDOWS: Steps = tuple(step for step in CHANGE if step not in (("intend", "before"), ("mark", "after")))
"""Steps at which the daemon is held while somebody else changes the note."""
_LATER: Steps = (
    ("swap", "after"),
    ("writer", "before"),
    ("writer", "after"),
    ("unlink", "before"),
    ("unlink", "after"),
)
WAYS: tuple[Way, ...] = ("rename", "rewrite", "append", "delete", "held")
_MEETINGS = tuple(product(WINDOWS, WAYS))


def windows(course: Course, rounds: int) -> None:
    """Each way of changing the note meets each step of a write."""
    meetings = course.ground.rng.sample(_MEETINGS, len(_MEETINGS))
    for number in range(rounds):
        (step, when), way = meetings[number % len(meetings)]
        life = course.start(Act(step, when, "stop"))
        path = course.provoke(life)
        held = life.did(within=0)
        if held:
            meddle(course, life, path, way)
        life.linked([path], within=0.2 if way == "delete" else 1.0)
        course.died(life, hit=held, plan=f"{way} {when} {step}")


def windows_killed(course: Course, rounds: int) -> None:
    """A save between the last check and the swap, and a kill before it can be given back."""
    rng = course.ground.rng
    for _ in range(rounds):
        life = course.start(Act("swap", "before", "stop"), Act(*rng.choice(_LATER), "kill"))
        path = course.provoke(life)
        if life.did(within=0):
            meddle(course, life, path, rng.choice(WAYS))
        course.killed(life)


def meddle(course: Course, life: Life, path: str, way: Way) -> None:
    """Change the note while the daemon is held, and let it go on; `held` writes only after it has gone on."""
    world = course.world
    if way == "held":
        with (world.root / path).open("ab") as file:
            life.go()
            life.did(1, within=0.3)
            file.write(b"\nWritten late.\n")
        world.added(path, b"\nWritten late.\n")
        return
    if way == "delete":
        world.delete(path)
    else:
        world.add_line(path, way)
    life.go()


def editors(course: Course, rounds: int) -> None:
    """Another process saves eight notes for some seconds, while the daemon links them and each of its steps is slow."""
    world, rng = course.world, course.ground.rng
    paths = [world.new_note() for _ in range(8)]
    for number in range(rounds):
        life = course.start(slow=rng.choice([0.0, 0.01, 0.03]))
        way = ("any", "rename", "rewrite", "append")[number % 4]
        if number % 3 == 2:
            life.kill_in(rng.uniform(1, 4))
        saves = editor.run(world, f"{rng.random()}", 4.0, way, paths)
        course.died(life, hit=True, plan=f"{saves} saves ({way}){', killed' if number % 3 == 2 else ''}")


FAULTS = (
    Fault(
        "window",
        "Another program saves, deletes or holds the note in the middle of a write",
        "The files are swapped back, and the write is given up",
        windows,
        len(_MEETINGS),
        3,
        settle=0.0,
    ),
    Fault(
        "window-kill",
        "The same, and killed before the files are swapped back",
        "The displaced file is put back at the next start",
        windows_killed,
        30,
        1,
        settle=0.0,
    ),
    Fault(
        "editors",
        "Another process edits the notes all the time",
        "Writes give way, and are tried again",
        editors,
        16,
        1,
        settle=0.0,
        copies=True,
    ),
)
