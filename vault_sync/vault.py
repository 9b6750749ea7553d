"""The vault's folder on the disk: finding, listing and reading files, never through a symlink."""

import errno
import hashlib
import os
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import TypeAlias

from vault_sync.errors import BadPathError, NoteNotFoundError, UnreadableNoteError, VaultUnavailableError
from vault_sync.index.records import FileStamp
from vault_sync.notes.pdf import INSTALL
from vault_sync.paths import VaultPath, is_pdf, is_text
from vault_sync.policy.policy import Policy

MAX_NOTE_BYTES = 5 * 1024 * 1024
LATEST = 2**63 - 1
"""The last time in ns that SQLite can keep (in the year 2262); disks know later ones."""
_NOT_UTF8 = "The name is not valid UTF-8."
_UNFIT = "The name holds a backslash or is that of a drive: on other systems it means something else."

Entry: TypeAlias = "os.DirEntry[str]"


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
        for path, disk_path, entry in self._walk(policy, passed_over):
            if path in files:
                passed_over[disk_path] = "Another file has the same name in another Unicode form."
            elif policy.readable(path):
                try:
                    if stamp := _stamp_of(entry, disk_path):
                        files[path] = stamp
                except OSError as error:
                    passed_over[path] = f"It can not be looked at: {error.strerror}."
            elif is_pdf(path) and not policy.pdf and not policy.hidden(path):
                passed_over[path] = f"Nothing is installed that reads PDFs. {INSTALL}"
        self.check()
        return Listing(files, passed_over)

    def _walk(self, policy: Policy, passed_over: dict[str, str]) -> Iterator[tuple[VaultPath, str, Entry]]:
        """Every file that is no link, hidden ones too, with its path; folders that policy hides are not entered."""
        pending = [("", "")]
        while pending:
            disk_folder, folder = pending.pop()
            try:
                entries = sorted(os.scandir(f"{self.root}/{disk_folder}"), key=attrgetter("name"))
            except OSError as error:
                passed_over[disk_folder or "."] = f"The folder can not be read: {error.strerror}."
                continue
            for entry in entries:
                name = entry.name if entry.name.isascii() else unicodedata.normalize("NFC", entry.name)
                path = VaultPath(f"{folder}/{name}" if folder else name)
                disk_path = f"{disk_folder}/{entry.name}" if disk_folder else entry.name
                if problem := _problem(entry, at_top=not folder):
                    if not policy.hidden(path):
                        passed_over[path if problem is not _NOT_UTF8 else ascii(disk_path)] = problem
                elif not entry.is_dir(follow_symlinks=False):
                    yield path, disk_path, entry
                elif not policy.hidden(path):
                    pending.append((disk_path, path))

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
            return _regular(os.lstat(f"{self.root}/{disk_path}"), disk_path)
        except OSError:
            return None

    def locate(self, path: VaultPath) -> Path | None:
        """The file on the disk that has this path in NFC, or None. Never one behind a symlink."""
        found = self._find(path)
        return self.root / found[0] if found else None

    def stamp(self, path: VaultPath) -> FileStamp | None:
        """The file's stamp, None where there is no such regular file."""
        found = self._find(path)
        return _regular(found[1], found[0]) if found else None

    def _find(self, path: VaultPath) -> tuple[str, os.stat_result] | None:
        """The path on the disk, relative to the vault, and what the disk says of the file."""
        info: os.stat_result | None = None
        spelt = ""
        for part in path.split("/"):
            name, info = _part(f"{self.root}/{spelt}", part)
            if info is None or stat.S_ISLNK(info.st_mode) or _unfit(part, at_top=not spelt):
                return None
            spelt = f"{spelt}/{name}" if spelt else name
        return (spelt, info) if info else None

    def read(self, path: VaultPath, limit: int = MAX_NOTE_BYTES) -> tuple[bytes, FileStamp]:
        """A note's bytes with the stamp that they had.

        Raises NoteNotFoundError, or UnreadableNoteError where it is too large or may not be read.
        """
        found = self._find(path)
        if found is None:
            raise NoteNotFoundError(f"There is no note {path!r}.", "", "Check the spelling of the path.")
        try:
            handle = os.open(f"{self.root}/{found[0]}", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(handle, "rb") as file:
                info = os.fstat(file.fileno())
                if not stat.S_ISREG(info.st_mode):
                    raise NoteNotFoundError(f"{path!r} is not a file.")
                if info.st_size > limit:
                    raise _too_large(path, info.st_size, limit)
                return file.read(), _stamped(info, found[0])
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


def _part(folder: str, part: str) -> tuple[str, os.stat_result | None]:
    """How this part of a path is spelt in the folder, and what the disk says of it."""
    info = _lstat(f"{folder}/{part}")
    if info is None and (spelt := _spelling(folder, part)) is not None:
        return spelt, _lstat(f"{folder}/{spelt}")
    return part, info


def _lstat(file: str) -> os.stat_result | None:
    try:
        return os.lstat(file)
    except (OSError, ValueError):
        return None


def _spelling(folder: Path | str, part: str) -> str | None:
    try:
        names = os.listdir(folder)
    except OSError:
        return None
    return next((name for name in names if unicodedata.normalize("NFC", name) == part), None)


def _problem(entry: Entry, *, at_top: bool) -> str:
    """Why a file or folder is passed over; empty where it is not."""
    name = entry.name
    if not is_text(name):
        return _NOT_UTF8
    if entry.is_symlink():
        return "It is a symbolic link; these are not followed."
    return _UNFIT if _unfit(name, at_top=at_top) else ""


def _unfit(name: str, *, at_top: bool) -> bool:
    """Whether the name means something else on another system, so that no vault path has such a part."""
    return "\\" in name or (at_top and len(name) == 2 and name[1] == ":")


def _stamp_of(entry: Entry, disk_path: str) -> FileStamp | None:
    try:
        return _regular(entry.stat(follow_symlinks=False), disk_path)
    except FileNotFoundError:
        return None


def _regular(info: os.stat_result, disk_path: str) -> FileStamp | None:
    return _stamped(info, disk_path) if stat.S_ISREG(info.st_mode) else None


def _stamped(info: os.stat_result, disk_path: str) -> FileStamp:
    return FileStamp(disk_path, info.st_size, min(info.st_mtime_ns, LATEST))


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
