"""`make torture` in short: each fault is tried a few times, and the harness is shown to find what it looks for."""

from collections.abc import Callable, Iterator

import pytest

from tests.torture.course import Course, Round
from tests.torture.engines import serving_engines
from tests.torture.fault import Fault
from tests.torture.faults.editing import meddle
from tests.torture.ground import waited
from tests.torture.plan import Act
from tests.torture.rounds import FAULTS, Arena, Outcome
from tests.torture.section import parted
from tests.torture.table import BEGIN, END, table, write
from tests.torture.world import Loss, missing

pytestmark = pytest.mark.slow

NOTES = 14
SEED = 20261124
PATIENCE = 90
"""Seconds that a machine with other work may take."""
PUT = 4
"""Words, tags and descriptions that have to be in the notes before the daemon is killed."""
MOST = 24
"""Notes that are made until then, at most."""


@pytest.fixture(scope="module")
def engines() -> Iterator[str]:
    with serving_engines() as url:
        yield url


def told(outcome: Outcome) -> str:
    wrong = [f"{each.plan}: {each.losses} {each.problems}" for each in outcome.rounds if not each.ok]
    return "\n".join([*wrong, outcome.broken])


def test_words_tags_and_descriptions_are_put_in_and_taken_back(engines: str) -> None:
    outcome = Arena(engines, SEED, notes=NOTES).one(Fault("words", "", "", stocked, 1), 1)
    assert outcome.ok, told(outcome)
    assert all(each.put >= PUT for each in outcome.rounds), "nothing was tried"


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.few], ids=lambda fault: fault.name)
def test_nothing_is_lost(engines: str, fault: Fault) -> None:
    outcome = Arena(engines, SEED, notes=NOTES).one(fault, fault.few)
    if outcome.skipped:
        pytest.skip(outcome.skipped)
    assert not any(each.losses for each in outcome.rounds), told(outcome)
    if not outcome.ok:  # on a busy machine a wait of the harness may run out: what is wrong is wrong a second time
        outcome = Arena(engines, SEED, notes=NOTES).one(fault, fault.few)
    assert outcome.ok, told(outcome)
    assert len(outcome.tried) >= fault.few and outcome.rounds[-1].last


def test_a_kill_between_the_commit_and_chroma_loses_nothing_and_embeds_nothing_again(engines: str) -> None:
    after: list[tuple[int, bool]] = []

    def run(course: Course, rounds: int) -> None:
        life = course.start(Act("store_add", "before", "kill"))
        path = course.world.new_note()
        course.killed(life, within=PATIENCE)
        again = course.start()
        embedded = again.get("/api/health")["index"]["embedded_since_start"]
        text = (course.world.root / path).read_text(encoding="utf-8")
        found = again.get("/api/search", q=text[-400:], mode="dense", k=3)["results"]
        after.append((embedded, path in {each["path"] for each in found}))
        again.end()

    outcome = Arena(engines, SEED, notes=NOTES).one(Fault("behind", "", "", run, 1, mode="off"), 1)
    assert outcome.ok, told(outcome)
    assert outcome.tried[0].hit, "it died when Chroma was about to learn of the note"
    assert after == [(0, True)]
    assert not outcome.tried[0].mended, "the start itself brought Chroma up"


def stocked(course: Course, rounds: int) -> None:
    """Killed when enough was put in: which notes get something depends on which were there when each was looked at."""
    life, world = course.start(), course.world
    for _ in range(MOST):
        life.linked([world.new_note()], within=PATIENCE)
        if waited(lambda: sum(len(world.put(path)) for path in world.notes()) >= PUT, 1):
            break
    course.died(life, hit=True)


def saved_in_the_last_moment(course: Course, rounds: int) -> None:
    """A save between the last look at the note and the moment in which the new file takes its place."""
    life = course.start(Act("replace", "before", "stop"))
    path = course.provoke(life)
    meddle(course, life, path, "rename")
    course.died(life)


def linked(course: Course, rounds: int) -> None:
    life = course.start(Act("mark", "after", "stop"))
    course.provoke(life)
    life.go()
    course.died(life)


