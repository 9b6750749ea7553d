"""What the journal says that Famulus put into notes, read from its file and without the code under test."""

import sqlite3
from contextlib import closing
from functools import lru_cache
from pathlib import Path

from tests.torture.put_in import put_in
from tests.torture.section import parted


def journaled(data: Path) -> frozenset[bytes]:
    """The text of each thing that a write put into a user's text, or that an undo took out again."""
    found: set[bytes] = set()
    for file in data.glob("vaults/*/state.db"):
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
            for before, after in connection.execute("SELECT before, after FROM journal"):
                found |= _texts(before or b"", after or b"")
    return frozenset(found)


@lru_cache(maxsize=4096)
def _texts(before: bytes, after: bytes) -> frozenset[bytes]:
    own, now = _plain(before), _plain(after)
    return frozenset(put.text for put in put_in(own, now) or put_in(now, own) or ())


def _plain(data: bytes) -> bytes:
    before, _, behind = parted(data)
    return before + behind
