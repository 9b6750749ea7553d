"""Files of the data folder: for this user only, and put in place whole or not at all."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

log = logging.getLogger(__name__)


def private(path: Path) -> None:
    """Let nobody else read a file or folder; where the disk knows no rights, that is told and no error."""
    try:
        path.chmod(0o700 if path.is_dir() else 0o600)
    except OSError as error:
        log.warning("Other users of this machine may be able to read %s: %s", path, error)


def touch(file: Path) -> None:
    """Make an empty file that only this user may read, where there is none; one that is there keeps its bytes."""
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    private(file)


@contextmanager
def placed(target: Path) -> Iterator[Path]:
    """A new, empty, private file to fill beside `target`, which takes its name at the end of the block.

    Until then, and where the block raises, `target` is as it was. Raises OSError.
    """
    temporary = target.with_name(f"{target.name}.new")
    for left in (temporary, Path(f"{temporary}-journal"), Path(f"{temporary}-wal"), Path(f"{temporary}-shm")):
        left.unlink(missing_ok=True)
    touch(temporary)
    try:
        yield temporary
        _flush(temporary)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _flush(target.parent)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
