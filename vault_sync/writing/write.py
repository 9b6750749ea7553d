"""The one door through which bytes reach the vault.

Check the hash, journal the before-image, write a unique temporary file in the same folder, flush it to the disk,
check the hash again, swap, look at what was displaced, flush the folder.
"""

import logging
import os
import secrets
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from vault_sync.errors import (
    NoteBusyError,
    NoteNotFoundError,
    StaleEditError,
    UndoRefusedError,
    VaultError,
    WriteRefusedError,
)
from vault_sync.paths import VaultPath, vault_path
from vault_sync.policy.policy import PolicySource
from vault_sync.vault import Vault
from vault_sync.watching.syncing import unresolved
from vault_sync.writing import files
from vault_sync.writing.edit import ABSENT, Edit, Removal, content_hash, hash_or_absent, outcome
from vault_sync.writing.files import TEMPORARY
from vault_sync.writing.journal import Entry, EntryState, Images, Journal
from vault_sync.writing.undo import reverse

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Begun:
    """A write that is journaled and may now happen: by `Writer.finish`, or by the app. No entry: nothing changes."""

    change: Edit | Removal
    before: bytes | None
    after: bytes | None
    entry: Entry | None

    @property
    def digest(self) -> str:
        """The hash of the note's bytes afterwards; `ABSENT` where it is removed."""
        return hash_or_absent(self.after)


