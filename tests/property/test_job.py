"""Whatever the user says, whatever breaks and whenever the process dies: a job looks at each note, writes each suggestion
once, and writes nothing that the user's word does not cover.

The real Jobs, books and inbox run on a state in memory; notes are a dictionary, and a crash is an exception in the middle
of a step, after which all objects are made anew.
"""

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import example, given, settings
from hypothesis import strategies as st

from agents.errors import EngineError
from agents.inbox.inbox import Inbox
from agents.inbox.suggestion import Suggestion, suggestion_id
from agents.jobs.job import JobError, Wish
from daemon.config import LinkingSection
from daemon.courtesy import Courtesy
from daemon.jobs.jobapply import Came
from daemon.jobs.jobs import LOOKS, Jobs
from tests.effort import effort
from vault_sync.databases.state import State
from vault_sync.errors import NoteBusyError, StaleEditError
from vault_sync.notes.note import Span
from vault_sync.paths import VaultPath
from vault_sync.writing.edit import Edit, apply, content_hash

KIND = "thought"
NOTES = tuple(VaultPath(f"{name}.md") for name in "abcde")


class CrashError(BaseException):
    """The process died here."""


def line(number: int) -> str:
    return f"+{number}\n"


class Handler:
    """A suggestion adds a line of its own at the end; it is stale once the user changed the first line."""

    def rebase(self, suggestion: Suggestion, data: bytes) -> Edit | None:
        text = data.decode()
        if text.split("\n")[0] != suggestion.detail["first"]:
            raise StaleEditError("It was not added.", "The first line is another one.", "")
        added = suggestion.detail["line"]
        if added in text:
            return None
        return Edit(suggestion.path, content_hash(data), Span(len(text), len(text)), "", added)

    def applied(self, suggestion: Suggestion) -> None:
        pass


@dataclass
class World:
    """The disk and the user; all else is lost in a crash. Breakdowns are named before the step in which they happen."""

    state: State = field(default_factory=lambda: State(":memory:"))
    disk: dict[VaultPath, bytes] = field(default_factory=lambda: dict.fromkeys(NOTES, b"first\n"))
    written: list[tuple[VaultPath, str]] = field(default_factory=list)
    now: float = 1000.0
    breaks: str = ""

    def broken(self, name: str) -> bool:
        if self.breaks != name:
            return False
        self.breaks = ""
        return True

    def boot(self) -> Jobs:
        inbox = Inbox(self.state, self.disk.get, {KIND: Handler()}, clock=lambda: self.now)
        famulus = SimpleNamespace(
            state=self.state,
            courtesy=Courtesy(grace=0.0),
            bus=SimpleNamespace(publish=lambda *_, **__: None),
            upkeep=SimpleNamespace(scanned=True),
            ledger=SimpleNamespace(note=self.record),
            view=SimpleNamespace(paths=lambda use: sorted(self.disk)),
            policy=SimpleNamespace(current=SimpleNamespace(writable=lambda path: True)),
            settings=SimpleNamespace(linking=LinkingSection(), journal=SimpleNamespace(max_mb=1)),
            read=self.disk.get,
            syncing=SimpleNamespace(under_way=lambda folder: ""),
            writer=SimpleNamespace(unsettled_seconds=lambda path: 0.0),
            applier=SimpleNamespace(apply=self.write),
            inbox=inbox,
            linker=SimpleNamespace(settle=lambda path, data: None),
        )
        jobs = Jobs(cast(Any, famulus), {"all": self}, clock=lambda: self.now)
        came_to = jobs.finds.came_to

        def noted(job: str, outcomes: Iterable[Came]) -> None:
            if self.broken("die before it is noted"):
                raise CrashError
            came_to(job, outcomes)

        setattr(jobs.finds, "came_to", noted)  # noqa: B010 — a place to die at
        return jobs

    def record(self, path: VaultPath) -> object:
        data = self.disk.get(path)
        stamp = SimpleNamespace(size=10)
        return data and SimpleNamespace(hash=content_hash(data), state="indexed", stamp=stamp, reason="", fix="")

    async def write(self, edit: Edit, *, feature: str, run: str) -> str:
        if self.broken("busy"):
            raise NoteBusyError("Not now.")
        if self.broken("die before writing"):
            raise CrashError
        after = apply(edit, self.disk[edit.path])
        self.disk[edit.path] = after
        self.written += [(edit.path, each) for each in edit.after.split("\n") if each]
        if self.broken("die after writing"):
            raise CrashError
        return content_hash(after)

    async def propose(self, path: VaultPath, data: bytes) -> Sequence[Suggestion]:
        if self.broken("engine away"):
            raise EngineError("No answer.")
        if self.broken("bug"):
            raise ZeroDivisionError
        if self.broken("die while looking"):
            raise CrashError
        return [self.suggestion(path, data, number) for number in range(3) if line(number) not in data.decode()]

    def suggestion(self, path: VaultPath, data: bytes, number: int) -> Suggestion:
        first = data.decode().split("\n")[0]
        edit = Edit(path, content_hash(data), Span(0, 0), "", line(number))
        detail = {"first": first, "line": line(number)}
        made = suggestion_id(KIND, path, str(number))
        return Suggestion(made, KIND, path, None, None, float(number), "", "", edit, "test", 0.0, detail=detail)


