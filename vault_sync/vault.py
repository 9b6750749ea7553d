"""The vault's folder on the disk: finding, listing and reading files, never through a symlink."""

import errno
import hashlib
import os
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vault_sync.errors import BadPathError, NoteNotFoundError, UnreadableNoteError, VaultUnavailableError
from vault_sync.paths import VaultPath, is_pdf, vault_path
from vault_sync.pdf import INSTALL
from vault_sync.policy import Policy
from vault_sync.records import FileStamp

MAX_NOTE_BYTES = 5 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Listing:
    """What a scan saw: the stamp of each readable note, and what was passed over with the reason."""

    files: dict[VaultPath, FileStamp]
    passed_over: dict[str, str]


class Vault:
    """A folder with notes. Holds no state but the folder's name."""

    def __init__(self, root: Path) -> None:
        """Raises VaultUnavailableError where `root` is missing, not a folder or not readable."""
        self.root = Path(os.path.abspath(root))
        self.check()
        self.root = self.root.resolve()

    @property
    def id(self) -> str:
        """Names this vault in the data folder: the folder's name and a hash of where it is."""
        digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]
        return f"{self.root.name}-{digest}"

    def identity(self) -> str:
        """Device and inode of the folder: another one means that something was mounted or unmounted."""
        info = self.root.stat()
        return f"{info.st_dev}:{info.st_ino}"

    def check(self) -> None:
        """Raises VaultUnavailableError where the folder can not be listed now."""
        try:
            with os.scandir(self.root):
                return
        except OSError as error:
            raise _unavailable(self.root, error) from error

    def list(self, policy: Policy) -> Listing:
        """All readable notes. Raises VaultUnavailableError where the folder went away meanwhile."""
        self.check()
        files: dict[VaultPath, FileStamp] = {}
        passed_over: dict[str, str] = {}
        for disk_path, problem in self._walk(policy, passed_over):
            path = vault_path(disk_path)
            if problem:
                passed_over[path] = problem
            elif path in files:
                passed_over[disk_path] = "Another file has the same name in another Unicode form."
            elif policy.readable(path) and (stamp := self._stamp(disk_path)):
                files[path] = stamp
            elif is_pdf(path) and not policy.pdf:
                passed_over[path] = f"Nothing is installed that reads PDFs. {INSTALL}"
        self.check()
        return Listing(files, passed_over)

    def _walk(self, policy: Policy, passed_over: dict[str, str]) -> Iterator[tuple[str, str]]:
        pending = [""]
        while pending:
            folder = pending.pop()
            try:
                entries = sorted(os.scandir(self.root / folder), key=lambda entry: entry.name)
            except OSError as error:
                passed_over[folder or "."] = f"The folder can not be read: {error.strerror}."
                continue
            for entry in entries:
                relative = f"{folder}/{entry.name}" if folder else entry.name
                if policy.hidden(unicodedata.normalize("NFC", relative)):
                    continue
                if not _printable(entry.name):
                    passed_over[ascii(relative)] = "The name is not valid UTF-8."
                elif entry.is_symlink():
                    yield relative, "It is a symbolic link; these are not followed."
                elif entry.is_dir(follow_symlinks=False):
                    pending.append(relative)
                else:
                    yield relative, ""

    def out_of_sight(self, policy: Policy) -> Iterator[FileStamp]:
        """The stamps of notes that the owner excluded. They are not opened."""
        for folder, folders, names in os.walk(self.root):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in filter(policy.has_text, names):
                relative = (Path(folder) / name).relative_to(self.root).as_posix()
                if policy.excluded(unicodedata.normalize("NFC", relative)) and (stamp := self._stamp(relative)):
                    yield stamp

    def _stamp(self, disk_path: str) -> FileStamp | None:
        try:
            info = os.stat(self.root / disk_path, follow_symlinks=False)
        except FileNotFoundError:
            return None
        return FileStamp(disk_path, info.st_size, info.st_mtime_ns) if stat.S_ISREG(info.st_mode) else None

    def locate(self, path: VaultPath) -> Path | None:
        """The file on the disk that has this path in NFC, or None. Never one behind a symlink."""
        current = self.root
        for part in path.split("/"):
            found = current / part
            if not os.path.lexists(found):
                spelt = _spelling(current, part)
                if spelt is None:
                    return None
                found = current / spelt
            if found.is_symlink():
                return None
            current = found
        return current

    def stamp(self, path: VaultPath) -> FileStamp | None:
        """The file's stamp, None where there is no such regular file."""
        found = self.locate(path)
        return self._stamp(str(found.relative_to(self.root))) if found else None

    def read(self, path: VaultPath, limit: int = MAX_NOTE_BYTES) -> tuple[bytes, FileStamp]:
        """A note's bytes with the stamp that they had.

        Raises NoteNotFoundError, or UnreadableNoteError where it is too large or may not be read.
        """
        found = self.locate(path)
        if found is None:
            raise NoteNotFoundError(f"There is no note {path!r}.", "", "Check the spelling of the path.")
        try:
            handle = os.open(found, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(handle, "rb") as file:
                info = os.fstat(file.fileno())
                if not stat.S_ISREG(info.st_mode):
                    raise NoteNotFoundError(f"{path!r} is not a file.")
                if info.st_size > limit:
                    raise _too_large(path, info.st_size, limit)
                return file.read(), FileStamp(str(found.relative_to(self.root)), info.st_size, info.st_mtime_ns)
        except FileNotFoundError as error:
            raise NoteNotFoundError(f"There is no note {path!r}.") from error
        except OSError as error:
            raise UnreadableNoteError(
                f"The note {path!r} was not read.",
                f"The system says: {error.strerror}.",
                "Check the file's permissions.",
            ) from error

    def head(self, path: VaultPath, size: int = 64 * 1024) -> bytes:
        """A note's first bytes, also of one that is too large; empty where there is nothing to be read."""
        found = self.locate(path)
        try:
            handle = os.open(found, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK) if found else -1
            with os.fdopen(handle, "rb") as file:
                return file.read(size) if stat.S_ISREG(os.fstat(handle).st_mode) else b""
        except (OSError, ValueError):
            return b""

    def file_for_new(self, path: VaultPath) -> Path:
        """Where a new file of this path goes; folders that exist keep their spelling.

        Raises BadPathError where a folder on the way is a symlink or a file.
        """
        current = self.root
        *folders, name = path.split("/")
        for part in folders:
            spelt = part if os.path.lexists(current / part) else _spelling(current, part) or part
            current = current / spelt
            if current.is_symlink() or (current.exists() and not current.is_dir()):
                raise BadPathError(f"{path!r} was not written.", f"{part!r} is a symbolic link or a file.")
        return current / name


def _spelling(folder: Path, part: str) -> str | None:
    try:
        names = os.listdir(folder)
    except OSError:
        return None
    return next((name for name in names if unicodedata.normalize("NFC", name) == part), None)


def _printable(name: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in name)


def _too_large(path: VaultPath, size: int, limit: int) -> UnreadableNoteError:
    return UnreadableNoteError(
        f"The note {path!r} is not indexed.",
        f"It has {size / 1e6:.1f} MB; the limit is {limit / 1e6:.1f} MB.",
        "Split it, exclude it, or raise `max_note_mb` in famulus.toml.",
    )


def _unavailable(root: Path, error: OSError) -> VaultUnavailableError:
    causes = {
        errno.ENOENT: ("There is no such folder.", "Check the path; mount the disk if it is on one."),
        errno.ENOTDIR: ("It is a file.", "Name the folder that holds your notes."),
        errno.EACCES: ("You may not read it.", "Give this user the right to read the folder."),
    }
    cause, fix = causes.get(error.errno or 0, (f"The system says: {error.strerror}.", "Check the disk or the mount."))
    return VaultUnavailableError(f"The vault {str(root)!r} can not be opened.", cause, fix)
