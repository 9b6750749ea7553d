"""SQLite for one writer and many readers: a lock around write transactions, a connection a thread for reads."""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from vault_sync.databases import durable
from vault_sync.databases.soundness import DamageError, OutdatedError, is_damage

log = logging.getLogger(__name__)

LOG_PAGES = 4000
"""Pages of the write-ahead log (16 MB) after which a commit also writes them into the file, and waits for the disk. Where
quiet moments come sooner, `checkpoint` has done it: with SQLite's 1000, one of some thirty saved notes waited for it."""


class Database:
    """A SQLite file in write-ahead mode that can be made again: a damaged one is put aside, and a new one begun."""

    def __init__(self, file: Path, prepare: Callable[[sqlite3.Connection], None]) -> None:
        """`prepare` makes the tables in a new file and checks those of an old one, whose damage it raises.

        Raises sqlite3.Error or OSError where the file can be neither used nor made (a full disk, a lock).
        """
        self.file = file
        self.damage = ""
        """Why a file was put aside as damaged since this object was made; empty where none was."""
        self.older: Path | None = None
        """Where the file of another version is that was put aside when this object was made."""
        self._prepare = prepare
        self._local = threading.local()
        self._generation = 0
        self._readers: list[sqlite3.Connection] = []
        self._write_lock = threading.RLock()
        self._writer: sqlite3.Connection | None = None
        try:
            self._open_writer()
        except OutdatedError as error:
            log.warning("%s begins anew: %s.", self.file, error)
            self.older = self._moved("old")
            self._open_writer()
        except sqlite3.Error as error:
            if not is_damage(error):
                raise
            self._put_aside(str(error))
            self._open_writer()

    def _open_writer(self) -> sqlite3.Connection:
        """The one connection that writes; opened again where a full disk kept a new file from being begun."""
        if self._writer is not None:
            return self._writer
        durable.touch(self.file)
        writer = self._connect()
        try:
            writer.execute("PRAGMA journal_mode = WAL")
            writer.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
            self._prepare(writer)
        except BaseException:
            writer.close()
            raise
        self._writer = writer
        return writer

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.file, check_same_thread=False, isolation_level=None, timeout=30)
        connection.row_factory = sqlite3.Row
        try:
            connection.execute("PRAGMA synchronous = NORMAL")
        except UnicodeDecodeError as error:
            connection.close()
            raise DamageError(f"its schema can not be read: {error}") from error
        return connection

    def read(self) -> sqlite3.Connection:
        """This thread's connection, for reading; inside `write` in the same thread it sees the open transaction."""
        inside: sqlite3.Connection | None = getattr(self._local, "writing", None)
        if inside is not None:
            return inside
        reader: sqlite3.Connection | None = getattr(self._local, "reader", None)
        if reader is None or self._local.generation != self._generation:
            return self._connect_thread(reader)
        return reader

    def _connect_thread(self, old: sqlite3.Connection | None) -> sqlite3.Connection:
        # Under the lock, so that nobody makes an empty file while another is being put in place.
        with self._write_lock:
            self._open_writer()
            if old is not None:
                old.close()
            reader = self._connect()
            self._readers.append(reader)
            self._local.reader, self._local.generation = reader, self._generation
            return reader

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A write transaction: committed at the end of the block, rolled back when it raises."""
        with self._write_lock:
            writer = self._open_writer()
            if getattr(self._local, "writing", None) is not None:
                yield writer
                return
            writer.execute("BEGIN IMMEDIATE")
            self._local.writing = writer
            try:
                yield writer
                writer.execute("COMMIT")
            except BaseException:
                # A full disk or a damaged page may have made SQLite roll back by itself already.
                if writer.in_transaction:
                    writer.execute("ROLLBACK")
                raise
            finally:
                self._local.writing = None

    def checkpoint(self) -> None:
        """Write what the log holds into the file, as far as nobody reads what was there before. In no transaction."""
        with self._write_lock:
            self._open_writer().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def renew(self, why: str) -> None:
        """Put the file aside as damaged and begin a new one. Threads that read go on in the old one until they ask
        for their connection again; no write transaction may be open in this thread.
        """
        with self._write_lock:
            # Connections of other threads may be in use this moment: they are let go, and close with the threads.
            self._readers.clear()
            self._generation += 1
            writer, self._writer = self._writer, None
            if writer is not None:
                writer.close()
            self._put_aside(why)
            self._open_writer()

    def _put_aside(self, why: str) -> None:
        log.error("%s is damaged and made anew: %s. It is kept as %s.damaged.", self.file, why, self.file.name)
        self._moved("damaged")
        self.damage = why

    def _moved(self, ending: str) -> Path:
        """The file under another name, in the place of what had that name before."""
        target, parts = Path(f"{self.file}.{ending}"), ("", "-wal", "-shm")
        for part in parts:
            Path(f"{target}{part}").unlink(missing_ok=True)
        for part in parts:
            if (there := Path(f"{self.file}{part}")).exists():
                there.replace(f"{target}{part}")
        return target

    def close(self) -> None:
        """Close every connection. No thread may be reading any more."""
        with self._write_lock:
            for connection in (*self._readers, self._writer):
                if connection is not None:
                    connection.close()
            self._readers.clear()
