"""Vectors in Chroma: what every kind of client does alike, and the embedded one, which is the default.

Of an embedded Chroma one process owns the folder (the vault's lock sees to it).
"""

import logging
import os
import shutil
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

import chromadb
import numpy as np
from chromadb.config import Settings
from chromadb.errors import ChromaError

from vault_sync.errors import StoreBrokenError
from vault_sync.ports import Ids, Neighbour, Vectors
from vault_sync.stores.memory import nearest, wrong_dimensions

log = logging.getLogger(__name__)

COLLECTION = "chunks"
HNSW = {"space": "cosine", "ef_construction": 200, "ef_search": 200, "max_neighbors": 32}
"""`ef_search` is twice the hundred neighbours that a search takes; `tests.bench.scale` measures the recall."""
SEAL = "sealed"
"""The file that says what was there when the store was closed."""
TRIED, TRYING = 200, 120.0
"""Vectors that are searched for after a crash, and the seconds that this may take."""
PAGE = 10_000
"""Ids a read: below SQLite's limit of variables."""


def silent() -> Settings:
    """Settings for every client: nothing is told to anybody about this machine."""
    return Settings(anonymized_telemetry=False)


class Collection(ABC):
    """One collection of vectors by occurrence id, whichever way it is reached."""

    damage = ""
    """Why what was there was thrown away when it was opened; empty where it could be used."""

    @abstractmethod
    def _call(self, work: Callable[[Any], Any]) -> Any:
        """What `work` makes of Chroma's collection. Raises StoreBrokenError."""

    @abstractmethod
    def _most(self) -> int:
        """How many rows a call may write or delete. Raises StoreBrokenError."""

    @abstractmethod
    def reset(self) -> None:
        """Forget everything."""

    @abstractmethod
    def check(self) -> None:
        """Raises StoreBrokenError where it is known that the store can not be used."""

    @abstractmethod
    def close(self) -> None:
        """Release what is held open."""

    def add(self, occurrences: Sequence[int], vectors: Vectors) -> None:
        """Store vectors (n, d) under ids; one that is stored already keeps the vector that it has."""
        for part in self._parts(occurrences):
            ids = [str(occurrence) for occurrence in occurrences[part]]
            fresh = np.asarray(vectors[part], dtype=np.float32)
            self._call(lambda rows, ids=ids, fresh=fresh: rows.add(ids=ids, embeddings=fresh))  # type: ignore[misc]

    def delete(self, occurrences: Sequence[int]) -> None:
        """Forget these ids; unknown ones are no error."""
        for part in self._parts(occurrences):
            ids = [str(occurrence) for occurrence in occurrences[part]]
            self._call(lambda rows, ids=ids: rows.delete(ids=ids))  # type: ignore[misc]

    def query(self, vector: Vectors, k: int, among: Ids | None = None) -> list[Neighbour]:
        """The `k` most similar occurrences, best first; ties by id.

        The search is approximate, but for one among `among`: Chroma's own filter walks the whole graph and may stop
        before it has found them all, so their vectors are fetched and compared here.
        """
        if among is not None:
            return self._exact(vector, k, among)
        if k <= 0:
            return []
        row = np.asarray(vector, dtype=np.float32)[None, :]
        answer = self._call(lambda rows: rows.query(query_embeddings=row, n_results=k, include=["distances"]))
        pairs = zip(answer["ids"][0], answer["distances"][0], strict=True)
        found = [Neighbour(int(name), 1.0 - float(distance)) for name, distance in pairs]
        return sorted(found, key=lambda hit: (-hit.similarity, hit.occurrence))

    def _exact(self, vector: Vectors, k: int, among: Ids) -> list[Neighbour]:
        found = self.get(among.tolist()) if k > 0 else {}
        if not found:
            return []
        matrix = np.stack(list(found.values()))
        if matrix.shape[1] != len(vector):
            raise wrong_dimensions(matrix.shape[1], len(vector))
        return nearest(np.fromiter(found, np.int64), matrix, vector, k)

    @property
    def behind(self) -> int:
        """Nothing: all of it is found at once."""
        return 0

    def catch_up(self) -> None:  # noqa: B027 — there is nothing to do, for any of them
        """Nothing is left for later."""

    def count(self) -> int:
        """How many occurrences are stored."""
        return int(self._call(lambda rows: rows.count()))

    def ids(self) -> set[int]:
        """All stored ids."""
        found: set[int] = set()
        while True:
            offset = len(found)
            page = self._call(lambda rows, at=offset: rows.get(include=[], limit=PAGE, offset=at))["ids"]  # type: ignore[misc]
            found.update(map(int, page))
            if len(page) < PAGE:
                return found

    def fit(self, wanted: Ids) -> Ids:
        """Forget all but these ids; says which of them are not stored."""
        stored = np.array(sorted(self.ids()), np.int64)
        self.delete(np.setdiff1d(stored, wanted, assume_unique=True).tolist())
        return np.setdiff1d(wanted, stored, assume_unique=True)

    def get(self, occurrences: Sequence[int]) -> dict[int, Vectors]:
        """The stored vectors (d,) by id; unknown ids are left out."""
        found: dict[int, Vectors] = {}
        for part in slices(len(occurrences), PAGE):
            ids = [str(occurrence) for occurrence in occurrences[part]]
            page = self._call(lambda rows, ids=ids: rows.get(ids=ids, include=["embeddings"]))  # type: ignore[misc]
            vectors = np.asarray(page["embeddings"], dtype=np.float32)
            found.update(zip(map(int, page["ids"]), vectors, strict=True))
        return found

    def _parts(self, occurrences: Sequence[int]) -> Iterator[slice]:
        return slices(len(occurrences), self._most()) if len(occurrences) else iter(())


