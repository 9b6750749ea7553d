"""What a vault's index tells of a mention: how common its words are, and which note of several its passage is close to."""

from collections.abc import Collection, Sequence
from functools import cached_property

import numpy as np

from agents.mention.capitals import capitals
from agents.mention.sense import UNKNOWN, Portraits, Sense, nearness, overlap
from agents.related.affinity import Background, mean_vector
from vault_sync.index.ledger import Ledger
from vault_sync.index.records import NoteRecord, Occurrence
from vault_sync.notes.note import Span
from vault_sync.paths import VaultPath
from vault_sync.ports import Vectors
from vault_sync.search.frequency import rows_with
from vault_sync.text import stem

_MARGIN, _MARGIN_WITH_WORDS = 0.035, 0.06
"""By how much one note has to be closer than all others; the cosines of any two texts of a vault lie within a tenth."""
_WORDS = 0.5
"""What the cosine of shared words counts beside that of vectors."""
_CHUNKS = 8


class LedgerContext:
    """The context of one note, as the index has it."""

    def __init__(self, ledger: Ledger, path: VaultPath, digest: str, portraits: Portraits | None = None) -> None:
        """`digest` is the hash of the note's bytes: closeness is asked only where these were indexed. `portraits` are
        worth sharing; without them no note's sense is known.
        """
        self._ledger = ledger
        self._path = path
        self._digest = digest
        self._passages = ledger.passages()
        self._portraits = portraits
        self._vectors: dict[int, Vectors | None] = {}

    def passages(self) -> int:
        """How many chunks the index has."""
        return self._passages

    def share(self, word: str) -> float:
        """The share of the chunks that have this folded word in any form."""
        found = rows_with(self._ledger.read(), stem(word), self._passages)
        return min(1.0, found / self._passages) if self._passages else 0.0

    def choose(self, span: Span, around: str, targets: Sequence[VaultPath]) -> VaultPath | None:
        """The target that is clearly closest to the chunk at the span, by vectors and by the words `around`; None where
        none is.
        """
        own = self._vector(span)
        means = {target: self._mean(target) for target in targets}
        others = {target: mean for target, mean in means.items() if mean is not None}
        if own is None or len(others) < len(targets) or any(other.shape != own.shape for other in others.values()):
            return None
        said = self._said(around, targets)
        near = sorted(((float(np.dot(own, o)) + _WORDS * said.get(t, 0.0), t) for t, o in others.items()), reverse=True)
        return near[0][1] if near[0][0] - near[1][0] >= (_MARGIN_WITH_WORDS if said else _MARGIN) else None

    def _said(self, around: str, targets: Sequence[VaultPath]) -> dict[VaultPath, float]:
        """How much of what tells each target apart stands `around`; empty where that is not known of all."""
        against = self._against
        found = {t: self._portraits.of(t, against) for t in targets} if self._portraits and against else {}
        if against is None or not found or None in found.values():
            return {}
        return {t: overlap(around, (), one.topic, against) for t, one in found.items() if one is not None}

    def said(self, around: str, target: VaultPath, own: Collection[str]) -> float:
        """The cosine of the words `around` and the target's, 0 to 1; `own` are the stems of the name, which say nothing."""
        against = self._against
        portrait = self._portraits.of(target, against) if self._portraits and against else None
        return overlap(around, own, portrait.topic, against) if against is not None and portrait is not None else 0.0

    def sense(self, span: Span, name: str, target: VaultPath) -> Sense:
        """How well the target fits the chunk at the span, as if they had all their telling words in common."""
        against = self._against
        portrait = self._portraits.of(target, against) if self._portraits and against else None
        if against is None or portrait is None:
            return UNKNOWN
        here, near = self._vector(span), None
        length = next((len(chunk.text) for chunk in self._chunks if span.start in chunk.span), 0)
        if here is not None and portrait.seen is not None:
            near = nearness(against.seen(here, self._language), portrait.seen, against.notes)
        return Sense(True, 1.0, near, length, capitals(name, portrait.text), portrait.apart, portrait.told)

    @cached_property
    def _against(self) -> Background | None:
        return self._portraits.against() if self._portraits else None

    @cached_property
    def _record(self) -> NoteRecord | None:
        record = self._ledger.note(self._path)
        return record if record is not None and record.hash == self._digest else None

    @cached_property
    def _chunks(self) -> Sequence[Occurrence]:
        return self._ledger.occurrences_of(self._path) if self._record else ()

    @property
    def _language(self) -> str:
        return self._record.language if self._record else ""

    def _vector(self, span: Span) -> Vectors | None:
        """That of the chunk at the span."""
        number = next((chunk.id for chunk in self._chunks if span.start in chunk.span), None)
        if number is not None and number not in self._vectors:
            found = self._ledger.embedded([number])[1]
            self._vectors[number] = found[0] if len(found) else None
        return self._vectors[number] if number is not None else None

    def _mean(self, target: VaultPath) -> Vectors | None:
        ids = [chunk.id for chunk in self._ledger.occurrences_of(target)[:_CHUNKS]]
        found = self._ledger.embedded(ids)[1]
        return mean_vector(found) if len(found) else None
