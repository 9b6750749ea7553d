"""What Famulus last wrote into each section by the user's prompts, kept in `state.db`, and what was taken out of it."""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace

from agents.sections.section_text import Line, Listed
from vault_sync.databases.state import State
from vault_sync.paths import VaultPath


@dataclass(frozen=True, slots=True)
class SectionRecord:
    """What is known of one section of one note.

    `fingerprint` stands for all that `lines` were made of; `written` are the items that Famulus wrote into the note,
    `refused` the keys of those that the user took out.
    """

    fingerprint: str = ""
    lines: tuple[Line, ...] = ()
    score: float = 0.0
    generated: bool = False
    written: tuple[Listed, ...] = ()
    refused: tuple[str, ...] = ()


class SectionBook:
    """The table `sections`."""

    def __init__(self, state: State) -> None:
        """Uses the given state."""
        self._state = state

    def get(self, path: VaultPath, name: str) -> SectionRecord:
        """What is known; an empty record where nothing is."""
        rows = self._state.rows("SELECT record FROM sections WHERE path = ? AND name = ?", (path, name))
        return from_text(rows[0]["record"]) if rows else SectionRecord()

    def put(self, path: VaultPath, name: str, record: SectionRecord) -> None:
        """Remember this."""
        text = to_text(record)
        with self._state.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO sections VALUES (?, ?, ?, ?)", (path, name, text, time.time()))

    def observe(self, path: VaultPath, name: str, there: Iterable[str] | None) -> bool:
        """Compare with the items that stand in the note now, None where it has no such section.

        What the user took out is refused from now on. Returns whether all of it was.
        """
        record, texts = self.get(path, name), frozenset(there or ())
        gone = [each.line.key for each in record.written if each.seen and each.line.text not in texts]
        left = tuple(
            replace(each, seen=each.seen or each.line.text in texts)
            for each in record.written
            if not each.seen or each.line.text in texts
        )
        now = replace(record, written=left, refused=tuple(dict.fromkeys((*record.refused, *gone))))
        if now != record:
            self.put(path, name, now)
        return there is None and bool(gone)

    def forgive(self, path: VaultPath, name: str) -> None:
        """The user asks for the section by name: what was taken out may come again."""
        record = self.get(path, name)
        if record.refused:
            self.put(path, name, replace(record, refused=(), fingerprint=""))

    def forget(self, gone: Callable[[VaultPath], bool]) -> None:
        """Forget what was written into these notes, and what quotes them in others."""
        for row in self._state.rows("SELECT path, name, record FROM sections"):
            path, record = VaultPath(row["path"]), from_text(row["record"])
            left = tuple(each for each in record.written if not gone(each.line.path))
            if gone(path):
                with self._state.transaction() as connection:
                    connection.execute("DELETE FROM sections WHERE path = ?", (path,))
            elif left != record.written or any(gone(line.path) for line in record.lines):
                self.put(path, row["name"], replace(record, fingerprint="", lines=(), written=left))

    def moved(self, old: VaultPath, new: VaultPath) -> None:
        """Carry over what is known when a note gets another path, also what is known of it in other notes."""
        with self._state.transaction() as connection:
            connection.execute("UPDATE OR REPLACE sections SET path = ? WHERE path = ?", (new, old))
        for row in self._state.rows("SELECT path, name, record FROM sections"):
            record = from_text(row["record"])
            lines = tuple(_moved(line, old, new) for line in record.lines)
            written = tuple(replace(each, line=_moved(each.line, old, new)) for each in record.written)
            if (lines, written) != (record.lines, record.written):
                self.put(VaultPath(row["path"]), row["name"], replace(record, lines=lines, written=written))


def _moved(line: Line, old: VaultPath, new: VaultPath) -> Line:
    return replace(line, path=new) if line.path == old else line


def unwritten(record: SectionRecord) -> SectionRecord:
    """The record without what happened to it in the note."""
    return replace(record, written=(), refused=())


def to_text(record: SectionRecord) -> str:
    """A record as JSON."""
    return json.dumps(asdict(record), ensure_ascii=False)


def from_text(text: str) -> SectionRecord:
    """The record that `to_text` wrote."""
    raw = json.loads(text)
    lines = tuple(Line(**line) for line in raw.pop("lines"))
    written = tuple(Listed(Line(**each["line"]), each["label"], each["seen"]) for each in raw.pop("written"))
    return SectionRecord(**{**raw, "lines": lines, "written": written, "refused": tuple(raw["refused"])})
