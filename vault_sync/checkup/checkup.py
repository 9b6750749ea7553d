"""A check-up of the whole index: look, compare, mend from the ledger what can be mended so, and look again."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from vault_sync.checkup import mend
from vault_sync.checkup.inspection import Inspector
from vault_sync.checkup.verify import (
    INDEX,
    NOT_READ,
    STATE,
    STORE,
    Disagreement,
    Kind,
    Snapshot,
    compare,
    damaged,
    wrong_passages,
)
from vault_sync.databases.soundness import ERRORS, is_damage
from vault_sync.errors import StoreAwayError, StoreBrokenError
from vault_sync.index import outbox, record
from vault_sync.index.sync import Stopped
from vault_sync.ports import ChunkStore

log = logging.getLogger(__name__)

_LEFT_ALONE: frozenset[Kind] = frozenset({"not_indexed", "changed", "gone", "hidden", "temporary"})


@dataclass(frozen=True, slots=True)
class Report:
    """How much was looked at, what did not agree, and what of that is left."""

    checked: dict[str, int]
    found: tuple[Disagreement, ...]
    left: tuple[Disagreement, ...]

    @property
    def agree(self) -> bool:
        """Whether all agrees now."""
        return not self.left

    def mended(self, one: Disagreement) -> bool:
        """Whether something that was found is no more."""
        left = (each for each in self.left if each.kind == one.kind)
        return not any(not one.subject or each.subject == one.subject for each in left)

    @property
    def reading_mends(self) -> bool:
        """Whether a scan, which reads notes and may embed, has something to do."""
        return any(each.kind in NOT_READ for each in self.left)

    @property
    def begun_anew(self) -> bool:
        """Whether the ledger was damaged and is another one now."""
        return any(each.kind == "damaged" and each.subject == INDEX for each in self.found)


def check_up(inspector: Inspector, *, before: Sequence[Disagreement] = (), sweep: bool = False) -> Report:
    """Find what disagrees and mend it; `before` was found, and mended, when the files were opened.

    With `sweep` interrupted writes are finished or taken back, too: only where no write can be under way.
    """
    seen = inspector.look()
    found = compare(seen)
    left = found
    if any(_can_mend(each, sweep=sweep) for each in found):
        why = repair(inspector, seen)
        if why and seen.readable:
            found = [damaged(INDEX, why), *found]
        if sweep and inspector.writer is not None:
            inspector.writer.sweep()
        left = compare(inspector.look())
    return Report(seen.counts(), (*before, *found), tuple(left))


def _can_mend(one: Disagreement, *, sweep: bool) -> bool:
    """Whether something can be done now; the rest needs notes to be read, or a person."""
    if one.kind == "damaged":
        return one.subject != STATE
    return sweep if one.kind == "open_write" else one.kind not in _LEFT_ALONE


def repair(inspector: Inspector, seen: Snapshot) -> str:
    """Mend full text and store from the ledger, without embedding, and let the next scan read what it must read.

    Returns why the ledger had to be begun anew instead; empty where it had not.
    """
    why = seen.damage.get(INDEX, "")
    try:
        if not why:
            _repair(inspector, seen)
    except ERRORS as error:
        if not is_damage(error):
            raise
        why = str(error)
    if why:
        inspector.ledger.begin_anew(why)
    return why


def _repair(inspector: Inspector, seen: Snapshot) -> None:
    ledger, store = inspector.ledger, inspector.store
    mend.forget_vectors(ledger, seen.no_vector)
    record.doubt(ledger, wrong_passages(seen) | {seen.note_of[i] for i in seen.no_vector})
    if seen.contradiction:
        mend.all_words_anew(ledger)
    elif seen.words_apart:
        mend.rewrite_words(ledger, sorted(seen.words_apart))
    outbox.refill(ledger, _right_rows(store, seen))
    if not outbox.flush(ledger, store, inspector.should_stop):
        raise Stopped


def _right_rows(store: ChunkStore, seen: Snapshot) -> Collection[int]:
    """The rows of the store that may stay. It forgets the wrong ones, for it never replaces a vector that it has."""
    broken = STORE in seen.damage
    try:
        if not broken and seen.stored_otherwise:
            store.delete(sorted(seen.stored_otherwise))
            # At once: after a crash the ids alone are compared, and these come again with other vectors.
            while store.behind:
                store.catch_up()
    except StoreAwayError:
        log.warning("The store is away: its wrong vectors stay until this is asked for again.")
    except StoreBrokenError:
        broken = True
    if broken:
        store.reset()
    return () if broken else seen.stored - seen.stored_otherwise
