"""Generations of the index: a model's vectors in a store of their own. One serves; the next is made beside it.

The next one is for another model (its vectors are computed first, see `modelchange`), or for the same one where the
store is broken or full of garbage; then nothing is embedded. The ledger says which serves, and changes keys and
generation in one transaction, so that a crash leaves the one or the other.
"""

import logging
import sqlite3
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Protocol

from vault_sync.errors import EmbedderError, StoreAwayError, StoreBrokenError, VaultError
from vault_sync.index import outbox, spare
from vault_sync.index.erasure import drop_unused_vectors
from vault_sync.index.filling import SERVING_KEYS, UPCOMING_KEYS, Filling
from vault_sync.index.key import identity, of_identity
from vault_sync.index.ledger import NOT_EMBEDDED, Ledger
from vault_sync.index.modelchange import ChangeStatus, ModelChange, Reader
from vault_sync.index.serving import LostEmbedder, Pair, Serving, ServingEmbedder, ServingStore
from vault_sync.ports import ChunkStore, Embedder, Ids, Stores

log = logging.getLogger(__name__)

MODEL, RECIPE, NUMBER, NEXT = "embedder", "embedder_recipe", "generation", "next_generation"
"""Keys in `meta`: the model that serves, what it is built from, the generation that serves, and the one that is filled
with the model that it is for."""
UPCOMING = "upcoming_embedder"
"""The key in `meta` of the model that `upcoming` is for."""
GARBAGE_LEAST = 5000
GARBAGE_SHARE = 1.0
"""So many deleted rows for each that is there, and at least `GARBAGE_LEAST`, are worth a new store: up to there a search
is less than half slower, with four times as many it was twelve times slower (`tests.bench.garbage`)."""
PAUSE = 30.0
"""Seconds after which a model or server that failed is tried again."""


class Builder(Protocol):
    """Makes embedders of recipes, which are texts that only it can read."""

    def build(self, recipe: str) -> Embedder:
        """The embedder that was configured when the recipe was written. Raises EmbedderError."""
        ...

    def close(self, embedder: Embedder) -> None:
        """Release what an embedder that it built holds."""
        ...


