"""Which notes a filter lets through: one question to SQLite for each of its parts, which an index answers alone."""

import sqlite3
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from vault_sync.databases.columns import columns
from vault_sync.days import begin_of, end_of
from vault_sync.search.filter import Filter
from vault_sync.text import fold

_PART = "({0} = ? OR ({0} >= ? AND {0} < ?))"
_Part = tuple[str, str, list[object]]


def within(connection: sqlite3.Connection, narrow: Filter, notes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of these notes (n,), by their ids, the filter lets through."""
    let = np.ones(len(notes), bool)
    for name, rest, values in _parts(narrow):
        let &= np.isin(notes, columns(connection, (name,), rest, values)[0])
    return let


def _parts(narrow: Filter) -> Iterator[_Part]:
    """The column with the ids, what follows FROM, and the values for it."""
    if folder := narrow.folder.strip("/"):
        yield "id", f"notes WHERE {_PART.format('path')}", [folder, folder + "/", folder + "0"]
    if narrow.tag.lstrip("#"):
        tag = fold(narrow.tag.lstrip("#"))
        yield "note_id", f"tags WHERE {_PART.format('folded')}", [tag, tag + "/", tag + "0"]
    if narrow.after:
        yield "id", "notes WHERE mtime_ns >= ?", [_ns(begin_of(narrow.after))]
    if narrow.before:
        yield "id", "notes WHERE mtime_ns < ?", [_ns(end_of(narrow.before))]


def _ns(seconds: float) -> int:
    """Nanoseconds, as far as SQLite's integers go."""
    return min(max(int(seconds * 1e9), -(2**63)), 2**63 - 1)
