"""The rounds of one fault: each ends a daemon in some way, and the start of the next looks at what is left."""

import hashlib
import signal
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from tests.torture.ground import SOON, Ground, Life, waited
from tests.torture.journaled import journaled
from tests.torture.plan import Act
from tests.torture.world import Loss, World

FEATURES = ("digest", "properties", "mention", "link")
"""What the journal keeps that is undone at the end."""
_TRIES = 8
_PATIENCE = 60.0
"""Seconds that the daemon has for what ends by itself, on a busy machine: less would tell of the machine."""


class DaemonError(Exception):
    """The daemon can not be tried any further."""


@dataclass(slots=True)
class Round:
    """What came of one try. `hit` says that the fault came where it was planned, `left` counts temporary files found
    before the next start, `kept` lines that are in the journal instead of the note, `mended` what of the index was not
    right after that start and was mended from the ledger, `put` what then stood in the user's text; the `last` one is
    the look at the end.
    """

    plan: str
    hit: bool = True
    left: int = 0
    kept: int = 0
    mended: int = 0
    put: int = 0
    losses: list[Loss] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    last: bool = False

    @property
    def ok(self) -> bool:
        """Whether nothing is lost and everything agrees."""
        return not self.losses and not self.problems

    @property
    def lost(self) -> int:
        """Bytes of the user that are gone."""
        return sum(loss.size for loss in self.losses)


Report = Callable[[Round], None]


class Course:
    """Runs daemons one after the other on a ground, and reports each round once its consequences were looked at."""

    def __init__(self, ground: Ground, report: Report, *, copies: bool = False, patience: float = _PATIENCE) -> None:
        """`copies` says that the user's program may save a section that it read while it was there for a moment.

        `patience` is how many seconds bytes may be elsewhere while the daemon runs: it may be about to swap a save back.
        """
        self.ground = ground
        self._copies = copies
        self._report = report
        self._patience = patience
        self._open: Round | None = None

    @property
    def world(self) -> World:
        """The user's side."""
        return self.ground.world

    def start(self, *acts: Act, slow: float = 0.0, back: float = 0.0) -> Life:
        """A daemon that is ready, after a look at what the round before left; its plan is armed."""
        life = self.ground.start(*acts, slow=slow, back=back)
        if not life.ready():
            raise DaemonError(f"the daemon did not start:\n{life.said}")
        if self._open is not None:
            self._look(life, self._open)
            self._report(self._open)
            self._open = None
        life.arm()
        return life

    def provoke(self, life: Life) -> str:
        """The user makes notes until the daemon writes into one and comes to its first planned step; returns the last.

        Not every note has others that are worth a link.
        """
        path = ""
        for _ in range(_TRIES):
            path = self.world.new_note()
            waited(lambda path=path: life.did(within=0) or not life.alive() or life.looked(path), _PATIENCE)  # type: ignore[misc]
            if life.did(within=0) or not life.alive():
                break
        return path

    def died(
        self, life: Life, *, hit: bool | None = None, plan: str = "", free: Callable[[], None] = lambda: None
    ) -> Round:
        """A round is over: the daemon is dead by its plan, or is killed now. What it left is looked at afterwards.

        One that lives is looked at before, too. `free` takes the fault away, once the daemon is dead.
        """
        plan = plan or (str(life.plan) if life.plan.acts else "kill at a random moment")
        self._open = Round(plan, hit=life.did(within=0) if hit is None else hit)
        if life.alive():
            waited(lambda: not self.world.losses(), self._patience)
            self._lost(life, self._open)
        life.end(signal.SIGKILL)
        free()
        self._open.left = len(self.world.leftovers())
        return self._open

    def killed(self, life: Life, within: float = SOON) -> Round:
        """Wait for the planned death, or bring it about."""
        waited(lambda: not life.alive(), within)
        return self.died(life, hit=life.did(within=0) if life.plan.acts else True)

    def again(self, life: Life, *, hit: bool) -> None:
        """Another daemon died, or is killed, before the consequences of the round were looked at."""
        assert self._open is not None
        life.end(signal.SIGKILL)
        self._open.plan += f"; then {life.plan}"
        self._open.hit = self._open.hit and hit

    def _look(self, life: Life, found: Round) -> None:
        """After the start: bytes, modes, temporary files, index."""
        self._lost(life, found)
        found.problems += [f"a temporary file is left: {file.name}" for file in self.world.leftovers()]
        self._foreign(found)
        self._verify(life, found)

    def _foreign(self, found: Round) -> None:
        """What stands in the user's text has to be what the journal knows: nothing else could be taken back."""
        known = journaled(self.ground.home / "data")
        for path in self.world.notes():
            strange = [put.text.decode(errors="replace") for put in self.world.put(path) if put.text not in known]
            found.problems += [f"in no write of the journal: {text!r} in {path}" for text in strange]
            found.put += len(self.world.put(path))

    def _verify(self, life: Life, found: Round) -> None:
        if not waited(lambda: not disagreements(life, self.world), _PATIENCE):
            found.problems += disagreements(life, self.world)
        verified(life, found)

    def _lost(self, life: Life, found: Round) -> None:
        rescued = rescued_lines(life)
        for loss in self.world.losses():
            lines = self.world.missing_lines(loss.path)
            if lines and all(line in rescued for line in lines):
                found.kept += len(lines)
                self.world.accept(loss.path)
            else:
                found.losses.append(loss)

    def finish(self) -> None:
        """After the last round: everything can be taken back, and the vault is byte for byte what the user wrote."""
        life = self.start()
        last = Round("undo of everything at the end", last=True)
        last.problems += [f"its time changed: {path}" for path in self.world.touched(written(life))]
        self._foreign(last)
        answers = [life.post("/api/journal/undo", {"feature": feature}) for feature in FEATURES]
        self._lost(life, last)
        wrong = [] if self._copies else self.world.differs()
        last.problems += [f"not as the user wrote it, after undoing: {path}{left(life, path)}" for path in wrong]
        # Where another program had put an older version back there is nothing left to undo, and that is no harm.
        for answer in answers:
            last.problems += refusals(answer, wrong)
        self._verify(life, last)
        life.end(signal.SIGKILL)
        self._report(last)