BREAKDOWNS = (
    *("busy", "die before writing", "die after writing", "die before it is noted", "engine away", "bug"),
    *("die while looking", "crash"),
)
SAID = ("step", "pause", "judge some", "edit", "new note", "resume")
COMMANDS = st.sampled_from([*["run"] * 8, *["judge"] * 3, *["apply"] * 3, *SAID, *BREAKDOWNS])


def covered(jobs: Jobs, job: str, threshold: float) -> set[tuple[VaultPath, str]]:
    """What the user's word covers, as the test sees it: accepted, or not judged and above the threshold."""
    rows = jobs.finds._state.rows("SELECT body, verdict, score FROM job_suggestions WHERE job = ?", (job,))
    found = set()
    for row in rows:
        if row["verdict"] == "yes" or (row["verdict"] != "no" and row["score"] >= threshold):
            body = json.loads(row["body"])
            found.add((VaultPath(body["path"]), json.loads(body["edit"])["detail"]["line"].strip()))
    return found


def seen_as_it_is(world: World, jobs: Jobs, job: str) -> bool:
    """Whether each note was looked at as it is on the disk, or too often already."""
    notes = jobs.book.notes(job)
    here = all(n.looks >= LOOKS or n.hash == content_hash(world.disk[n.path]) for n in notes)
    return here and {note.path for note in notes} == world.disk.keys()


async def turn(world: World, jobs: Jobs, job: str) -> None:
    before = jobs.book.get(job).state
    world.now += 100.0
    await jobs._turn()
    if (before, jobs.book.get(job).state) == ("dry_run", "judging"):
        assert seen_as_it_is(world, jobs, job)


async def obey(world: World, jobs: Jobs, job: str, command: str, threshold: float) -> Jobs:
    """Do one thing; returns the Jobs that live afterwards."""
    try:
        if command == "step":
            await turn(world, jobs, job)
        elif command == "run":
            for _ in range(40):
                await turn(world, jobs, job)
        elif command == "crash":
            return world.boot()
        elif command in ("pause", "resume"):
            getattr(jobs, command)(job)
        elif command in ("judge", "judge some"):
            ids = [find.suggestion.id for find in jobs.finds.sample(job)][: 2 if command == "judge some" else None]
            jobs.judge(job, {each: ("no" if number % 3 == 2 else "yes") for number, each in enumerate(ids)})
        elif command == "apply":
            sample, before = jobs.finds.sample(job), jobs.book.get(job).state
            jobs.apply(job, threshold)
            assert before == "judging" and sample, "it is judged first"
            assert all(find.verdict for find in sample), "the whole sample is"
        elif command == "edit":
            path = next(iter(world.disk))
            world.disk[path] = b"changed " + world.disk[path]
        elif command == "new note":
            world.disk[VaultPath(f"new{len(world.disk)}.md")] = b"first\n"
        else:
            world.breaks = command
    except JobError:
        pass
    except CrashError:
        return world.boot()
    return jobs


async def live(commands: Sequence[str], threshold: float) -> tuple[World, Jobs, str, set[tuple[VaultPath, str]]]:
    """Also what the user's word covered at any time: a note that is edited after it was written is looked at anew."""
    world, word = World(), set[tuple[VaultPath, str]]()
    jobs = world.boot()
    job = jobs.create(Wish(kinds=("all",), sample=4)).id
    for command in commands:
        jobs = await obey(world, jobs, job, command, threshold)
        before_the_word = jobs.book.get(job).began_applying is None
        assert not (before_the_word and world.written), "nothing is written before the user's word"
        word |= set() if before_the_word else covered(jobs, job, threshold)
    world.breaks = ""
    for command in ("resume", "run", "judge", "apply", "resume", "run", "run"):
        jobs = await obey(world, jobs, job, command, threshold)
        word |= covered(jobs, job, threshold)
    return world, jobs, job, word


@example(commands=["run", "judge", "apply", "die after writing", "run", "edit"], threshold=0.0)
@settings(max_examples=effort(60))
@given(st.lists(COMMANDS, min_size=6, max_size=40), st.sampled_from([0.0, 1.0, 5.0]))
def test_each_note_once_and_nothing_without_the_users_word(commands: list[str], threshold: float) -> None:
    world, jobs, job, ever = asyncio.run(live(commands, threshold))
    assert jobs.book.get(job).state == "done"
    assert not jobs.book.notes(job, "waiting"), "no note is lost"
    assert {note.path for note in jobs.book.notes(job)} >= set(NOTES)
    assert len(world.written) == len(set(world.written)), "nothing is written twice"
    for path, data in world.disk.items():
        lines = data.decode().split("\n")[1:]
        assert len(lines) == len(set(lines)), f"{path} has a line twice"
    for find in jobs.finds.sample(job):
        if find.verdict == "no":
            assert (find.suggestion.path, find.suggestion.detail["line"].strip()) not in world.written
            assert find.outcome == "rejected"
    outcomes = {each for counts in jobs.finds.counts(job).values() for each in counts} - {"found"}
    assert "open" not in outcomes, "each suggestion has an end"
    word = covered(jobs, job, threshold)
    assert set(world.written) <= ever
    if "edit" not in commands:
        assert set(world.written) == word, "what the word covers is written, whatever broke on the way"
