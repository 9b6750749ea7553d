"""The daemon is killed: while it indexes, links, writes what was accepted, makes a new note, undoes, and starts."""

from collections import deque
from collections.abc import Callable
from random import Random

import httpx

from tests.torture.course import Course
from tests.torture.fault import Fault
from tests.torture.ground import SOON, Life, waited
from tests.torture.plan import CHANGE, INDEXING, NEW, REMOVAL, SWEEP, Act, Steps
from tests.torture.world import NEW_FOLDER, SAVINGS, World

DIGEST = "Weekly digest"
FROM_OUTSIDE = 0.25
"""The share of rounds in which the kill comes from outside, at any moment."""
INSIDE: Steps = tuple(step for step in CHANGE if step[0] not in ("intend", "mark", "flush"))
"""Steps at which a temporary file may lie beside the note."""


def dies(
    course: Course,
    steps: Steps,
    work: Callable[[Life], object],
    *,
    most: int = 1,
    longest: float = 1.0,
    back: float = 0.0,
) -> None:
    """One round: the daemon is killed at a step of its work, or from outside within `longest` seconds.

    Work that is over when `work` returns has `longest` below a second: nothing is waited for then.
    """
    rng = course.ground.rng
    acts = () if rng.random() < FROM_OUTSIDE else (Act(*rng.choice(steps), "kill", rng.randint(1, most)),)
    life = course.start(*acts, back=back)
    if not acts:
        life.kill_in(rng.uniform(0, longest))
    try:
        work(life)
    except httpx.TransportError:
        if not waited(lambda: not life.alive(), SOON):
            raise
    course.killed(life, within=SOON if longest >= 1 else longest)


def some_saves(world: World, rng: Random, most: int = 2) -> None:
    """The user makes notes and adds lines to others."""
    for _ in range(rng.randint(1, most)):
        world.new_note()
    for path in rng.sample(world.notes(), rng.randint(0, 2)):
        world.add_line(path, rng.choice(SAVINGS))


def indexing(course: Course, rounds: int) -> None:
    world, rng = course.world, course.ground.rng

    def work(life: Life) -> None:
        for _ in range(rng.randint(1, 4)):
            some_saves(world, rng, 3)
        world.touch(rng.choice(world.notes()))
        old = [path for path in world.notes() if "Note-" in path]
        if len(old) > 20:
            world.delete(rng.choice(old))
        if rng.random() < 0.3 and (world.root / NEW_FOLDER).exists():
            world.move_folder(NEW_FOLDER, f"Moved {world.number()}")

    for _ in range(rounds):
        dies(course, INDEXING, work)


def linking(course: Course, rounds: int) -> None:
    def work(life: Life) -> None:
        some_saves(course.world, course.ground.rng)
        if life.plan.acts:
            course.provoke(life)

    for _ in range(rounds):
        dies(course, CHANGE, work, most=2)


def accepting(course: Course, rounds: int) -> None:
    for _ in range(rounds):
        dies(course, CHANGE, lambda life: accept_links(life, course.world.new_note()), longest=0.5)


def accept_links(life: Life, path: str) -> None:
    """The user asks for a note's links and accepts all of them."""
    life.indexed(path)
    made = life.post("/api/suggestions", {"path": path})
    if made is not None:
        life.post("/api/suggestions/accept", {"ids": [each["id"] for each in made["suggestions"]]})


def digesting(course: Course, rounds: int) -> None:
    def make(life: Life) -> None:
        life.indexed(course.world.new_note())
        life.post("/api/digests/run", {"name": DIGEST})

    def take_away(life: Life) -> None:
        life.post("/api/journal/undo", {"feature": "digest"})

    for _ in range(0, rounds, 2):
        dies(course, NEW, make, longest=0.5)
        dies(course, REMOVAL, take_away, longest=0.1)


def undoing(course: Course, rounds: int) -> None:
    features = deque(("link", "mention", "properties", "undo"))
    stock(course, 12)

    def work(life: Life) -> None:
        if not any(entry["state"] == "done" for entry in life.entries(features[0])):
            features.rotate(-1)
        life.post("/api/journal/undo", {"feature": features[0]})

    for _ in range(rounds):
        dies(course, CHANGE, work, most=3, longest=0.3)


def stock(course: Course, notes: int) -> None:
    """Have links written into so many notes, in a round of its own."""
    life = course.start()
    life.linked([course.world.new_note() for _ in range(notes)], within=20)
    course.died(life, hit=True, plan="kill after linking")


def starting(course: Course, rounds: int) -> None:
    """Killed in the middle of a write, and again while the next start looks after it."""
    rng = course.ground.rng
    for _ in range(rounds):
        life = course.start(Act(*rng.choice(INSIDE), "kill"))
        course.provoke(life)
        course.killed(life)
        second = course.ground.start(Act(*rng.choice(SWEEP), "kill"), armed=True)
        course.again(second, hit=not second.ready())


_COMPARED = "Journal, note and temporary file are compared at the next start"
FAULTS = (
    Fault("index", "Killed while indexing", "The next scan; the outbox brings Chroma up", indexing, 50, 2, mode="off"),
    Fault("link", "Killed while writing links into notes", _COMPARED, linking, 70, 3),
    Fault("accept", "Killed while writing an accepted suggestion", _COMPARED, accepting, 30, mode="off"),
    Fault("digest", "Killed while making a note, or taking it away", _COMPARED, digesting, 40, 2, mode="off"),
    Fault("undo", "Killed while undoing", f"{_COMPARED}; the rest can be undone then", undoing, 40, 2),
    Fault("start", "Killed in a write, and again in the start after it", "The start after that", starting, 30, 1),
)
