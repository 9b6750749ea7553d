"""Which notes policy keeps from a use, remembered: asking for each note of a large vault takes longer than to search it."""

from threading import Lock
from typing import NamedTuple

from vault_sync.index.ledger import CLEANED_FOR, Ledger, Version
from vault_sync.policy.policy import Policy, PolicySource, Use
from vault_sync.ports import Ids
from vault_sync.search.ids import NO_IDS, ids_of

_NOTES = "SELECT id, path FROM notes"
_CHANGED = f"{_NOTES} WHERE path IN (SELECT path FROM changes WHERE id > ?)"


class _Known(NamedTuple):
    """What was found for a policy when the ledger had a version."""

    fingerprint: str
    version: Version
    notes: frozenset[int]
    ids: Ids


class Denials:
    """Asks policy once for each note, and again for those that changed."""

    def __init__(self, ledger: Ledger, policy: PolicySource) -> None:
        self._ledger = ledger
        self._policy = policy
        self._known: dict[Use, _Known] = {}
        self._lock = Lock()

    def of(self, use: Use) -> Ids:
        """The ids of notes that policy keeps from this use; none, at no cost, where no rule does.

        What policy hides altogether is not in the index, but for the moment until it is cleaned for a new policy.
        """
        policy = self._policy.current
        if not policy.restricts(use) and self._ledger.meta(CLEANED_FOR) == policy.fingerprint:
            return NO_IDS
        with self._lock:
            known = self._current(policy, use)
            self._known[use] = known
            return known.ids

    def _current(self, policy: Policy, use: Use) -> _Known:
        known, version = self._known.get(use), self._ledger.version()
        if known is None or known.fingerprint != policy.fingerprint or known.version[1] != version[1]:
            rows = self._ledger.read().execute(_NOTES).fetchall()
            before: frozenset[int] = frozenset()
        elif known.version == version:
            return known
        else:
            rows = self._ledger.read().execute(_CHANGED, (known.version[0],)).fetchall()
            before = known.notes - {row[0] for row in rows}
        denied = before.union(row[0] for row in rows if not policy.allows(row[1], use))
        return _Known(policy.fingerprint, version, denied, ids_of(denied))