class ChromaStore(Collection):
    """A collection below `folder`. What can not be opened is thrown away, and the ledger fills a new one.

    Each reset starts a new numbered folder: Chroma remembers what it has opened by its path, for as long as the
    process lives, also where opening failed.
    """

    def __init__(self, folder: Path) -> None:
        """Raises StoreBrokenError where not even an empty store can be made in `folder`."""
        self._folder = folder
        self._number = max((int(p.name) for p in folder.glob("*") if p.name.isdecimal()), default=1)
        self._lock = RLock()
        self._client: Any = None
        self._file: int | None = None
        """The inode of Chroma's database when it was opened."""
        try:
            self._open()
        except StoreBrokenError as error:
            log.warning("The vector store is rebuilt: %s", error)
            self.damage = error.cause
            self.reset()

    def _open(self) -> None:
        with _translated(self._folder):
            current = self._folder / str(self._number)
            current.mkdir(parents=True, exist_ok=True)
            self._mistrust(current)
            self._client = chromadb.PersistentClient(path=str(current), settings=silent())
            self._collection = self._client.get_or_create_collection(
                COLLECTION, configuration={"hnsw": HNSW}, embedding_function=None
            )
            self._batch = int(self._client.get_max_batch_size())
            self._probe()
            self._file = _inode(self._database())

    def _mistrust(self, current: Path) -> None:
        """Raises OSError where the files are not those that were closed, or can not be read after a crash.

        Chroma believes what it finds: an index that was cut short gives wrong vectors, or ends the process.
        """
        seal = self._folder / SEAL
        told = seal.read_text(encoding="utf-8") if seal.exists() else ""
        seal.unlink(missing_ok=True)
        if told and told != _sizes(current):
            raise OSError("its files are not those that were closed")
        if not told and any(current.rglob("*.bin")):
            _try_elsewhere(current)

    def _probe(self) -> None:
        """Search once: an index whose files are damaged may still count well."""
        first = self._collection.get(limit=1, include=["embeddings"])["embeddings"]
        if len(first):
            self._collection.query(query_embeddings=first, n_results=1, include=["distances"])

    def _call(self, work: Callable[[Any], Any]) -> Any:
        with self._lock, _translated(self._folder):
            if self._client is None:
                raise OSError("it was closed")
            return work(self._collection)

    def _most(self) -> int:
        return self._batch

    def check(self) -> None:
        """Raises StoreBrokenError where the files are gone or other ones: Chroma would go on without them for a while."""
        if self._file is not None and _inode(self._database()) != self._file:
            with _translated(self._folder):
                raise FileNotFoundError("its files are gone, or others were put in their place")

    def _database(self) -> Path:
        return self._folder / str(self._number) / "chroma.sqlite3"

    def reset(self) -> None:
        """Forget everything, the files too: Chroma never gives back the room of what was deleted."""
        with self._lock:
            try:
                self.close()
            except StoreBrokenError as error:
                log.debug("Closing the old vector store: %s", error)
            shutil.rmtree(self._folder, ignore_errors=True)
            self._number += 1
            self._open()

    def close(self) -> None:
        """Release files and threads."""
        with self._lock:
            client, self._client = self._client, None
            if client is not None:
                with _translated(self._folder):
                    client.close()
                    current = self._folder / str(self._number)
                    if current.exists():
                        (self._folder / SEAL).write_text(_sizes(current), encoding="utf-8")


