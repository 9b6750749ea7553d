"""Watching the vault's folder: begun anew where it became another one, and by polling where the system's limit is met."""

import logging
from collections.abc import Callable
from dataclasses import replace

from daemon.bus import Bus
from daemon.indexing.standing import Watching
from vault_sync.errors import WatchLimitError
from vault_sync.vault import Vault
from vault_sync.watching.watch import Watcher

log = logging.getLogger(__name__)


class Lookout:
    """Holds the Watcher of one vault; for one thread, but for `watching`."""

    def __init__(
        self, vault: Vault, bus: Bus, hint: Callable[[str], None], tree_hint: Callable[[], None], *, polling: bool
    ) -> None:
        """`hint` is told of each path, `tree_hint` that a folder changed; both in threads of the Watcher."""
        self._vault = vault
        self._bus = bus
        self._hint = hint
        self._tree_hint = tree_hint
        self._how = Watching(polling)
        self._watcher: Watcher | None = None
        self._identity = ""

    def watching(self) -> Watching:
        """How the folder is watched now."""
        watcher = self._watcher
        return replace(self._how, every=watcher.every if watcher is not None else None)

    def keep(self) -> bool:
        """See to it that the folder is watched; whether that began just now, so that all of it must be looked at.

        Raises VaultUnavailableError.
        """
        self._vault.check()
        identity = self._vault.identity()
        if self._watcher is not None and identity == self._identity:
            if self._watcher.limit is not None and not self._how.polling:
                self._fall_back(self._watcher.limit)
            elif self._watcher.alive():
                return False
        self.end()
        self._identity = identity
        self._watcher = self._begun()
        return True

    def end(self) -> None:
        """Watch no more."""
        if self._watcher is not None:
            self._watcher.stop()
            self._watcher = None

    def _begun(self) -> Watcher:
        watching = self._made()
        try:
            watching.start()
        except WatchLimitError as error:
            self._fall_back(error)
            watching = self._made()
            watching.start()
        return watching

    def _made(self) -> Watcher:
        return Watcher(self._vault.root, self._hint, self._tree_hint, polling=self._how.polling)

    def _fall_back(self, error: WatchLimitError) -> None:
        log.warning("%s", error)
        self._how = Watching(polling=True, problem=error)
        self._bus.publish("vault.polled", message=error.effect, cause=error.cause, fix=error.fix)
