"""Whole columns of integers out of SQLite, several times as quick as row by row: SQLite writes them as one text."""

import sqlite3
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def columns(
    connection: sqlite3.Connection, names: Sequence[str], rest: str, values: Sequence[object] = ()
) -> list[NDArray[np.int64]]:
    """Columns of integers (no NULLs), in the same order of rows; `rest` is what follows FROM in the statement."""
    listed = ", ".join(f"group_concat({name})" for name in names)
    row = connection.execute(f"SELECT {listed} FROM {rest}", values).fetchone()
    return [np.fromstring(text or "", np.int64, sep=",") for text in row]
