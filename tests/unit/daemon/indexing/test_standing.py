from daemon.indexing.standing import Course, UpkeepStatus, Watching
from vault_sync.errors import WatchLimitError
from vault_sync.index.progress import Progress


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def progress(done: int) -> Progress:
    return Progress(done, 100, 5 * done, 3 * done, 1000.0 * done, 100_000.0)


def test_one_piece_of_work_after_the_other() -> None:
    clock = Clock()
    course = Course(clock)
    assert course.underway() is None
    course.look()
    looking = course.underway()
    assert looking is not None and (looking.phase, looking.progress.total, looking.left) == ("looking", 0, None)
    course.read(progress(0))
    reading = course.underway()
    assert reading is not None and reading.phase == "reading" and reading.left is None, "nothing is known yet"
    clock.now += 10
    course.read(progress(20))
    reading = course.underway()
    assert reading is not None and reading.json() == {
        "phase": "reading",
        "done": 20,
        "total": 100,
        "chunks_done": 100,
        "embedded": 60,
        "seconds_left": 40.0,
    }
    course.rest()
    assert course.underway() is None
    course.read(progress(0))
    clock.now += 1
    course.read(progress(90))
    reading = course.underway()
    assert reading is not None and reading.left is None, "the pace of earlier work does not count"


def test_how_changes_are_found() -> None:
    assert UpkeepStatus(True, 0, "").watching.json() == {"polling": False, "every": None, "problem": "", "fix": ""}
    polled = Watching(True, 9.504, WatchLimitError("Effect.", "Cause.", "Fix."))
    assert polled.json() == {"polling": True, "every": 9.5, "problem": "Cause.", "fix": "Fix."}