def left(life: Life, path: str) -> str:
    """What Famulus wrote there that stands: after everything was undone, it wrote again."""
    entries = life.get("/api/journal", limit=10_000)["entries"]
    features = {each["feature"] for each in entries if each["path"] == path and each["state"] == "done"}
    standing = sorted(features - {"undo"})
    return f" (written since: {', '.join(standing)})" if standing else ""


def disagreements(life: Life, world: World) -> list[str]:
    """Where the index is not what is on the disk, by the hashes of all notes."""
    known = {note["path"]: note["hash"] for note in life.get("/api/notes", limit=10_000)["notes"]}
    there = {_nfc(path): _hash(world, path) for path in world.files() if path.endswith(".md")}
    return [
        f"not indexed as it is: {path}"
        for path in sorted(known.keys() | there.keys())
        if known.get(path) != there.get(path)
    ]


def _nfc(path: str) -> str:
    return unicodedata.normalize("NFC", path)


def _hash(world: World, path: str) -> str:
    return hashlib.sha256((world.root / path).read_bytes()).hexdigest()


def verified(life: Life, found: Round) -> None:
    """What `doctor --verify` finds: what it mends is counted, what it can not mend is a problem."""
    report = life.post("/api/index/verify", {})
    if report is None:
        found.problems.append("the index could not be verified")
        return
    found.mended += report["repaired"]
    if not report["agree"]:
        found.problems += [f"does not agree: {each}" for each in report["found"] if not each["repaired"]]


def rescued_lines(life: Life) -> set[str]:
    """Lines that Famulus keeps in the journal because two programs wrote over each other."""
    entries = life.get("/api/journal", feature="rescued", limit=10_000)["entries"]
    diffs = [life.get(f"/api/journal/{entry['id']}")["diff"] for entry in entries]
    return {line[1:].rstrip("\r") for diff in diffs for line in diff.split("\n") if line.startswith("-")}


def written(life: Life) -> set[str]:
    """The paths of all notes that Famulus wrote, or meant to."""
    return {entry["path"] for entry in life.get("/api/journal", limit=10_000)["entries"]}


def refusals(answer: Any, wrong: Collection[str]) -> list[str]:
    """What was not undone, of notes that are not as the user wrote them."""
    if answer is None:
        return ["undoing ended with an error"]
    refused = [each for each in answer["results"] if each["outcome"] == "refused" and each["path"] in wrong]
    return [f"undo of {each['id']} in {each['path']} was refused: {each['reason']}" for each in refused]