def mentioned(course: Course, rounds: int) -> None:
    life = course.start(Act("mark", "after", "stop"), Act("mark", "after", "kill", 2))
    course.provoke(life)
    life.go()
    course.killed(life, within=PATIENCE)


def left_behind(course: Course, rounds: int) -> None:
    life = course.start(Act("fsync", "after", "kill"))
    course.provoke(life)
    course.killed(life)


def displaced(course: Course, rounds: int) -> None:
    life = course.start(Act("swap", "before", "stop"), Act("swap", "after", "kill"))
    meddle(course, life, course.provoke(life), "rename")
    course.killed(life, within=PATIENCE)


def edited_since(course: Course, rounds: int) -> None:
    life = course.start(Act("mark", "after", "stop"))
    path = course.provoke(life)
    life.go()
    course.world.add_line(path)
    course.died(life)


def planned(engines: str, run: Callable[[Course, int], None], sabotage: str) -> Outcome:
    """A try in which the daemon came to the planned step; on a busy machine it may not, in time."""
    fault = Fault("sabotage", "", "", run, 1, settle=0.0)
    tries = (Arena(engines, seed, notes=NOTES).one(fault, 1, sabotage) for seed in range(5))
    return next(each for each in tries if all(found.hit for found in each.tried))


@pytest.mark.parametrize(
    ("sabotage", "run", "finding"),
    [
        ("renames", saved_in_the_last_moment, "bytes"),
        ("changes a byte", linked, "bytes"),
        ("swallows a letter", mentioned, "bytes"),
        ("links beside the journal", mentioned, "in no write of the journal"),
        ("sweeps blindly", displaced, "bytes"),
        ("undoes by rewriting", edited_since, "bytes"),
        ("forgets a mode", linked, "its mode is"),
        ("sweeps nothing", left_behind, "a temporary file is left"),
        ("loses the index", linked, "does not agree"),
    ],
)
def test_a_daemon_with_a_fault_of_its_own_is_found_out(
    engines: str, sabotage: str, run: Callable[[Course, int], None], finding: str
) -> None:
    outcome = planned(engines, run, sabotage)
    assert not outcome.broken
    assert not outcome.ok and finding in told(outcome), told(outcome)
    assert (sum(each.lost for each in outcome.rounds) > 0) == (finding == "bytes"), told(outcome)


def test_the_section_is_parted_from_what_the_user_wrote() -> None:
    section = b"\r\n\r\n%% famulus:related %%\r\n- [[A]]\r\n%% /famulus:related %%"
    assert parted(b"mine" + section + b"\r\n") == (b"mine", section, b"\r\n")
    assert parted(b"mine\n") == (b"mine\n", b"", b"")
    twice = b"mine" + section + section
    assert parted(twice) == (twice, b"", b""), "two sections are none of ours"


@pytest.mark.parametrize(
    ("own", "now", "size"), [(b"a\nbb\nc\n", b"a\nc\n", 3), (b"a\nb\n", b"a\nb\nc\n", 1), (b"a\nb\n", b"", 4)]
)
def test_missing_bytes_are_counted_by_lines(own: bytes, now: bytes, size: int) -> None:
    assert missing(own, now) == size


def test_the_table_tells_what_was_lost_and_what_was_not_tried(tmp_path_factory: pytest.TempPathFactory) -> None:
    fault = Fault("f", "A fault", "A cure", linked, 2)
    bad = Outcome(
        fault, [Round("x", left=1), Round("y", hit=False, losses=[Loss("n.md", 12, "")]), Round("z", last=True)]
    )
    text = table([bad, Outcome(fault, skipped="no disk")])
    assert "| A fault | 2 | 1 | 1 | 12 | A cure |" in text and "not tried: no disk" in text
    assert "| **All** | **2** | **1** | **1** | **12** | |" in text and not bad.ok
    page = tmp_path_factory.mktemp("docs") / "safety.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write(page, text)
    assert page.read_text() == f"before\n{BEGIN}\n{text}\n{END}\nafter\n"
