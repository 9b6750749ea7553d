"""What Famulus wrote into each note's section `related`, kept in `state.db`, and what the user took out of it."""

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from agents.links.wikilink import first_link, linked_name
from agents.related.merge import Item, Written, unresolved_key
from vault_sync.databases.state import State
from vault_sync.paths import VaultPath

KIND = "link"
"""The kind of suggestions and refusals of related notes."""


@dataclass(frozen=True, slots=True)
class Record:
    """One listed note. `evidence` is the sentence it rests on; `seen` says whether it was found in the note since.

    Only what was seen there can have been taken out by the user: an Edit may never have been written.
    """

    written: Written
    evidence: str = ""
    seen: bool = False
    generated: bool = False


@dataclass(frozen=True, slots=True)
class Linked:
    """What is known of one note; `mode` is what was last done with it (`review` or `auto`)."""

    fingerprint: str
    mode: str
    records: tuple[Record, ...]


class LinkedBook:
    """The tables `linked` and `refusals` (of links)."""

    def __init__(self, state: State) -> None:
        """Uses the given state."""
        self._state = state

    def get(self, path: VaultPath) -> Linked:
        """What is known of the note; an empty record where nothing is."""
        rows = self._state.rows("SELECT * FROM linked WHERE path = ?", (path,))
        if not rows:
            return Linked("", "", ())
        stored = json.loads(rows[0]["items"])
        return Linked(rows[0]["fingerprint"], stored["mode"], tuple(map(_record, stored["records"])))

    def put(self, path: VaultPath, linked: Linked) -> None:
        """Remember this of the note."""
        items = json.dumps(
            {"mode": linked.mode, "records": [asdict(record) for record in linked.records]}, ensure_ascii=False
        )
        with self._state.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO linked VALUES (?, ?, ?, ?)", (path, linked.fingerprint, items, time.time())
            )

    def add(self, path: VaultPath, record: Record) -> None:
        """Remember one more item, in the place of an older one for the same note."""
        linked = self.get(path)
        others = tuple(r for r in linked.records if r.written.item.target != record.written.item.target)
        self.put(path, replace(linked, records=(*others, record)))

    def observe(self, path: VaultPath, present: Mapping[str, str]) -> set[VaultPath]:
        """Compare with what stands in the note now (see `managed.present`).

        Returns the notes that the user took out since they were last seen there; these are refused from now on.
        """
        linked = self.get(path)
        here = {r for r in linked.records if _keys(r) & present.keys()}
        gone = {r.written.item.target for r in linked.records if r.seen and r not in here}
        left = tuple(replace(r, seen=r.seen or r in here) for r in linked.records if r.written.item.target not in gone)
        if left != linked.records:
            self.put(path, replace(linked, records=left))
        self._refuse(path, sorted(gone))
        return gone

    def drop(self, path: VaultPath, targets: Iterable[VaultPath]) -> None:
        """These were taken out of the note again: they are refused from now on."""
        gone = set(targets)
        linked = self.get(path)
        kept = tuple(record for record in linked.records if record.written.item.target not in gone)
        if kept != linked.records:
            self.put(path, replace(linked, records=kept))
        self._refuse(path, sorted(gone))

    def forgive(self, path: VaultPath, targets: Iterable[VaultPath]) -> None:
        """These are wanted again."""
        with self._state.transaction() as connection:
            connection.executemany(
                "DELETE FROM refusals WHERE path = ? AND target = ? AND kind = ?", [(path, t, KIND) for t in targets]
            )

    def _refuse(self, path: VaultPath, targets: Sequence[VaultPath]) -> None:
        with self._state.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO refusals VALUES (?, ?, ?, ?)",
                [(path, target, KIND, time.time()) for target in targets],
            )

    def refused(self, path: VaultPath) -> set[str]:
        """The notes that the user does not want listed in this one."""
        rows = self._state.rows("SELECT target FROM refusals WHERE path = ? AND kind = ?", (path, KIND))
        return {row["target"] for row in rows}

    def forget(self, gone: Callable[[VaultPath], bool]) -> None:
        """Forget what was written into these notes, and what quotes them in others. What was refused stays refused."""
        for row in self._state.rows("SELECT path FROM linked"):
            linked = self.get(row["path"])
            left = tuple(record for record in linked.records if not gone(record.written.item.target))
            if gone(row["path"]):
                with self._state.transaction() as connection:
                    connection.execute("DELETE FROM linked WHERE path = ?", (row["path"],))
            elif left != linked.records:
                self.put(row["path"], replace(linked, records=left))

    def moved(self, old: VaultPath, new: VaultPath) -> None:
        """Carry over what is known when a note gets another path, as a source and as a target."""
        with self._state.transaction() as connection:
            connection.execute("UPDATE OR REPLACE linked SET path = ? WHERE path = ?", (new, old))
            for column in ("path", "target"):
                connection.execute(f"UPDATE OR REPLACE refusals SET {column} = ? WHERE {column} = ?", (new, old))
            connection.execute(
                "DELETE FROM suggestions WHERE (path = ? OR target = ?) AND kind = ? AND state IN ('pending', 'stale')",
                (old, old, KIND),
            )
        for row in self._state.rows(
            "SELECT path FROM linked WHERE instr(items, ?)", (json.dumps(old, ensure_ascii=False),)
        ):
            linked = self.get(row["path"])
            self.put(row["path"], replace(linked, records=tuple(_renamed(r, old, new) for r in linked.records)))


def _keys(record: Record) -> set[str]:
    """By what the item may be found in a note: its path, or its name while there is no such note."""
    link = first_link(record.written.item.link)
    return {str(record.written.item.target), unresolved_key(linked_name(link) if link else "")}


def _renamed(record: Record, old: VaultPath, new: VaultPath) -> Record:
    if record.written.item.target != old:
        return record
    return replace(record, written=replace(record.written, item=replace(record.written.item, target=new)))


def _record(raw: dict[str, object]) -> Record:
    written = raw["written"]
    assert isinstance(written, dict)
    return Record(
        Written(Item(**written["item"]), str(written["label"])),
        str(raw["evidence"]),
        bool(raw["seen"]),
        bool(raw["generated"]),
    )
