import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.fakes.embedder import WordEmbedder
from vault_sync.errors import StoreBrokenError, VaultUnavailableError
from vault_sync.index.ledger import Ledger
from vault_sync.index.sync import Indexer, Stopped
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import Policy
from vault_sync.ports import Vectors
from vault_sync.search.filter import Filter
from vault_sync.stores.memory import MemoryStore
from vault_sync.vault import Vault
from vault_sync.writing.edit import content_hash


@pytest.fixture
def indexer(tmp_path: Path) -> Iterator[Indexer]:
    root = tmp_path / "v"
    root.mkdir()
    (root / "a.md").write_text("# Cats\n\nCats sleep a lot.\n\n## Food\n\nThey eat fish, see [[b]].\n")
    (root / "b.md").write_text("---\ntags: [pets]\n---\nРыба живёт в воде.\n")
    ledger = Ledger(tmp_path / "index.db")
    made = Indexer(Vault(root), ledger, MemoryStore(), WordEmbedder(), Policy())
    made.prepare()
    made.scan()
    yield made
    ledger.close()


def embedder(indexer: Indexer) -> WordEmbedder:
    assert isinstance(indexer.embedder, WordEmbedder)
    return indexer.embedder


def root(indexer: Indexer) -> Path:
    return indexer.vault.root


def consistent(indexer: Indexer) -> bool:
    """Ledger, full text and store speak of the same occurrences."""
    ids = {row[0] for row in indexer.ledger.read().execute("SELECT id FROM occurrences")}
    words = {row[0] for row in indexer.ledger.read().execute("SELECT rowid FROM lexical")}
    return ids == words == indexer.store.ids()


def _allowed(ledger: Ledger, narrow: Filter) -> set[int]:
    found = ledger.allowed(narrow)
    assert found is not None and sorted(found.tolist()) == found.tolist()
    return set(found.tolist())


def test_indexes_what_is_there(indexer: Indexer) -> None:
    assert indexer.ledger.counts() == (2, 0, 3)
    headings = [chunk.heading for chunk in indexer.ledger.occurrences_of("a.md")]
    assert headings == [("Cats",), ("Cats", "Food")]
    assert [link.target for link in indexer.ledger.links_from("a.md")] == ["b.md"]
    assert [link.source for link in indexer.ledger.links_to("b.md")] == ["a.md"]
    note = indexer.ledger.note("b.md")
    assert note is not None and (note.language, note.tags) == ("ru", ("pets",))
    assert consistent(indexer)


def test_a_second_scan_embeds_nothing(indexer: Indexer) -> None:
    before = indexer.embedded
    assert indexer.scan() == 0 and indexer.embedded == before


def test_a_touched_file_is_read_and_not_embedded(indexer: Indexer) -> None:
    os.utime(root(indexer) / "a.md", (1, 1))
    before = indexer.embedded
    assert indexer.scan() == 1 and indexer.embedded == before
    assert indexer.scan() == 0


def test_only_the_changed_chunk_is_embedded(indexer: Indexer) -> None:
    ids = {c.heading: c.id for c in indexer.ledger.occurrences_of("a.md")}
    file = root(indexer) / "a.md"
    file.write_text(file.read_text().replace("fish", "chicken"))
    before = len(embedder(indexer).seen)
    indexer.look(["a.md"])
    assert len(embedder(indexer).seen) == before + 1
    after = {c.heading: c.id for c in indexer.ledger.occurrences_of("a.md")}
    assert after[("Cats",)] == ids[("Cats",)] and after[("Cats", "Food")] != ids[("Cats", "Food")]
    assert consistent(indexer)


def test_a_paragraph_above_moves_lines_without_embedding_what_is_below(indexer: Indexer) -> None:
    file = root(indexer) / "a.md"
    file.write_text("# Intro\n\nNew words.\n\n" + file.read_text())
    before = indexer.embedded
    indexer.scan()
    assert indexer.embedded == before + 1
    assert [c.start_line for c in indexer.ledger.occurrences_of("a.md")][1:] == [7, 11]
    assert consistent(indexer)


