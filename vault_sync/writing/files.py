"""Putting bytes under a name without ever losing what another program put there. Used by `write.py` only."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vault_sync.errors import NoteBusyError, StaleEditError, WriteRefusedError
from vault_sync.paths import VaultPath
from vault_sync.writing.swap import has_writer, swap

TEMPORARY = ".famulus-tmp-"
"""Temporary files start so: hidden, hence never indexed; the journal knows each by name."""


def put_in_place(target: Path, temporary: Path, before: bytes, after: bytes) -> bytes | None:
    """Replace `before` by `after` at `target`. Raises StaleEditError, NoteBusyError or OSError; nothing is then changed.

    Returns bytes that have no place of their own any more, which only two writers in the same instant can cause.
    """
    with _removed_on_error(temporary):
        fill(temporary, after, like=target)
        if target.read_bytes() != before:
            raise _changed(target)
        if not swap(temporary, target):
            temporary.replace(target)
            return None
    # From here on the temporary file is the user's: whatever goes wrong, it is not removed unseen.
    if not has_writer(temporary) and temporary.read_bytes() == before:
        temporary.unlink()
        return None
    return _swap_back(target, temporary, after)


@contextmanager
def _removed_on_error(temporary: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        # What can not be removed now (a disk that became read-only) is known to the journal and swept later.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def _swap_back(target: Path, temporary: Path, after: bytes) -> bytes | None:
    """Another program was at the note in the moment of the swap: it keeps its file, and our bytes are given up."""
    swap(temporary, target)
    if temporary.read_bytes() == after:
        temporary.unlink()
        raise _changed(target)
    # In between yet another version came: it is the newest and belongs in place; the older one is handed out.
    swap(temporary, target)
    older = temporary.read_bytes()
    temporary.unlink()
    return older


def _changed(target: Path) -> StaleEditError | NoteBusyError:
    effect = f"The change to {target.name!r} was not made."
    if has_writer(target):
        return NoteBusyError(effect, "Another program is writing the note.", "Try again soon.")
    return StaleEditError(effect, "The note was changed while it was being written.", "Ask for the suggestion again.")


def place_new(target: Path, temporary: Path, data: bytes) -> None:
    """Give new bytes the name `target`. Raises FileExistsError where a file has it."""
    with _removed_on_error(temporary):
        fill(temporary, data)
        _name(temporary, target)


def take_away(target: Path, temporary: Path, expected: bytes) -> None:
    """Remove the file that holds `expected`. Raises StaleEditError where it holds something else; it is then kept."""
    target.rename(temporary)
    if not has_writer(temporary) and temporary.read_bytes() == expected:
        temporary.unlink()
        return
    _name(temporary, target)
    raise _changed(target)


def _name(temporary: Path, target: Path) -> None:
    """Give the temporary file its name without ever replacing another; some file systems have no hard links."""
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


def fill(temporary: Path, data: bytes, like: Path | None = None) -> None:
    """Make a file with these bytes, flushed to the disk, with mode, owner and attributes of `like`."""
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if like is None else 0o600)
    with os.fdopen(handle, "wb") as file:
        if like is not None:
            _copy_attributes(like, file.fileno())
        if file.write(data) != len(data):
            raise OSError(errno.EIO, "short write")
        file.flush()
        os.fsync(file.fileno())
    if temporary.stat().st_size != len(data):
        raise OSError(errno.EIO, "the file on the disk is shorter than what was written")


def _copy_attributes(like: Path, handle: int) -> None:
    info, ours = like.stat(), os.fstat(handle)
    if (info.st_uid, info.st_gid) != (ours.st_uid, ours.st_gid):
        os.fchown(handle, info.st_uid, info.st_gid)
    if info.st_mode != ours.st_mode:  # some file systems have one mode for all files, and refuse to set any
        os.fchmod(handle, stat.S_IMODE(info.st_mode))
    for name in _attributes(like):
        os.setxattr(handle, name, os.getxattr(like, name))


def _attributes(file: Path) -> list[str]:
    """The extended attributes that users set, and access lists; the system's own it sets itself."""
    try:
        return [name for name in os.listxattr(file) if name.startswith("user.") or name == "system.posix_acl_access"]
    except OSError as error:
        if error.errno != errno.ENOTSUP:
            raise
        return []


def flush_folder(folder: Path) -> None:
    """Flush a folder, so that a name in it outlives a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # what a file system says that can not flush folders
            raise
    finally:
        os.close(handle)


def refused(path: VaultPath, error: OSError) -> WriteRefusedError:
    """The error for a file system that does not let us write."""
    fixes = {
        errno.ENOSPC: "Free some space on the vault's disk.",
        errno.EDQUOT: "Free some space: the quota on the vault's disk is used up.",
        errno.EFBIG: "The system limits the size of files; raise the limit.",
        errno.EROFS: "The vault's disk is read-only: mount it for writing.",
        errno.EACCES: "Give this user the right to write into the folder.",
        errno.EPERM: "The note belongs to another user, and only its owner may keep it so: let that user run Famulus.",
        errno.EEXIST: "A note of that name exists by now; ask again.",
    }
    return WriteRefusedError(
        f"{path!r} was not changed.",
        f"The system says: {error.strerror}.",
        fixes.get(error.errno or 0, "Check the vault's disk."),
    )
