"""Vectors in a Chroma that runs as a server (`chroma run`, a cluster): by `HttpClient` or by `AsyncHttpClient`.

The daemon uses `AsyncLine`: its calls have a limit of time, end when the daemon ends, and searches of several
threads are under way at once on one pool of connections. `SyncLine` needs no thread of its own, and waits for as long
as the server does: for commands and scripts, which a person can end.
"""

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock, Thread
from typing import Any
from urllib.parse import quote, urlsplit

import chromadb
import httpx
from chromadb.api.async_fastapi import AsyncFastAPI
from chromadb.errors import (
    ChromaAuthError,
    ChromaError,
    InvalidArgumentError,
    InvalidDimensionException,
    NotFoundError,
)

from vault_sync.errors import StoreAwayError, StoreBrokenError
from vault_sync.stores.chroma import HNSW, Collection, other_dimensions, said, silent

log = logging.getLogger(__name__)

PATIENCE = 10.0
"""Seconds that a call may take; a batch of 5,461 vectors of 1,024 numbers takes about one."""
PAUSE = 5.0
"""Seconds for which a server that did not answer is not asked again, so that nobody waits for it in vain."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server is, and what it is told of who asks."""

    url: str
    token: str = ""
    tenant: str = "default_tenant"
    database: str = "default_database"

    @property
    def headers(self) -> dict[str, str]:
        """What tells the server, or a proxy before it, who asks."""
        return {"Authorization": f"Bearer {self.token}", "X-Chroma-Token": self.token} if self.token else {}

    def arguments(self) -> dict[str, Any]:
        """What both of Chroma's clients take."""
        parts = urlsplit(self.url)
        secure = parts.scheme == "https"
        return {
            "host": parts.hostname or "",
            "port": parts.port or (443 if secure else 80),
            "ssl": secure,
            "headers": self.headers,
            "settings": silent(),
            "tenant": self.tenant,
            "database": self.database,
        }


class Line(ABC):
    """A connection to one server, made when it is first needed. What all collections on it share: whether it is away."""

    def __init__(self, address: Address, clock: Callable[[], float] = time.monotonic) -> None:
        self.address = address
        self._clock = clock
        self._client: Any = None
        self._away: StoreBrokenError | None = None
        self._again = 0.0
        self._lock = RLock()

    @property
    def problem(self) -> StoreBrokenError | None:
        """Why the server can not be used now; None where it answered when it was last asked."""
        return self._away

    def run(self, work: Callable[[Any], Any]) -> Any:
        """What `work` makes of the client: its answer, or what the answer has to be awaited for.

        Raises StoreAwayError where the server does not answer, StoreBrokenError where it says that something is wrong.
        """
        if self._away is not None and self._clock() < self._again:
            raise self._away
        with self._told():
            answer = self._do(work)
        self._away = None
        return answer

    @abstractmethod
    def _do(self, work: Callable[[Any], Any]) -> Any: ...

    @abstractmethod
    def close(self) -> None:
        """End the connections."""

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (NotFoundError, InvalidArgumentError, InvalidDimensionException) as error:
            if self._client is None:  # no such tenant or database
                raise self._is_away(error) from error
            raise other_dimensions(error) or _broken(self.address.url, error) from error
        except Exception as error:
            # Whatever else is said (a proxy's 401, a 500, no answer at all): what the server holds is left as it is.
            raise self._is_away(error) from error

    def _is_away(self, error: Exception) -> StoreBrokenError:
        self._away = _away(self.address, error)
        self._again = self._clock() + PAUSE
        return self._away


class SyncLine(Line):
    """By `HttpClient`, which waits without a limit; one call at a time."""

    def _do(self, work: Callable[[Any], Any]) -> Any:
        with self._lock:
            if self._client is None:
                # Where it can not connect, `HttpClient` leaves connections open, and it may wait for ever.
                _knock(self.address)
                self._client = chromadb.HttpClient(**self.address.arguments())
            return work(self._client)

    def close(self) -> None:
        """End the connections."""
        with self._lock:
            client, self._client = self._client, None
            if client is not None:
                for part in (client, client._admin_client):  # each has connections, which `close` leaves open
                    part._server._session.close()
                client.close()


