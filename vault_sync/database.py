"""SQLite for one writer and many readers: a lock around write transactions, a connection a thread for reads."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Database:
    """A SQLite file in write-ahead mode."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._write_lock = threading.RLock()
        self._writer = self._connect()
        self._writer.execute("PRAGMA journal_mode = WAL")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.file, check_same_thread=False, isolation_level=None, timeout=30)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    def read(self) -> sqlite3.Connection:
        """This thread's connection, for reading; inside `write` in the same thread it sees the open transaction."""
        inside: sqlite3.Connection | None = getattr(self._local, "writing", None)
        if inside is not None:
            return inside
        connection: sqlite3.Connection | None = getattr(self._local, "reader", None)
        if connection is None:
            connection = self._connect()
            self._local.reader = connection
            with self._write_lock:
                self._readers.append(connection)
        return connection

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A write transaction: committed at the end of the block, rolled back when it raises."""
        with self._write_lock:
            if getattr(self._local, "writing", None) is not None:
                yield self._writer
                return
            self._writer.execute("BEGIN IMMEDIATE")
            self._local.writing = self._writer
            try:
                yield self._writer
            except BaseException:
                self._writer.execute("ROLLBACK")
                raise
            else:
                self._writer.execute("COMMIT")
            finally:
                self._local.writing = None

    def close(self) -> None:
        """Close every connection. No thread may be reading any more."""
        with self._write_lock:
            for connection in (*self._readers, self._writer):
                connection.close()
            self._readers.clear()
