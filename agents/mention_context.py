"""What a vault's index tells of a mention: how common its words are, and which note of several its passage is close to."""

from collections.abc import Sequence

import numpy as np

from agents.affinity import mean_vector
from vault_sync.frequency import rows_with
from vault_sync.ledger import Ledger
from vault_sync.note import Span
from vault_sync.paths import VaultPath
from vault_sync.ports import Vectors
from vault_sync.text import stem

_MARGIN = 0.02
"""By how much one cosine has to be above all others: those of any two texts of a vault lie within a tenth."""
_CHUNKS = 8


class LedgerContext:
    """The context of one note, as the index has it."""

    def __init__(self, ledger: Ledger, path: VaultPath, digest: str) -> None:
        """`digest` is the hash of the note's bytes: closeness is asked only where these were indexed."""
        self._ledger = ledger
        self._path = path
        self._digest = digest
        self._passages = ledger.counts()[2]

    def passages(self) -> int:
        """How many chunks the index has."""
        return self._passages

    def share(self, word: str) -> float:
        """The share of the chunks that have this folded word in any form."""
        found = rows_with(self._ledger.read(), stem(word), self._passages)
        return min(1.0, found / self._passages) if self._passages else 0.0

    def choose(self, span: Span, targets: Sequence[VaultPath]) -> VaultPath | None:
        """The target whose vectors are clearly closest to that of the chunk at the span, None where none is."""
        own = self._vector(span)
        means = {target: self._mean(target) for target in targets}
        others = {target: mean for target, mean in means.items() if mean is not None}
        if own is None or len(others) < len(targets) or any(other.shape != own.shape for other in others.values()):
            return None
        near = sorted(((float(np.dot(own, other)), target) for target, other in others.items()), reverse=True)
        return near[0][1] if near[0][0] - near[1][0] >= _MARGIN else None

    def _vector(self, span: Span) -> Vectors | None:
        record = self._ledger.note(self._path)
        if record is None or record.hash != self._digest:
            return None
        ids = [chunk.id for chunk in self._ledger.occurrences_of(self._path) if span.start in chunk.span]
        found = self._ledger.embedded(ids[:1])[1]
        return found[0] if len(found) else None

    def _mean(self, target: VaultPath) -> Vectors | None:
        ids = [chunk.id for chunk in self._ledger.occurrences_of(target)[:_CHUNKS]]
        found = self._ledger.embedded(ids)[1]
        return mean_vector(found) if len(found) else None