def test_rename_and_move_embed_nothing_and_leave_nothing_stale(indexer: Indexer) -> None:
    before = indexer.embedded
    (root(indexer) / "Folder").mkdir()
    (root(indexer) / "b.md").rename(root(indexer) / "Folder/Рыбы.md")
    indexer.look(["b.md", "Folder/Рыбы.md"])
    assert indexer.embedded == before
    assert indexer.ledger.note("b.md") is None
    moved = indexer.ledger.occurrences_of("Folder/Рыбы.md")
    assert [c.title for c in moved] == ["Рыбы"]
    assert indexer.ledger.changes(0)[-1].kind == "moved"
    assert _allowed(indexer.ledger, Filter(folder="Folder")) == {moved[0].id}
    assert consistent(indexer)


def test_a_note_that_was_moved_while_nobody_watched_is_found_by_the_scan(indexer: Indexer) -> None:
    shutil.move(root(indexer) / "a.md", root(indexer) / "c.md")
    before = indexer.embedded
    indexer.scan()
    assert indexer.embedded == before and indexer.ledger.paths() == ["b.md", "c.md"]


def test_a_note_that_was_moved_before_a_write_into_it_was_seen_is_known_by_that_write(indexer: Indexer) -> None:
    moves: list[tuple[VaultPath, VaultPath]] = []
    indexer.on_moved = lambda old, new: moves.append((old, new))
    indexer.written_to = {content_hash(b"written"): VaultPath("a.md"), content_hash(b"other"): VaultPath("b.md")}.get
    (root(indexer) / "a.md").unlink()
    (root(indexer) / "c.md").write_bytes(b"written")
    (root(indexer) / "d.md").write_bytes(b"other")
    indexer.scan()
    assert moves == [("a.md", "c.md")], "the note b.md is still where it was"
    assert indexer.ledger.paths() == ["b.md", "c.md", "d.md"] and consistent(indexer)


def test_a_deleted_note_is_gone_everywhere(indexer: Indexer) -> None:
    (root(indexer) / "a.md").unlink()
    indexer.look(["a.md"])
    assert indexer.ledger.counts() == (1, 0, 1) and consistent(indexer)
    assert indexer.ledger.links_to("b.md") == []


def test_a_note_that_comes_back_is_not_embedded_again(indexer: Indexer) -> None:
    text = (root(indexer) / "a.md").read_text()
    (root(indexer) / "a.md").unlink()
    indexer.scan()
    (root(indexer) / "a.md").write_text(text)
    before = indexer.embedded
    indexer.scan()
    assert indexer.embedded == before and indexer.ledger.counts()[0] == 2


def test_a_chunk_knows_what_else_its_note_is_called(indexer: Indexer) -> None:
    (root(indexer) / "named.md").write_text("---\naliases: [Other name]\n---\nA text of some words.\n")
    indexer.scan()
    (found,) = indexer.ledger.occurrences_of("named.md")
    assert found.aliases == ("Other name",)


def test_two_notes_with_the_same_text_are_two_occurrences_of_one_vector(indexer: Indexer) -> None:
    shutil.copy(root(indexer) / "a.md", root(indexer) / "copy.md")
    before = indexer.embedded
    indexer.scan()
    assert indexer.embedded == before and indexer.ledger.counts() == (3, 0, 5) and consistent(indexer)


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"caf\xe9 \xff", "UTF-8"), (b"x" * 5000, "limit")],
)
def test_a_note_that_can_not_be_read_is_told_with_its_reason(indexer: Indexer, data: bytes, words: str) -> None:
    indexer.max_note_bytes = 4000
    (root(indexer) / "bad.md").write_bytes(data)
    (root(indexer) / "good.md").write_text("This one is fine.")
    indexer.scan()
    bad = indexer.ledger.note("bad.md")
    assert bad is not None and bad.state == "failed" and words in bad.reason and bad.fix
    assert indexer.ledger.note("good.md") is not None
    assert indexer.scan() == 0, "a failed note is not tried again until it changes"
    (root(indexer) / "bad.md").write_text("mended")
    indexer.scan()
    mended = indexer.ledger.note("bad.md")
    assert mended is not None and mended.state == "indexed"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xef\xbb\xbf# BOM\r\n\r\ntext\r\n",
        b"nul \0 byte",
        b"---\nbroken: [yaml\n---\ntext",
        b"\n\n\n",
        b"%% only %%",
    ],
)
def test_odd_notes_are_simply_indexed(indexer: Indexer, data: bytes) -> None:
    (root(indexer) / "odd.md").write_bytes(data)
    indexer.scan()
    odd = indexer.ledger.note("odd.md")
    assert odd is not None and odd.state == "indexed"
    assert not any("\0" in text for text in embedder(indexer).seen)
    assert consistent(indexer) and (root(indexer) / "odd.md").read_bytes() == data


