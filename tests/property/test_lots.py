"""Lots and batches: every note and every missing text once, in order, like lengths together."""

from hypothesis import given
from hypothesis import strategies as st

from vault_sync.index.ledger import NOT_EMBEDDED
from vault_sync.index.lots import EMBED_AT_ONCE, LOT, LOT_NOTES, Job, batches, lots
from vault_sync.index.record import Keyed
from vault_sync.index.records import FileStamp
from vault_sync.notes.note import Chunk, Note, Span
from vault_sync.paths import VaultPath

KEYS = st.lists(st.sampled_from([NOT_EMBEDDED, *(f"k{n}" for n in range(200))]), max_size=30)


def job(number: int, keys: list[str]) -> Job:
    path = VaultPath(f"n{number}.md")
    note = Note(path, path, "", {}, None, 0, (), (), (), (), (), ())
    chunks = [Keyed(Chunk(i, (), 1, 1, Span(0, 0), "", key * len(key)), key) for i, key in enumerate(keys)]
    return Job(note, FileStamp(path, 0, 0), "", chunks, news=True)


JOBS = st.lists(KEYS, max_size=100).map(lambda all_keys: [job(i, keys) for i, keys in enumerate(all_keys)])


@given(JOBS)
def test_lots_hold_every_note_once_and_in_order(jobs: list[Job]) -> None:
    made = list(lots(jobs))
    assert [each for lot in made for each in lot] == jobs
    assert all(len(lot) <= LOT_NOTES for lot in made)
    assert all(sum(len(each.chunks) for each in lot[:-1]) < LOT for lot in made)


@given(JOBS, st.sets(st.sampled_from([f"k{n}" for n in range(200)])))
def test_batches_hold_every_missing_text_once_and_the_short_ones_first(jobs: list[Job], missing: set[str]) -> None:
    made = batches(jobs, missing)
    keys = [key for batch in made for key in batch.texts]
    assert sorted(keys) == sorted({key for each in jobs for key in each.texts} & missing)
    lengths = [len(text) for batch in made for text in batch.texts.values()]
    assert lengths == sorted(lengths)
    assert all(len(batch.texts) <= EMBED_AT_ONCE for batch in made)
    assert [batch.complete for batch in made] == [()] * (len(made) - 1) + [tuple(jobs)]
