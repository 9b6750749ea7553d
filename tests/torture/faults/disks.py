"""The disk: it is full, or becomes read-only, or slow, or says that something failed."""

import errno
import time
from random import Random

from tests.torture.course import Course
from tests.torture.fault import Fault
from tests.torture.ground import SOON
from tests.torture.plan import CHANGE, Act, Steps

_ERRORS = (errno.EIO, errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT)
_FULL: Steps = (("intend", "after"), ("open", "before"), ("open", "after"), ("write", "half"), ("fsync", "before"))
_CLOSED: Steps = (
    *(("intend", "after"), ("open", "before"), ("swap", "before"), ("swap", "after"), ("writer", "after")),
    *(("unlink", "before"), ("flush", "before"), ("mark", "before")),
)
"""Steps at which no file of the vault is open for writing: only then can a disk become read-only."""
_DATA: Steps = (
    *(("put_vectors", "before"), ("put_note", "before"), ("store_add", "before"), ("settle", "before")),
    *(("intend", "before"), ("mark", "before"), ("swap", "before")),
)


def errors(course: Course, rounds: int) -> None:
    """The system says that a step failed: before it was done, or after."""
    rng = course.ground.rng
    for _ in range(rounds):
        life = course.start(Act(*rng.choice(CHANGE), "fail", errno=rng.choice(_ERRORS)))
        life.linked([course.provoke(life)], within=0.5)
        course.died(life)


def vault_full(course: Course, rounds: int) -> None:
    rng, disk = course.ground.rng, course.ground.disk
    for _ in range(rounds):
        life = course.start(Act(*rng.choice(_FULL), "stop"))
        course.provoke(life)
        disk.fill(rng.choice([0, 0, 4096, 8192]))
        life.go()
        time.sleep(0.5)
        course.died(life, free=disk.free)


def vault_read_only(course: Course, rounds: int) -> None:
    rng, disk = course.ground.rng, course.ground.disk
    for _ in range(rounds):
        life = course.start(Act(*rng.choice(_CLOSED), "stop"))
        course.provoke(life)
        disk.read_only(True)
        life.go()
        time.sleep(0.5)
        course.died(life, free=lambda: disk.read_only(False))


def data_full(course: Course, rounds: int) -> None:
    rng, disk = course.ground.rng, course.ground.disk
    for _ in range(rounds):
        life = course.start(Act(*rng.choice(_DATA), "stop"))
        course.provoke(life)
        disk.fill(rng.choice([0, 0, 4096, 65536]))
        life.go()
        time.sleep(rng.uniform(0.3, 1.5))
        if rng.random() < 0.5:
            disk.free()
            time.sleep(rng.uniform(0, 2.5))
        course.died(life, free=disk.free)


def slow(course: Course, rounds: int) -> None:
    """Each step takes long; meanwhile the user saves, and the daemon is killed at last."""
    rng = course.ground.rng
    for _ in range(rounds):
        life = course.start(slow=rng.uniform(0.02, 0.15))
        life.kill_in(rng.uniform(1, SOON))
        _save_for_a_while(course, rng)
        course.killed(life)


def _save_for_a_while(course: Course, rng: Random) -> None:
    path = course.world.new_note()
    for _ in range(8):
        time.sleep(rng.uniform(0, 0.3))
        course.world.add_line(path, rng.choice(("rename", "rewrite", "append")))


_GIVEN_UP = "The write is given up or found done; what could not be removed is swept at the next start"
FAULTS = (
    Fault("errors", "The system says that a step of a write failed", _GIVEN_UP, errors, 45, 2),
    Fault("full", "The vault's disk is full", _GIVEN_UP, vault_full, 20, 1, mounts="vault"),
    Fault(
        "read-only", "The vault's disk becomes read-only in a write", _GIVEN_UP, vault_read_only, 20, 1, mounts="vault"
    ),
    Fault(
        "data-full",
        "The data folder's disk is full",
        "Nothing is written that is not journaled; the next scan",
        data_full,
        24,
        1,
        mounts="data",
    ),
    Fault(
        "slow",
        "The disk is slow while the user saves, then a kill",
        "Writes give way",
        slow,
        20,
        settle=0.0,
        copies=True,
    ),
)
