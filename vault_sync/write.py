"""The one door through which bytes reach the vault.

Check the hash, journal the before-image, write a unique temporary file in the same folder, flush it to the disk,
check the hash again, rename, flush the folder.
"""

import errno
import logging
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from vault_sync import edit as edits
from vault_sync.edit import ABSENT, Edit, content_hash
from vault_sync.errors import NoteNotFoundError, StaleEditError, WriteRefusedError
from vault_sync.journal import Entry, Journal
from vault_sync.paths import VaultPath
from vault_sync.policy import Policy
from vault_sync.vault import Vault

log = logging.getLogger(__name__)

TEMPORARY = ".famulus-tmp-"
"""Temporary files start so: hidden, hence never indexed, and swept at the next start."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Applies Edits to files."""

    vault: Vault
    journal: Journal
    policy: Policy

    def write(self, edit: Edit, *, feature: str, run: str) -> str:
        """Apply one Edit; returns the hash of the note's new bytes.

        Raises StaleEditError where the note is not the one that the Edit was made for, and WriteRefusedError where
        policy or the file system forbids it. In both cases the note is as it was.
        """
        if not self.policy.writable(edit.path):
            raise WriteRefusedError(
                f"{edit.path!r} was not changed.", "Policy forbids writing there.", "Change `exclude` in famulus.toml."
            )
        before = self._current(edit.path)
        after = edits.apply(edit, before)
        digest = content_hash(after)
        if after == before:
            return digest
        old = ABSENT if before is None else edit.base_hash
        entry = self.journal.intend(Entry(0, 0, feature, run, edit.path, old, digest, before, after, "intended"))
        try:
            self._replace(edit.path, before, after)
        except BaseException as error:
            self.journal.mark(entry, "failed")
            if isinstance(error, OSError):
                raise _refused(edit.path, error) from error
            raise
        self.journal.mark(entry, "done")
        log.info("Wrote %s (%s).", edit.path, feature)
        return digest

    def _current(self, path: VaultPath) -> bytes | None:
        try:
            return self.vault.read(path)[0]
        except NoteNotFoundError:
            return None

    def _replace(self, path: VaultPath, before: bytes | None, after: bytes) -> None:
        target = self.vault.locate(path) if before is not None else self.vault.file_for_new(path)
        if target is None:
            raise StaleEditError(f"The change to {path!r} was not made.", "The note is gone.")
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.parent / f"{TEMPORARY}{secrets.token_hex(8)}"
        try:
            _fill(temporary, after, target if before is not None else None)
            if self._current(path) != before:
                raise StaleEditError(
                    f"The change to {path!r} was not made.",
                    "The note was changed while it was being written.",
                    "Ask for the suggestion again.",
                )
            if before is None:
                _place_new(temporary, target)
            else:
                temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _flush_folder(target.parent)

    def sweep(self) -> int:
        """Remove temporary files that a crash left, and close their journal entries; returns how many files."""
        removed = 0
        for entry in self.journal.open_entries():
            current = self._current(entry.path)
            reached = current is not None and content_hash(current) == entry.after_hash
            self.journal.mark(entry.id, "done" if reached else "failed")
            folder = self.vault.file_for_new(entry.path).parent
            for left in folder.glob(f"{TEMPORARY}*") if folder.is_dir() else ():
                left.unlink()
                removed += 1
        return removed


def _fill(temporary: Path, data: bytes, like: Path | None) -> None:
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    with os.fdopen(handle, "wb") as file:
        if file.write(data) != len(data):
            raise OSError(errno.EIO, "short write")
        file.flush()
        if like is not None:
            info = like.stat()
            os.fchmod(file.fileno(), stat.S_IMODE(info.st_mode))
            if (info.st_uid, info.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(file.fileno(), info.st_uid, info.st_gid)
        os.fsync(file.fileno())
    if temporary.stat().st_size != len(data):
        raise OSError(errno.EIO, "the file on the disk is shorter than what was written")


def _place_new(temporary: Path, target: Path) -> None:
    """Give the file its name without ever replacing another; some file systems have no hard links."""
    try:
        os.link(temporary, target)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS):
            raise
        if target.exists():
            raise FileExistsError(errno.EEXIST, "File exists") from error
        temporary.replace(target)
    else:
        temporary.unlink()


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refused(path: VaultPath, error: OSError) -> WriteRefusedError:
    fixes = {
        errno.ENOSPC: "Free some space on the vault's disk.",
        errno.EROFS: "The vault's disk is read-only: mount it for writing.",
        errno.EACCES: "Give this user the right to write into the folder.",
        errno.EEXIST: "A note of that name exists by now; ask again.",
    }
    return WriteRefusedError(
        f"{path!r} was not changed.",
        f"The system says: {error.strerror}.",
        fixes.get(error.errno or 0, "Check the vault's disk."),
    )
