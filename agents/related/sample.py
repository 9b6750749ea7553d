"""The background of a vault, taken anew when the vault has become another one."""

from threading import Lock

from agents.related.affinity import Background, background
from vault_sync.index.generations import MODEL
from vault_sync.index.ledger import Ledger

_DRIFT = 0.1
"""The share by which the number of notes may change until the sample is taken again."""


class Sample:
    """Keeps the background of a vault. Safe to call in threads."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = Lock()
        self._known: tuple[int, str | None, Background] | None = None
        """How many notes there were when the sample was taken, of whose vectors it is, and the sample."""

    def forget(self) -> None:
        """Take it anew the next time: a note that is in it is to be forgotten."""
        with self._lock:
            self._known = None

    def current(self) -> Background:
        """The background as it was not long ago."""
        notes = int(self._ledger.read().execute("SELECT count(*) FROM notes").fetchone()[0])
        model = self._ledger.meta(MODEL)
        with self._lock:
            known = self._known
            if known is None or model != known[1] or abs(notes - known[0]) > _DRIFT * known[0]:
                known = self._known = (notes, model, background(self._ledger))
            return known[2]