def test_a_note_that_becomes_private_leaves_no_trace(indexer: Indexer) -> None:
    (root(indexer) / "a.md").write_text("---\nprivate: true\n---\nCats are secret.\n")
    indexer.scan()
    assert indexer.ledger.note("a.md") is None and indexer.ledger.counts() == (1, 0, 1) and consistent(indexer)
    assert not any("secret" in text for text in embedder(indexer).seen)


@pytest.mark.parametrize("front", ["private: true\nbroken: [yaml", "broken: {\nfamulus-ignore: yes"])
def test_a_private_note_with_broken_frontmatter_is_left_alone(indexer: Indexer, front: str) -> None:
    (root(indexer) / "p.md").write_text(f"---\n{front}\n---\nA secret.\n")
    indexer.scan()
    assert indexer.ledger.note("p.md") is None
    assert not any("secret" in text for text in embedder(indexer).seen)


def test_a_failing_embedder_fails_the_note_and_is_tried_again(indexer: Indexer) -> None:
    embedder(indexer).fails_on = "poison"
    (root(indexer) / "p.md").write_text("poison pill")
    (root(indexer) / "q.md").write_text("harmless")
    indexer.scan()
    assert indexer.ledger.counts() == (3, 1, 4), "one text that fails does not take other notes along"
    failed = indexer.ledger.note("p.md")
    assert failed is not None and (failed.state, failed.fix) == ("failed", "Try again.")
    embedder(indexer).fails_on = ""
    indexer.scan()
    healed = indexer.ledger.note("p.md")
    assert healed is not None and healed.state == "indexed"


def test_a_stop_loses_nothing(indexer: Indexer) -> None:
    for number in range(60):
        (root(indexer) / f"n{number}.md").write_text(f"Note number {number} about topic{number}.")
    calls = iter(range(100))
    indexer.should_stop = lambda: next(calls) > 2
    with pytest.raises(Stopped):
        indexer.scan()
    done = indexer.embedded
    indexer.should_stop = lambda: False
    indexer.prepare()
    indexer.scan()
    assert indexer.ledger.counts()[0] == 62 and consistent(indexer)
    assert indexer.embedded == 63 and 0 < done < 63, "nothing was embedded twice"


def test_a_store_that_lost_its_data_is_mended_from_the_ledger(indexer: Indexer) -> None:
    indexer.store.reset()
    before = indexer.embedded
    indexer.prepare()
    assert consistent(indexer) and indexer.embedded == before


class BreakingStore(MemoryStore):
    """Breaks once, at the next write."""

    def __init__(self) -> None:
        super().__init__()
        self.breaks = True

    def add(self, occurrences: Sequence[int], vectors: Vectors) -> None:
        if self.breaks:
            self.breaks = False
            raise StoreBrokenError("The store is broken.")
        super().add(occurrences, vectors)


def test_a_store_that_breaks_is_filled_anew_without_embedding(indexer: Indexer) -> None:
    indexer.store = indexer.follower.store = BreakingStore()
    (root(indexer) / "c.md").write_text("One more note.")
    before = indexer.embedded
    indexer.scan()
    assert consistent(indexer) and indexer.embedded == before + 1


def test_names_that_differ_in_case_only_are_two_notes(indexer: Indexer) -> None:
    (root(indexer) / "A.md").write_text("A note with a capital name.")
    indexer.scan()
    assert {"a.md", "A.md"} <= set(indexer.ledger.paths()) and consistent(indexer)