@dataclass(frozen=True, slots=True)
class Writer:
    """Applies Edits to files."""

    vault: Vault
    journal: Journal
    policy: PolicySource
    settle_seconds: float = 0.0
    """A note that somebody else changed more recently than this is not touched."""

    def write(self, change: Edit | Removal, *, feature: str, run: str, undoes: int | None = None) -> str:
        """Apply one Edit; returns the hash of the note's new bytes.

        Raises StaleEditError where the note is not the one that the Edit was made for, NoteBusyError where it is being
        changed, and WriteRefusedError where policy or the file system forbids it. In all cases the note is as it was.
        """
        return self.finish(self.begin(change, feature=feature, run=run, undoes=undoes))

    def begin(self, change: Edit | Removal, *, feature: str, run: str, undoes: int | None = None) -> Begun:
        """Check the change and journal it. Whoever then applies it says so by `finish` or `settle`."""
        path = change.path
        before = self._current(path)
        self._check_policy(change, before)
        after = outcome(change, before)
        if before is not None and unresolved(before):
            raise WriteRefusedError(
                f"{path!r} was not changed.", "It holds a merge conflict that is not resolved.", "Resolve the conflict."
            )
        if after == before:
            return Begun(change, before, after, None)
        wait = self.unsettled_seconds(path)
        if wait > 0:
            raise NoteBusyError(
                f"{path!r} was not changed.", "It was saved a moment ago; somebody may be writing.", "Try again soon."
            )
        name = f"{TEMPORARY}{secrets.token_hex(8)}"
        try:
            images = Images(before, after)
            entry = self.journal.intend(path, images, feature=feature, run=run, undoes=undoes, temporary=name)
        except sqlite3.Error as error:
            raise WriteRefusedError(
                f"{path!r} was not changed.",
                f"The journal could not be written: {error}.",
                "Make room on the disk of the data folder.",
            ) from error
        return Begun(change, before, after, entry)

    def _check_policy(self, change: Edit | Removal, before: bytes | None) -> None:
        policy, path = self.policy.current, change.path
        if isinstance(change, Edit) and change.base_hash == ABSENT and not policy.creatable(path):
            cause = f"New notes are made in the folder {policy.new_notes!r} only, and where policy allows writing."
            raise WriteRefusedError(
                f"{path!r} was not made.", cause, "Set `new_notes` under [writing] in famulus.toml."
            )
        if not policy.writable(path) or (before is not None and policy.private_data(before)):
            cause = "Policy forbids writing there: it is excluded, a template, or outside of the folders for writing."
            raise WriteRefusedError(
                f"{path!r} was not changed.", cause, "Set `folders` under [writing] in famulus.toml."
            )

    def unsettled_seconds(self, path: VaultPath) -> float:
        """How long until the note counts as settled; 0 where it does, and for what Famulus itself wrote last."""
        stamp = self.vault.stamp(path)
        if stamp is None or not self.settle_seconds:
            return 0.0
        # A time in the future comes from a clock that was set back, or from another computer: it is no fresh save.
        age = time.time() - stamp.mtime_ns / 1e9
        if not 0 <= age < self.settle_seconds:
            return 0.0
        current = self._current(path)
        ours = current is not None and content_hash(current) == self.journal.last_written(path)
        return 0.0 if ours else self.settle_seconds - age

    def finish(self, begun: Begun) -> str:
        """Write what was begun. Raises as `write` does."""
        entry = begun.entry
        if entry is None:
            return begun.digest
        try:
            self._carry_out(entry, begun)
        except OSError as error:
            if not self._took_place(entry, begun):
                raise files.refused(entry.path, error) from error
            log.error("%s is written, but it may not outlive a power cut: %s", entry.path, error)
        except BaseException:
            self._took_place(entry, begun)
            raise
        self._mark(entry, "done")
        log.info("Wrote %s (%s).", entry.path, entry.feature)
        return begun.digest

    def _took_place(self, entry: Entry, begun: Begun) -> bool:
        """After an error: whether the new bytes are in place all the same. Where they are not, the write has failed.

        While the temporary file is still there, only a look at what it is can tell; `sweep` does that.
        """
        if self._beside(entry).exists():
            return False
        done = self._current(entry.path) == begun.after
        if not done:
            self._mark(entry, "failed")
        return done

    def _mark(self, entry: Entry, state: EntryState) -> None:
        try:
            self.journal.mark(entry.id, state)
        except sqlite3.Error as error:
            log.error("How the write of %s ended was not recorded; the next start finds it out: %s", entry.path, error)

    def settle(self, begun: Begun, *, done: bool = False) -> bool:
        """Record whether a write that somebody else was to make took place, and tell it.

        Where it is not known to be `done`, what lies on the disk decides.
        """
        entry = begun.entry
        done = done or entry is None or self._current(entry.path) == begun.after
        if entry is not None:
            self._mark(entry, "done" if done else "failed")
        return done

    def _current(self, path: VaultPath) -> bytes | None:
        try:
            return self.vault.read(path)[0]
        except NoteNotFoundError:
            return None

    def _carry_out(self, entry: Entry, begun: Begun) -> None:
        if begun.after is None:
            target = self._existing(entry.path)
            files.take_away(target, target.parent / entry.temporary, begun.before or b"")
        elif begun.before is None:
            target = self.vault.file_for_new(entry.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            files.place_new(target, target.parent / entry.temporary, begun.after)
        else:
            target = self._existing(entry.path)
            displaced = files.put_in_place(target, target.parent / entry.temporary, begun.before, begun.after)
            if displaced is not None:
                self._rescue(entry, displaced)
        files.flush_folder(target.parent)

    def _existing(self, path: VaultPath) -> Path:
        target = self.vault.locate(path)
        if target is None:
            raise StaleEditError(f"The change to {path!r} was not made.", "The note is gone.")
        return target

    def _rescue(self, entry: Entry, data: bytes) -> None:
        """Keep bytes that two programs wrote over each other's in the moment of a write: in the journal."""
        images = Images(data, self._current(entry.path))
        kept = self.journal.intend(entry.path, images, feature="rescued", run=entry.run)
        self.journal.mark(kept.id, "done")
        log.error(
            "Bytes of %s that were written during a write are kept in the journal as entry %d.", entry.path, kept.id
        )

    def _beside(self, entry: Entry) -> Path:
        return self.vault.file_for_new(entry.path).parent / entry.temporary

    def leftovers(self) -> Iterator[tuple[str, str]]:
        """Name and place of each temporary file in the vault; a folder that policy hides is not named."""
        for folder, folders, names in os.walk(self.vault.root):
            folders[:] = [name for name in folders if not name.startswith(".")]
            place = Path(folder).relative_to(self.vault.root).as_posix()
            for name in (name for name in names if name.startswith(TEMPORARY)):
                yield name, name if place == "." or self.policy.current.hidden(place) else f"{place}/{name}"

    def sweep(self) -> int:
        """Finish or take back what a crash interrupted; returns how many temporary files were removed.

        Where the folder of a note is not there, or the vault is empty (unmounted, perhaps), entries stay open for the
        next time. No write may be under way.
        """
        removed = 0
        if not any(self.vault.root.iterdir()):
            return 0
        for entry in self.journal.open_entries():
            try:
                left = self._left(entry)
                if left is not None or self._beside(entry).parent.is_dir():
                    removed += self._sweep(self._followed(entry, left), left)
            except (VaultError, OSError) as error:
                log.error("The interrupted write of %s was not looked after: %s", entry.path, error)
        return removed

    def _sweep(self, entry: Entry, left: Path | None) -> bool:
        images = self.journal.images(entry.id) or Images(None, None)
        moved = _holds(entry, images, self._current(entry.path)) if left is None else self._clear(entry, images, left)
        self.journal.mark(entry.id, _ended(entry, images, self._current(entry.path), moved=moved))
        return left is not None

    def _left(self, entry: Entry) -> Path | None:
        """The entry's temporary file where there is one, also where its folder has another name by now."""
        if not entry.temporary or self._beside(entry).is_file():
            return self._beside(entry) if entry.temporary else None
        return next(iter(self.vault.root.rglob(entry.temporary)), None)

    def _followed(self, entry: Entry, left: Path | None) -> Entry:
        """The entry at the path that its note has now, where the folder of both was renamed."""
        if left is None or left.parent == self._beside(entry).parent or self.vault.locate(entry.path) is not None:
            return entry
        path = vault_path((left.parent / PurePosixPath(entry.path).name).relative_to(self.vault.root).as_posix())
        if self.vault.locate(path) is None:
            return entry
        self.journal.moved(entry.path, path)
        return replace(entry, path=path)

    def _clear(self, entry: Entry, images: Images, left: Path) -> bool:
        """Remove a temporary file without losing what a user wrote; tells whether it was the displaced note."""
        data = left.read_bytes()
        target = self.vault.locate(entry.path)
        ours = (images.after or b"").startswith(data) or (target is not None and left.samefile(target))
        if data != images.before and not ours:
            if target is not None and self._current(entry.path) == images.after:
                left.replace(target)
                files.flush_folder(target.parent)
                return False
            self._rescue(entry, data)
        left.unlink()
        return data == images.before


def _holds(entry: Entry, images: Images, current: bytes | None) -> bool:
    """Whether a note that was changed since holds what was written; a write that was given up left nothing in it."""
    if current is None or images.before is None or images.after is None:
        return True
    try:
        reverse(entry.path, images, current)
    except UndoRefusedError:
        return False
    return True


def _ended(entry: Entry, images: Images, current: bytes | None, *, moved: bool) -> EntryState:
    """How an interrupted write ended; `moved` says that the new bytes came into the note."""
    if entry.state != "intended":
        return entry.state
    if current in (images.before, images.after):
        return "done" if current == images.after else "failed"
    return "done" if moved else "failed"
