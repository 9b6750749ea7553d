"""The user's side: a vault of which every byte that the user wrote is known, and the check that it is still there."""

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path
from random import Random
from typing import Literal

from tests.torture.notes import Corpus, write_base
from tests.torture.put_in import Put, line_of, put_in, recovered, without
from tests.torture.section import OPEN, parted

Saving = Literal["rename", "rewrite", "append"]
SAVINGS: tuple[Saving, ...] = ("rename", "rewrite", "append")
TEMPORARY = ".famulus-tmp-"
NEW_FOLDER = "Новое"
FOLDERS = ("AI", "Knowledge", NEW_FOLDER)


@dataclass(frozen=True, slots=True)
class Loss:
    """Bytes of the user that are not where they were written: how many, and what it looks like."""

    path: str
    size: int
    told: str


@dataclass(frozen=True, slots=True)
class Face:
    """What of a file is not in its bytes."""

    mode: int
    mtime_ns: int


@dataclass(slots=True)
class World:
    """A vault at `root`. Every save goes through here, so that `own` holds what the user last wrote in each file."""

    root: Path
    corpus: Corpus
    rng: Random
    own: dict[str, bytes] = field(default_factory=dict)
    faces: dict[str, Face] = field(default_factory=dict)
    made: int = 0

    def fill(self, most: int) -> None:
        """Begin with notes of the sample vault."""
        write_base(self.root, most)
        for path in self.files():
            file = self.root / path
            file.chmod(self.rng.choice([0o644, 0o640, 0o600, 0o664]))
            os.utime(file, (1_700_000_000 + self.rng.randrange(10**7),) * 2)
            self._known(path, file.read_bytes())

    def files(self) -> list[str]:
        """All files by their path on the disk, temporary ones left out."""
        found = (file.relative_to(self.root) for file in self.root.rglob("*") if file.is_file())
        return sorted(path.as_posix() for path in found if not path.name.startswith(TEMPORARY))

    def leftovers(self) -> list[Path]:
        """Temporary files of Famulus."""
        return [file for file in self.root.rglob(f"{TEMPORARY}*") if file.is_file()]

    def number(self) -> str:
        """A word that stands nowhere else."""
        self.made += 1
        return f"Note-{self.made:05}"

    def new_note(self) -> str:
        """The user makes a note; returns its path."""
        number = self.number()
        path = f"{self.rng.choice(FOLDERS)}/{number}.md"
        (self.root / path).parent.mkdir(exist_ok=True)
        self.write(path, self.corpus.note(self.rng, number), "rename")
        return path

    def add_line(self, path: str, saving: Saving = "rename") -> str:
        """The user adds a line to the text as it is in the editor, which keeps the section that is on the disk."""
        line = self.corpus.line(self.rng, self.number())
        if saving == "append":
            added = f"\n{line}\n".encode()
            with (self.root / path).open("ab") as file:
                file.write(added)
            self.added(path, added)
            return line
        before, section, behind = self._parts(path)
        puts = put_in(self.own[path], before + behind)
        if puts is None:
            before = self.own[path].rstrip(b"\r\n")
            behind, puts = self.own[path][len(before) :], ()
        newline = b"\r\n" if before.count(b"\r\n") > before.count(b"\n") / 2 else b"\n"
        added, own = newline + line.encode(), without(before, puts)
        self.write(path, before + added + section + behind, saving, own=own + added + self.own[path][len(own) :])
        return line

    def added(self, path: str, data: bytes) -> None:
        """The user put these bytes at the end of a file."""
        self._known(path, self.own[path] + data)

    def write(self, path: str, data: bytes, saving: Saving, own: bytes | None = None) -> None:
        """Save a file as editors do; `own` is what of it the user wrote, where that is not all."""
        file = self.root / path
        if saving == "rename":
            beside = file.with_name(f".~{file.name}")
            beside.write_bytes(data)
            if file.exists():
                beside.chmod(stat.S_IMODE(file.stat().st_mode))
            beside.replace(file)
        else:
            file.write_bytes(data)
        self._known(path, data if own is None else own)

    def _parts(self, path: str) -> tuple[bytes, bytes, bytes]:
        """A note's bytes around the section, as `parted`; what the user quoted is no section."""
        data = (self.root / path).read_bytes()
        return (data, b"", b"") if OPEN in self.own.get(path, b"") else parted(data)

    def touch(self, path: str) -> None:
        """A file gets another time and keeps its bytes."""
        os.utime(self.root / path)
        self.accept(path)

    def date(self, path: str, at: float) -> None:
        """A file gets the time of another clock (seconds since the epoch)."""
        os.utime(self.root / path, (at, at))
        self.faces[path] = Face(self.faces[path].mode, (self.root / path).stat().st_mtime_ns)

    def move_folder(self, old: str, new: str) -> None:
        """The user gives a folder another name."""
        (self.root / old).rename(self.root / new)
        for path in [path for path in self.own if path.startswith(old + "/")]:
            moved = new + path.removeprefix(old)
            self.own[moved], self.faces[moved] = self.own.pop(path), self.faces.pop(path)

    def delete(self, path: str) -> None:
        """The user deletes a file."""
        (self.root / path).unlink()
        del self.own[path], self.faces[path]

    def saved_elsewhere(self, path: str, own: bytes) -> None:
        """Another program of the user saved a file."""
        self._known(path, own)

    def _known(self, path: str, own: bytes) -> None:
        info = (self.root / path).stat()
        self.own[path] = own
        self.faces[path] = Face(stat.S_IMODE(info.st_mode), info.st_mtime_ns)

    def notes(self) -> list[str]:
        """The notes that links may be written into: no odd ones."""
        return sorted(p for p in self.own if p.endswith(".md") and not p.startswith(("Odd/", "Digests/")))

    def losses(self) -> list[Loss]:
        """What is not there, or not as the user left it: bytes, files, modes. What Famulus put in does not count."""
        return [loss for path, own in sorted(self.own.items()) for loss in self._lost(path, own)]

    def _lost(self, path: str, own: bytes) -> Iterator[Loss]:
        file = self.root / path
        if not file.is_file():
            yield Loss(path, max(1, len(own)), "the file is gone")
            return
        before, _, behind = self._parts(path)
        if put_in(own, before + behind) is None:
            size = missing(own, recovered(own, before + behind))
            yield Loss(path, size, "the user's bytes are not what they were")
        mode = stat.S_IMODE(file.stat().st_mode)
        if mode != self.faces[path].mode:
            yield Loss(path, 0, f"its mode is {mode:o}, it was {self.faces[path].mode:o}")

    def has_section(self, path: str) -> bool:
        """Whether Famulus has written its section into a note."""
        return path in self.own and bool(self._parts(path)[1])

    def missing_lines(self, path: str) -> list[str]:
        """The user's lines that are nowhere in the note any more."""
        file = self.root / path
        lines = self.own[path].splitlines()
        there = {line_of(lines, line) for line in file.read_bytes().splitlines()} if file.is_file() else set()
        return [line.decode() for line in lines if line and line not in there]

    def accept(self, path: str) -> None:
        """The note is now as the user wants it, without what Famulus put in."""
        before, _, behind = self._parts(path)
        self._known(path, recovered(self.own[path], before + behind))

    def put(self, path: str) -> tuple[Put, ...]:
        """What Famulus has put into the user's text, the section left out."""
        before, _, behind = self._parts(path)
        return put_in(self.own[path], before + behind) or ()

    def touched(self, but: Iterable[str]) -> list[str]:
        """Files whose time changed although Famulus never wrote them; `but` are those that it wrote."""
        written = set(but)
        return [
            path
            for path, face in self.faces.items()
            if path not in written and (self.root / path).stat().st_mtime_ns != face.mtime_ns
        ]

    def differs(self) -> list[str]:
        """Files that are not byte for byte what the user wrote, or that the user never made."""
        wrong = [path for path, own in self.own.items() if (self.root / path).read_bytes() != own]
        return wrong + sorted(set(self.files()) - set(self.own))


def missing(own: bytes, now: bytes) -> int:
    """How many bytes of the user's lines are no longer there in their order; at least 1 where anything differs."""
    lines, left = own.splitlines(keepends=True), now.splitlines(keepends=True)
    matcher = SequenceMatcher(None, lines, left, autojunk=False)
    kept = sum(len(line) for block in matcher.get_matching_blocks() for line in lines[block.a : block.a + block.size])
    return max(1, len(own) - kept)
