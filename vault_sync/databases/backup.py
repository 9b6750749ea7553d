"""Backups of `state.db`: one before each step to a newer schema, beside the file; the last two are kept."""

import errno
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from vault_sync.databases import durable
from vault_sync.databases.soundness import ERRORS, is_damage, problem, untouched

KEPT = 2
_NAME = re.compile(r"\.v(\d+)\.backup")


def make(connection: sqlite3.Connection, file: Path, version: int) -> Path:
    """Copy the database behind `connection`, whose schema is `version`, beside `file`; older backups go.

    Raises sqlite3.Error or OSError; what was there before is then still there.
    """
    backup = file.with_name(f"{file.name}.v{version}.backup")
    with durable.placed(backup) as temporary, closing(sqlite3.connect(temporary, isolation_level=None)) as copy:
        connection.backup(copy)
        # One file without a log of its own, that can be copied about.
        copy.execute("PRAGMA journal_mode = DELETE")
        if wrong := problem(copy):
            raise OSError(errno.EIO, f"the copy on the disk is not sound: {wrong}")
    for old in backups(file)[KEPT:]:
        old.unlink()
    return backup


def backups(file: Path, most: int | None = None) -> list[Path]:
    """The backups of `file`, of schemas up to `most`, the newest schema first."""
    found = {
        int(fits.group(1)): path
        for path in file.parent.glob(f"{file.name}.v*.backup")
        if (fits := _NAME.fullmatch(path.name.removeprefix(file.name)))
    }
    return [found[version] for version in sorted(found, reverse=True) if most is None or version <= most]


def restore(file: Path, most: int) -> Path | None:
    """Put the newest sound backup of a schema up to `most` in place of `file`, which must not be there.

    None where there is none. Raises OSError.
    """
    for backup in backups(file, most):
        if _sound(backup):
            with durable.placed(file) as temporary:
                shutil.copyfile(backup, temporary)
            return backup
    return None


def _sound(file: Path) -> bool:
    try:
        with untouched(file) as connection:
            return not problem(connection)
    except ERRORS as error:
        if is_damage(error):
            return False
        raise