def test_another_chunk_size_cuts_anew_and_embeds_only_what_is_new(indexer: Indexer) -> None:
    text = "Cats sleep a lot, and nobody knows why. " * 12
    (root(indexer) / "a.md").write_text(f"# Cats\n\n{text}\n\n## Food\n\nThey eat fish.\n")
    indexer.scan()
    indexed: list[VaultPath] = []
    again = Indexer(indexer.vault, indexer.ledger, indexer.store, WordEmbedder(), Policy(), chunk_chars=200)
    again.on_indexed, again.on_uncovered = indexed.append, lambda path: None
    again.prepare()
    again.scan()
    assert len(indexer.ledger.occurrences_of("a.md")) > 3 and consistent(again)
    assert again.embedded == len({c.vector_key for c in indexer.ledger.occurrences_of("a.md")}) - 1
    assert indexed == [], "nobody saved these notes"
    same = Indexer(indexer.vault, indexer.ledger, indexer.store, WordEmbedder(), Policy(), chunk_chars=200)
    same.prepare()
    assert not same.survey().changed, "the size is remembered"


def test_a_vault_that_is_gone_keeps_its_index(indexer: Indexer) -> None:
    away = root(indexer).with_name("away")
    root(indexer).rename(away)
    with pytest.raises(VaultUnavailableError):
        indexer.scan()
    root(indexer).mkdir()
    with pytest.raises(VaultUnavailableError, match="mounted"):
        indexer.scan()
    assert indexer.ledger.counts()[0] == 2
    root(indexer).rmdir()
    away.rename(root(indexer))
    before = indexer.embedded
    assert indexer.scan() == 0 and indexer.embedded == before


def test_excluded_notes_are_forgotten_when_policy_changes(indexer: Indexer) -> None:
    indexer.policy = Policy(exclude=("b.md",))
    indexer.scan()
    assert indexer.ledger.paths() == ["a.md"] and consistent(indexer)


def test_hints_of_paths_that_are_no_notes_are_ignored(indexer: Indexer) -> None:
    indexer.look(["image.png", ".obsidian/workspace.json", "missing.md"])
    assert indexer.ledger.counts() == (2, 0, 3)


def test_filters(indexer: Indexer) -> None:
    ledger = indexer.ledger
    assert ledger.allowed(Filter()) is None
    assert _allowed(ledger, Filter(tag="#Pets")) == {c.id for c in ledger.occurrences_of("b.md")}
    assert _allowed(ledger, Filter(tag="pet")) == set()
    assert _allowed(ledger, Filter(folder="a.md")) == {c.id for c in ledger.occurrences_of("a.md")}
    os.utime(root(indexer) / "a.md", (86400 * 365, 86400 * 365))
    indexer.scan()
    from datetime import date

    assert _allowed(ledger, Filter(before=date(1971, 1, 5))) == {c.id for c in ledger.occurrences_of("a.md")}
    assert _allowed(ledger, Filter(after=date(1971, 1, 5))) == {c.id for c in ledger.occurrences_of("b.md")}


def test_a_damaged_ledger_is_put_aside_and_rebuilt(tmp_path: Path, indexer: Indexer) -> None:
    file = tmp_path / "damaged.db"
    file.write_bytes(b"SQLite format 3\0" + b"garbage" * 1000)
    ledger = Ledger(file)
    again = Indexer(indexer.vault, ledger, MemoryStore(), WordEmbedder(), Policy())
    again.prepare()
    again.scan()
    assert ledger.counts() == (2, 0, 3) and file.with_name("damaged.db.damaged").exists()
    assert VaultPath("a.md") in ledger.paths()
    ledger.close()


def test_the_log_tells_the_first_new_sentence_of_a_change(indexer: Indexer) -> None:
    file = root(indexer) / "a.md"
    file.write_text(file.read_text().replace("They eat fish", "They hunt mice. They eat fish"))
    indexer.scan()
    assert indexer.ledger.changes(0)[-1].told == "They hunt mice."
    file.unlink()
    indexer.scan()
    assert not any(change.told for change in indexer.ledger.changes(0)), "what is gone leaves no text behind"