class Generations:
    """Owns the stores. Used from one thread at a time, but for what `serving` gives out."""

    def __init__(
        self,
        ledger: Ledger,
        stores: Stores,
        embedder: Embedder,
        recipe: str = "",
        builder: Builder | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`embedder` is the configured one. Raises StoreBrokenError where no store can be opened or made."""
        self._ledger = ledger
        self._stores = stores
        self._wanted = embedder
        self._recipe = recipe
        self._builder = builder
        self._clock = clock
        self._built: Embedder | None = None
        self._change: ModelChange | None = None
        self._next: Filling | None = None
        self._embedded = 0
        self._again = 0.0
        self._problem = ""
        self._number = serving_number(self._ledger)
        self.serving = Serving(Pair(self._arranged(), stores.open(self._number)))
        self.embedder = ServingEmbedder(self.serving)
        self.store = ServingStore(self.serving)

    @property
    def embedded(self) -> int:
        """Texts that were embedded for changes of the model since the start."""
        return self._embedded + (self._change.embedded if self._change is not None else 0)

    @property
    def embeds(self) -> bool:
        """Whether the model that serves can embed what is new."""
        return not isinstance(self.serving.pair.embedder, LostEmbedder)

    def _arranged(self) -> Embedder:
        """The embedder that is to serve; where it is not the configured one, a change begins or goes on."""
        wanted, known = identity(self._wanted.spec), self._ledger.meta(MODEL)
        if known in (None, wanted):
            with self._ledger.database.write() as connection:
                connection.executemany(
                    "INSERT OR REPLACE INTO meta VALUES (?, ?)", [(MODEL, wanted), (RECIPE, self._recipe)]
                )
                connection.execute("DELETE FROM meta WHERE key = ?", (UPCOMING,))
                spare.give_up_upcoming(connection)
            self._change = None
            return self._wanted
        assert known is not None
        if self._ledger.meta(UPCOMING) != wanted:
            log.warning("The embedder is %s now, it was %s: all chunks are embedded again beside it.", wanted, known)
            with self._ledger.database.write() as connection:
                spare.give_up_upcoming(connection)
                connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (UPCOMING, wanted))
        self._change = ModelChange(self._ledger, self._wanted)
        return self._old(known)

    def _old(self, known: str) -> Embedder:
        try:
            if self._builder is None:
                raise EmbedderError("Nobody can build it.")
            if self._built is None:
                self._built = self._builder.build(self._ledger.meta(RECIPE) or "")
            if identity(self._built.spec) != known:
                raise EmbedderError(f"What was built is {self._built.spec.model!r}.")
        except EmbedderError as error:
            return _lost(known, error)
        return self._built

    def prepare(self) -> None:
        """Fit all to the ledger, which may be another one than before, and begin or give up a change of the model."""
        number = serving_number(self._ledger)
        if number != self._number:
            self._give_up_next()
            old, self._number = self.serving.pair.store, number
            with self.serving.exchange(Pair(self._arranged(), self._stores.open(number))):
                pass
            _close(old)
        elif self.serving.pair.embedder is not (arranged := self._arranged()):
            with self.serving.exchange(Pair(arranged, self.serving.pair.store)):
                pass
        self._try_old()
        self._sweep()

    def _try_old(self) -> None:
        """Whether the old model works: a file or server that is gone shows only when it is asked."""
        pair = self.serving.pair
        if self._change is None:
            return
        try:
            pair.embedder.embed_query("?")
        except EmbedderError as error:
            log.warning("%s", error)
            if self.embeds:
                lost = _lost(self._ledger.meta(MODEL) or "", error)
                with self.serving.exchange(Pair(lost, pair.store)):
                    pass

    def _sweep(self) -> None:
        """Drop the stores of generations that neither serve nor are being filled."""
        kept = {self._number, self._next_number()}
        with suppress(StoreBrokenError):
            for number in self._stores.kept() - kept:
                self._stores.drop(number)

    def _next_number(self) -> int:
        """The generation that an earlier run began to fill, if that is for what is wanted now; else 0."""
        number, _, model = (self._ledger.meta(NEXT) or "0").partition(" ")
        return int(number) if model == identity(self._wanted.spec) else 0

    def tend(self, chunks_of: Reader, should_stop: Callable[[], bool]) -> bool:
        """Do a little of what waits for a quiet moment; whether more waits.

        What fails is tried again after a pause, and told by `status`.
        """
        if self._clock() < self._again:
            return False
        try:
            more = self._tend(chunks_of, should_stop)
        except (EmbedderError, StoreBrokenError) as error:
            if str(error) != self._problem:
                log.warning("What waits for a quiet moment has to wait longer: %s", error)
            self._problem, self._again = str(error), self._clock() + PAUSE
            return False
        self._problem = ""
        return more

    def _tend(self, chunks_of: Reader, should_stop: Callable[[], bool]) -> bool:
        if self._next is not None:
            self._next.drop_gone()
        if self._change is not None:
            if self._change.step(chunks_of, should_stop):
                return True
            if not self._change.complete():
                return False
        elif not self._worn():
            return False
        return self._fill()

    def doubts(self) -> bool:
        """Whether the change met notes that a scan has to read first; asked once."""
        if self._change is None or not self._change.doubts:
            return False
        self._change.doubts = False
        return True

    def _worn(self) -> bool:
        """Whether the store that serves is to be left: it is broken, or most of what it holds was deleted."""
        if self._next is not None:
            return True
        store = self.serving.pair.store
        try:
            store.check()
        except StoreAwayError:
            return False
        except StoreBrokenError as error:
            log.warning("The vector store is filled anew beside the one that is there: %s", error)
            return True
        garbage = outbox.garbage(self._ledger)
        if garbage <= GARBAGE_LEAST or garbage <= GARBAGE_SHARE * store.count():
            return False
        log.info("%d rows of the vector store were deleted: it is filled anew without them.", garbage)
        return True

    def _fill(self) -> bool:
        """Bring the next store a few vectors, and exchange the stores once it has all; whether more waits."""
        if self._next is None:
            self._next = Filling(self._ledger, self._stores.open(self._begun()), self._keys)
        held = self._next.step()
        return held is None or self._switch(self._next, held)

    def _begun(self) -> int:
        """The number of the next generation: one that an earlier run began to fill, or a new one."""
        number = self._next_number()
        if not number:
            number = _new_number(self._number)
            self._ledger.set_meta(NEXT, f"{number} {identity(self._wanted.spec)}")
        return number

    @property
    def _keys(self) -> str:
        return SERVING_KEYS if self._change is None else UPCOMING_KEYS

    def _switch(self, filled: Filling, held: Ids) -> bool:
        """Let the next generation serve, at once; whether it has to be filled on first."""
        old, number, change = self.serving.pair, self._next_number(), self._change
        with ExitStack() as exchange, self._ledger.database.write() as connection:
            if not filled.is_all(held) or (change is not None and not change.complete()):
                return True
            if change is not None:
                _take_over_keys(connection)
            self._name(connection, number)
            # Left after the commit: nobody sees the ledger of one generation with the store of the other.
            exchange.enter_context(self.serving.exchange(Pair(self._wanted, filled.store)))
        self._embedded = self.embedded
        dropped, self._number, self._next, self._change = self._number, number, None, None
        _close(old.store)
        with suppress(StoreBrokenError):
            self._stores.drop(dropped)
        if change is not None:
            log.warning("The change of the embedder is complete: %s serves now.", self._wanted.spec.model)
            drop_unused_vectors(self._ledger)
            self._close_built()
        return False

    def _name(self, connection: sqlite3.Connection, number: int) -> None:
        """The store of this generation serves, and lacks nothing."""
        connection.execute("DELETE FROM outbox")
        outbox.clear_garbage(connection)
        connection.executemany("DELETE FROM meta WHERE key = ?", [(UPCOMING,), (NEXT,)])
        now = [(NUMBER, str(number)), (MODEL, identity(self._wanted.spec)), (RECIPE, self._recipe)]
        connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", now)

    def status(self) -> ChangeStatus | None:
        """How far a change of the model is; None where none is under way."""
        change = self._change
        if change is None:
            return None
        done, total = change.progress()
        old = of_identity(self._ledger.meta(MODEL) or "||0").model
        return ChangeStatus(old, self._wanted.spec.model, done, total, self.embeds, self._problem)

    def trouble(self) -> VaultError | None:
        """Why the store that serves can not be used, as far as is known; None where it can."""
        try:
            self.serving.pair.store.check()
        except StoreBrokenError as error:
            return error
        return None

    def _give_up_next(self) -> None:
        given_up, self._next = self._next, None
        if given_up is not None:
            _close(given_up.store)

    def _close_built(self) -> None:
        built, self._built = self._built, None
        if built is not None and self._builder is not None:
            self._builder.close(built)

    def close(self) -> None:
        """Release stores, and the embedder that was built for the change."""
        self._give_up_next()
        _close(self.serving.pair.store)
        self._stores.close()
        self._close_built()


def _take_over_keys(connection: sqlite3.Connection) -> None:
    """The chunks have the keys of the next model; what it could not embed is read again by the next scan."""
    key = "SELECT key FROM upcoming WHERE occurrence = occurrences.id"
    connection.execute(f"UPDATE occurrences SET vector_key = coalesce(({key}), '{NOT_EMBEDDED}')")
    connection.execute("DELETE FROM upcoming")


def serving_number(ledger: Ledger) -> int:
    """The generation that serves; a new one where the ledger names none, for no store fits a new ledger."""
    named = ledger.meta(NUMBER)
    if named is None:
        named = str(_new_number(0))
        ledger.set_meta(NUMBER, named)
    return int(named)


def _lost(known: str, error: EmbedderError) -> LostEmbedder:
    return LostEmbedder(of_identity(known), str(error))


def _new_number(before: int) -> int:
    """Never one that was there before, also where the ledger that knew it is gone: what it held fits no other ledger."""
    return max(int(time.time()), before + 1)


def _close(store: ChunkStore) -> None:
    try:
        store.close()
    except StoreBrokenError as error:
        log.debug("Closing a vector store: %s", error)
