"""What any two texts of a vault have in common."""

from pathlib import Path

import numpy as np
import pytest

from vault_sync.index import record
from vault_sync.index.ledger import Ledger
from vault_sync.index.records import FileStamp
from vault_sync.notes.note import Chunk, Span
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath
from vault_sync.ports import Vectors
from vault_sync.search.usual import ENOUGH, Usual, common_similarity


def _vectors(n: int) -> Vectors:
    random = np.random.default_rng(3)
    made = random.normal(size=(n, 64)) + 2
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), np.float32)


def test_what_any_two_texts_have_in_common_is_told_from_enough_of_them() -> None:
    vectors = _vectors(200)
    pairs = (vectors @ vectors.T)[np.triu_indices(200, 1)]
    common = common_similarity(vectors)
    assert common is not None and 0.94 < float((pairs > common).mean()) < 1
    assert common_similarity(vectors[: ENOUGH - 1]) is None


def test_a_vault_is_known_by_its_vectors_and_a_very_small_one_by_the_hits(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "index.db")
    usual = Usual(ledger)
    assert usual.similarity([(1, 0.9), (2, 0.7)]) == 0.7
    assert usual.similarity([]) == 0
    vectors = _vectors(ENOUGH)
    record.put_vectors(ledger, [f"{number:03}" for number in range(ENOUGH)], vectors)
    chunks = [record.Keyed(Chunk(n, (), 1, 1, Span(0, 1), "a", "a"), f"{n:03}") for n in range(ENOUGH)]
    note = parse_note(VaultPath("a.md"), b"a")
    record.put_note(ledger, FileStamp("a.md", 1, 1), "hash", note, chunks)
    assert usual.similarity([(1, 0.9)]) == pytest.approx(common_similarity(vectors))
    ledger.set_meta("embedder", "another|64")
    record.put_vectors(ledger, [f"{number:03}" for number in range(ENOUGH)], vectors[::-1] * np.float32(0.5))
    assert usual.similarity([(1, 0.9)]) == pytest.approx((common_similarity(vectors) or 0) / 4)
    ledger.close()