class AsyncLine(Line):
    """By `AsyncHttpClient`, on an event loop in a thread of its own; calls of many threads are under way at once."""

    def __init__(
        self, address: Address, clock: Callable[[], float] = time.monotonic, patience: float = PATIENCE
    ) -> None:
        super().__init__(address, clock)
        self._patience = patience
        self._loop = asyncio.new_event_loop()
        self._opening: asyncio.Lock | None = None
        self._thread = Thread(target=self._loop.run_forever, name="chroma", daemon=True)
        self._thread.start()

    def _do(self, work: Callable[[Any], Any]) -> Any:
        return self._wait(self._asked(work))

    def _wait(self, work: Awaitable[Any]) -> Any:
        bounded = asyncio.wait_for(work, self._patience)
        try:
            return asyncio.run_coroutine_threadsafe(bounded, self._loop).result()
        except TimeoutError as error:
            raise TimeoutError(f"there was no answer within {self._patience:g} s") from error

    async def _asked(self, work: Callable[[Any], Any]) -> Any:
        if self._opening is None:
            self._opening = asyncio.Lock()
        async with self._opening:
            if self._client is None:
                self._client = await chromadb.AsyncHttpClient(**self.address.arguments())
        answer = work(self._client)
        return await answer if isinstance(answer, Awaitable) else answer

    def close(self) -> None:
        """End the connections and the thread."""
        with self._lock:
            if self._loop.is_closed():
                return
            self._client = None
            asyncio.run_coroutine_threadsafe(_end(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()


async def _end() -> None:
    """Let those who wait go, and close the connections: an `AsyncHttpClient` keeps them by loop, and can not be closed."""
    loop = asyncio.get_running_loop()
    waiting = asyncio.all_tasks() - {asyncio.current_task()}
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    session = AsyncFastAPI._clients.pop(loop.__hash__(), None)
    if session is not None:
        await session.aclose()
    await asyncio.sleep(0)  # the loop closes the sockets in its next turn


class ChromaServerStore(Collection):
    """The collection `name` at a server. It is looked up when it is first needed: the server may be away at start."""

    def __init__(self, line: Line, name: str) -> None:
        self._line = line
        self._name = name
        self._rows: Any = None
        self._batch = 0

    def check(self) -> None:
        """Raises StoreAwayError where the server did not answer when it was last asked."""
        if self._line.problem is not None:
            raise self._line.problem

    def _call(self, work: Callable[[Any], Any]) -> Any:
        rows = self._open()
        return self._line.run(lambda client: work(rows))

    def _open(self) -> Any:
        if self._rows is None:
            self._rows = self._line.run(
                lambda client: client.get_or_create_collection(
                    self._name, configuration={"hnsw": HNSW}, embedding_function=None
                )
            )
        return self._rows

    def _most(self) -> int:
        if not self._batch:
            self._batch = int(self._line.run(lambda client: client.get_max_batch_size()))
        return self._batch

    def reset(self) -> None:
        """Forget everything: the collection goes, and comes back empty."""
        self._rows = None
        drop(self._line, self._name)
        self._open()

    def close(self) -> None:
        """Nothing to release: the line is shared, and its owner closes it."""


class ChromaServer:
    """The collections of one vault at a server, one a generation; those of others there are left alone."""

    def __init__(self, line: Line, vault: str) -> None:
        """`vault` tells this vault and this data folder from all others: ASCII letters, digits and hyphens."""
        self._line = line
        self._prefix = f"famulus-{vault}-"

    def open(self, generation: int) -> ChromaServerStore:
        """The collection of a generation; the server is not asked yet."""
        return ChromaServerStore(self._line, f"{self._prefix}{generation}")

    def kept(self) -> set[int]:
        """The generations that have a collection. Raises StoreBrokenError."""
        numbers = (name.removeprefix(self._prefix) for name in names(self._line) if name.startswith(self._prefix))
        return {int(number) for number in numbers if number.isdecimal()}

    def drop(self, generation: int) -> None:
        """Delete the collection of a generation, where there is one. Raises StoreBrokenError."""
        drop(self._line, f"{self._prefix}{generation}")

    def close(self) -> None:
        """End the connections."""
        self._line.close()


def drop(line: Line, name: str) -> None:
    """Delete a collection; one that is not there is no error. Raises StoreBrokenError."""
    if name in names(line):
        line.run(lambda client: client.delete_collection(name))


def names(line: Line) -> list[str]:
    """The names of all collections of the database. Raises StoreBrokenError."""
    return [collection.name for collection in line.run(lambda client: client.list_collections())]


def _knock(address: Address) -> None:
    """Raises an exception of the connection, or what the server says, where the database can not be used."""
    place = f"/api/v2/tenants/{quote(address.tenant)}/databases/{quote(address.database)}"
    answer = httpx.get(address.url.rstrip("/") + place, headers=address.headers, timeout=PATIENCE)
    if answer.is_error:
        raise ConnectionError(f"{answer.status_code} {answer.text}")


def _broken(url: str, error: ChromaError) -> StoreBrokenError:
    return StoreBrokenError(
        f"The vector store at {url} can not be used as it is.",
        f"Chroma says: {said(error)}.",
        "Nothing is to be done: it is filled anew from the ledger, without embedding.",
    )


def _away(address: Address, error: Exception) -> StoreAwayError:
    refused = isinstance(error, ChromaAuthError)
    return StoreAwayError(
        f"The vector store at {address.url} does not answer; searches use the ledger's vectors meanwhile.",
        f"{'It refuses the token' if refused else 'It was asked, and this came back'}: {said(error)}.",
        "Start it (`chroma run`), or correct [store] in famulus.toml; what it has missed is then brought to it.",
    )
