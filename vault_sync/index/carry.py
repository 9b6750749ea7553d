"""Vectors of an index that another version of Famulus made: nothing is embedded twice because of an upgrade."""

import logging
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path

from vault_sync.databases.soundness import ERRORS, problem

log = logging.getLogger(__name__)

_META = ("embedder", "embedder_recipe")
"""What says whose vectors these are: should the model change with the version, the old one serves meanwhile."""
_SHAPE = "SELECT sql FROM {}.sqlite_master WHERE name = 'vectors'"


def carry_over(file: Path, older: Path) -> int:
    """Copy the vectors of `older` into the index `file`, and delete `older`; returns how many vectors that were.

    They count as spare until a text needs them. What can not be trusted or has another shape stays where it is.
    """
    try:
        with closing(sqlite3.connect(file, isolation_level=None, timeout=30)) as connection:
            connection.execute("ATTACH ? AS older", (str(older),))
            if not _fits(older, connection):
                return 0
            count = _copy(connection)
    except ERRORS as error:
        log.warning("The vectors of %s can not be used, and all is embedded again: %s", older.name, error)
        return 0
    log.info("%d vectors were taken over from %s.", count, older.name)
    for part in ("", "-wal", "-shm"):
        with suppress(OSError):
            Path(f"{older}{part}").unlink()
    return count


def _fits(older: Path, connection: sqlite3.Connection) -> bool:
    """Whether the table of vectors is the same in both, and the older file is whole."""
    here, there = (connection.execute(_SHAPE.format(name)).fetchone() for name in ("main", "older"))
    if there is None or here[0].split() != there[0].split():
        log.warning("The vectors of %s have another shape: all is embedded again.", older.name)
        return False
    with closing(sqlite3.connect(older)) as alone:
        wrong = problem(alone)
    if wrong:
        log.warning("%s is damaged (%s): all is embedded again.", older.name, wrong)
    return not wrong


def _copy(connection: sqlite3.Connection) -> int:
    connection.execute("BEGIN IMMEDIATE")
    count = connection.execute("INSERT OR IGNORE INTO main.vectors SELECT key, vector FROM older.vectors").rowcount
    connection.execute("INSERT OR IGNORE INTO main.spare SELECT key, ? FROM older.vectors", (time.time(),))
    marks = ",".join("?" * len(_META))
    connection.execute(
        f"INSERT OR IGNORE INTO main.meta SELECT key, value FROM older.meta WHERE key IN ({marks})", _META
    )
    connection.execute("COMMIT")
    return count
