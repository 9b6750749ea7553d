"""The store follows the ledger: searches at once, what is slow to write when notes have been quiet for a while."""

from collections.abc import Callable
from dataclasses import dataclass

from vault_sync.index import outbox
from vault_sync.index.ledger import Ledger
from vault_sync.ports import ChunkStore

BEHIND = 256
"""Ids that Chroma may be behind: they are found all the same, and to write them takes longer than all else together."""


@dataclass(slots=True)
class Follower:
    """Knows how far the store is behind the ledger, and when it is to catch up. Used from one thread at a time."""

    ledger: Ledger
    store: ChunkStore
    _quiet: bool = False
    _worked: bool = False
    _erased: bool = False

    def erased(self) -> None:
        """Policy took something away: it leaves all of the store at once."""
        self._erased = True

    def worked(self) -> None:
        """Notes were processed just now."""
        self._quiet, self._worked = False, True

    def follow(self, should_stop: Callable[[], bool], behind: int | None = None) -> bool:
        """Bring the store so far up that it is `behind` by no more ids (None: `BEHIND`); False where it was to stop before."""
        most = 0 if self._erased else BEHIND if behind is None else behind
        done = outbox.flush(self.ledger, self.store, should_stop, behind=most)
        self._erased = self._erased and not done
        return done

    def rest(self, should_stop: Callable[[], bool]) -> bool:
        """Bring the store up to the ledger, and the ledger's file up to its log, unless notes were processed since the last
        call: both would keep the next one waiting. False where it was to stop before.
        """
        quiet, self._quiet = self._quiet, True
        if quiet and self._worked:
            self.ledger.database.checkpoint()
            self._worked = False
        if outbox.waits(self.ledger) or (quiet and self.store.behind):
            return self.follow(should_stop, 0)
        return True

    @property
    def waits(self) -> bool:
        """Whether the store has something to catch up with, and can."""
        return self.store.behind > 0 and not outbox.waits(self.ledger)