def slices(total: int, size: int) -> Iterator[slice]:
    """Slices of at most `size` that cover `total`."""
    return (slice(start, start + size) for start in range(0, total, size))


def _sizes(folder: Path) -> str:
    """Name, size and time of all files, but for what SQLite makes and takes away as it pleases."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(("-wal", "-shm")))
    stats = ((path, path.stat()) for path in files)
    return "\n".join(f"{path.relative_to(folder)} {stat.st_size} {stat.st_mtime_ns}" for path, stat in stats)


def _try_elsewhere(folder: Path) -> None:
    """Search in another process, which may end by it. Raises OSError."""
    command = [sys.executable, "-c", f"from vault_sync.stores.chroma import try_out; try_out({str(folder)!r})"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=TRYING, check=False)
    except subprocess.TimeoutExpired as error:
        raise OSError("a search in it does not end") from error
    if done.returncode:
        raise OSError(f"a search in it ended with {done.returncode}")


def try_out(folder: str) -> None:
    """Search for some of the vectors that are stored; what goes wrong ends the process."""
    client = chromadb.PersistentClient(path=folder, settings=silent())
    collection = client.get_collection(COLLECTION, embedding_function=None)
    some = collection.get(limit=TRIED, include=["embeddings"])["embeddings"]
    if len(some):
        collection.query(query_embeddings=some, n_results=10, include=["distances"])
    client.close()


def _inode(file: Path) -> int | None:
    try:
        return file.stat().st_ino
    except OSError:
        return None


@contextmanager
def _translated(folder: Path) -> Iterator[None]:
    try:
        yield
    except (ChromaError, OSError, ValueError, RuntimeError) as error:
        raise _broken(folder, error) from error
    except BaseException as error:
        # A panic inside Chroma's Rust part is no Exception; it must not end the daemon.
        if type(error).__name__ != "PanicException":
            raise
        raise _broken(folder, error) from error


def _broken(folder: Path, error: BaseException) -> StoreBrokenError:
    if (other := other_dimensions(error)) is not None:
        return other
    return StoreBrokenError(
        f"The vector store in {str(folder)!r} can not be used.",
        f"{'The system' if isinstance(error, OSError) else 'Chroma'} says: {said(error)}.",
        "Make sure that the folder is yours and its disk has room, then run `famulus index`: the store is rebuilt "
        "from the ledger, without embedding again.",
    )


def other_dimensions(error: BaseException) -> StoreBrokenError | None:
    """The error for vectors of another length than those that are stored, where Chroma complains of that."""
    text = str(error)
    if "expecting embedding with dimension" not in text:
        return None
    stored, given = (int(word.strip(",.")) for word in text.split() if word.strip(",.").isdigit())
    return wrong_dimensions(stored, given)


def said(error: BaseException) -> str:
    """An error in one line, without its full stop."""
    text = str(error)
    return text.splitlines()[0].rstrip(".") if text else type(error).__name__
