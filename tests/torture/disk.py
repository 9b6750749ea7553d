"""A small disk of its own for a vault or a data folder, which can be filled and made read-only."""

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_BALLAST = "ballast"
_BLOCK = 64 * 1024


class Disk:
    """A file system in memory, mounted at `place`."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def fill(self, left: int = 0) -> None:
        """Take all the room but `left` bytes."""
        with (self.place / _BALLAST).open("wb", buffering=0) as file:
            for size in (_BLOCK, 4096, 512, 1):
                self._grow(file.fileno(), size)
            if left:
                os.ftruncate(file.fileno(), max(0, file.tell() - left))

    def _grow(self, handle: int, size: int) -> None:
        try:
            while os.write(handle, bytes(size)):
                pass
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise

    def free(self) -> None:
        """Give the room back."""
        (self.place / _BALLAST).unlink(missing_ok=True)

    def read_only(self, on: bool) -> None:
        """Mount it again, for reading only or for writing too."""
        _mount("-o", f"remount,{'ro' if on else 'rw'}", str(self.place))


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


def can_mount(place: Path) -> bool:
    """Whether this user may mount disks here."""
    try:
        with mounted(place, "64k"):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


@contextmanager
def mounted(place: Path, size: str) -> Iterator[Disk]:
    """A disk of this size as long as the block. Raises OSError or CalledProcessError where it can not be mounted."""
    place.mkdir(parents=True, exist_ok=True)
    _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place))
    try:
        yield Disk(place)
    finally:
        # Lazily, so that it is gone also where a process that is just being ended holds a file on it.
        with suppress(subprocess.CalledProcessError):
            subprocess.run(["umount", "-l", str(place)], check=True, capture_output=True)
