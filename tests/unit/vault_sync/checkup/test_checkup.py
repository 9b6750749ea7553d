"""Real files and a real Chroma, spoilt in every way that they can be: found, and mended as far as the ledger can."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.fakes.embedder import WordEmbedder
from vault_sync.checkup.checkup import Report, check_up
from vault_sync.checkup.inspection import Inspector
from vault_sync.databases.state import State
from vault_sync.index.ledger import Ledger
from vault_sync.index.sync import Indexer
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import Policy
from vault_sync.search.search import Searcher
from vault_sync.stores.chroma import ChromaStore
from vault_sync.vault import Vault
from vault_sync.writing.journal import Images, Journal
from vault_sync.writing.write import Writer

NOTES = 12


class World:
    """A vault with all that is derived from it, on the disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "v"
        self.embedder = WordEmbedder()
        self.policy = Policy()
        self.open()

    def open(self) -> None:
        self.vault = Vault(self.root)
        self.state = State(self.folder / "state.db")
        self.journal = Journal(self.state)
        self.ledger = Ledger(self.folder / "index.db")
        self.store = ChromaStore(self.folder / "chroma")
        self.writer = Writer(self.vault, self.journal, self.policy)

    def close(self) -> None:
        self.store.close()
        self.ledger.close()
        self.state.close()

    def inspector(self) -> Inspector:
        return Inspector(self.vault, self.policy, self.ledger, self.store, self.state, self.writer)

    def scan(self) -> int:
        """What a start does; returns how many texts were embedded."""
        before = len(self.embedder.seen)
        indexer = Indexer(self.vault, self.ledger, self.store, self.embedder, self.policy)
        indexer.prepare()
        indexer.scan()
        return len(self.embedder.seen) - before

    def check(self, *, sweep: bool = True) -> Report:
        return check_up(self.inspector(), sweep=sweep)

    def sql(self, script: str) -> None:
        with self.ledger.database.write() as connection:
            for statement in script.split(";"):
                connection.execute(statement)

    def ids(self, path: str = "n1.md") -> list[int]:
        return [chunk.id for chunk in self.ledger.occurrences_of(path)]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    (tmp_path / "v").mkdir()
    for number in range(NOTES):
        body = f"# Note {number}\n\nThe heron number {number} eats frogs.\n\n## More\n\nЦапля номер {number} ест лягушек.\n"
        (tmp_path / "v" / f"n{number}.md").write_text(body)
    world = World(tmp_path)
    world.scan()
    yield world
    world.close()


def kinds(report: Report) -> set[str]:
    return {each.kind for each in report.found}


def test_all_agrees_after_a_scan(world: World) -> None:
    report = world.check()
    assert report.agree and not report.found
    passages = report.checked["passages"]
    assert passages >= 2 * NOTES
    assert report.checked == {
        "notes": NOTES,
        "indexed": NOTES,
        **dict.fromkeys(("passages", "words", "vectors", "stored"), passages),
    }


def other_vector(world: World) -> None:
    world.store.delete(world.ids()[:1])
    world.store.add(world.ids()[:1], np.eye(1, 64, dtype=np.float32))


FROM_THE_LEDGER: dict[str, Callable[[World], object]] = {
    "words_missing": lambda w: w.sql("DELETE FROM lexical WHERE rowid % 3 = 0"),
    "words_extra": lambda w: w.sql("INSERT INTO lexical (rowid, stems) VALUES (9999, 'stray')"),
    "words_wrong": lambda w: w.sql("UPDATE lexical SET stems = 'other words' WHERE rowid = 3"),
    "words_damaged": lambda w: w.sql("DELETE FROM lexical_data WHERE id > 10"),
    "store_missing": lambda w: w.store.delete(w.ids()),
    "store_extra": lambda w: w.store.add([7777], np.full((1, 64), 0.125, dtype=np.float32)),
    "store_wrong": other_vector,
    "outbox": lambda w: w.sql(f"INSERT INTO outbox VALUES ({w.ids()[0]}, 'add')"),
}


@pytest.mark.parametrize("kind", FROM_THE_LEDGER)
def test_what_is_derived_is_mended_without_embedding(world: World, kind: str) -> None:
    FROM_THE_LEDGER[kind](world)
    report = world.check()
    assert kind in kinds(report) and report.agree and all(report.mended(each) for each in report.found)
    assert world.check().found == () and world.scan() == 0


@pytest.mark.parametrize("table", ["lexical", "lexical_terms", "lexical_content", "lexical_docsize", "lexical_idx"])
def test_a_full_text_that_lacks_a_table_is_made_anew(world: World, table: str) -> None:
    world.sql(f"DROP TABLE {table}")
    world.close()
    world.open()
    assert world.check().agree
    assert [p.path for p in Searcher(world.ledger, world.store, world.embedder).search("heron 3", mode="lexical")]
    assert world.scan() == 0


def test_everything_derived_is_gone(world: World) -> None:
    world.sql("DELETE FROM lexical")
    world.store.reset()
    report = world.check()
    assert {"words_missing", "store_missing"} == kinds(report) and report.agree and world.scan() == 0


def test_a_vector_that_is_missing_is_embedded_by_the_next_scan_and_nothing_else(world: World) -> None:
    ids = world.ids()
    world.sql(f"DELETE FROM vectors WHERE key IN (SELECT vector_key FROM occurrences WHERE id = {ids[0]})")
    report = world.check()
    assert kinds(report) == {"no_vector"} and not report.agree and report.reading_mends
    changes = len(world.ledger.changes(0))
    assert world.scan() == 1 and world.check().agree
    assert world.ids() == ids and len(world.ledger.changes(0)) == changes, "nobody wrote the note anew"


@pytest.mark.parametrize(
    "value", ["zeroblob(256)", "x'00'", "substr(vector, 1, 128)", "substr(vector, 1, 252) || x'00007f7f'", "x''"]
)
def test_a_vector_that_no_embedder_gave_is_one_that_is_missing(world: World, value: str) -> None:
    chosen = f"key IN (SELECT vector_key FROM occurrences WHERE id = {world.ids()[0]})"
    world.sql(f"UPDATE vectors SET vector = {value} WHERE {chosen}")
    assert "no_vector" in kinds(world.check())
    assert world.scan() == 1 and world.check().agree


def test_a_missing_vector_keeps_nothing_else_waiting(world: World) -> None:
    lost = world.ids("n2.md")[0]
    world.sql(f"DELETE FROM vectors WHERE key IN (SELECT vector_key FROM occurrences WHERE id = {lost})")
    world.store.reset()
    assert world.scan() == 0
    assert world.store.ids() == world.inspector().look().vectors_due - {lost}


def test_a_text_that_was_changed_in_the_ledger_is_read_again(world: World) -> None:
    world.sql("UPDATE occurrences SET text = 'The stork eats frogs.' WHERE id = 3")
    report = world.check()
    assert "wrong_passages" in kinds(report) and not report.agree
    assert world.scan() == 0 and world.check().agree


def test_what_was_done_to_notes_is_left_to_the_scan(world: World) -> None:
    (world.root / "n0.md").unlink()
    (world.root / "n1.md").write_text("Other words.")
    (world.root / "new.md").write_text("A new note.")
    report = world.check()
    told = [(each.kind, each.subject) for each in report.found]
    assert told == [("not_indexed", "new.md"), ("changed", "n1.md"), ("gone", "n0.md")]
    assert not report.agree and not any(report.mended(each) for each in report.found)
    assert world.scan() == 2 and world.check().agree


def test_bytes_that_changed_under_an_old_time_are_found(world: World) -> None:
    file = world.root / "n1.md"
    info, data = file.stat(), file.read_bytes()
    file.write_bytes(data.replace(b"frogs", b"newts"))
    os.utime(file, ns=(info.st_atime_ns, info.st_mtime_ns))
    assert [each.kind for each in world.check().found] == ["changed"]


def test_notes_that_are_not_to_be_seen_are_not_named(world: World) -> None:
    (world.root / "n1.md").write_text("---\nprivate: true\n---\nMine alone.")
    (world.root / "n2.md").write_text("---\nbroken: [\nfamulus-ignore: true\n---\nMine too.")
    (world.root / "never.md").write_text("---\nprivate: true\n---\nNever indexed.")
    world.policy = Policy(exclude=("n3.md", "n4.md"))
    world.sql("DELETE FROM lexical")
    report = world.check()
    for each in report.found:
        assert not any(name in each.subject + each.message for name in ("n1.md", "n2.md", "n3.md", "n4.md", "never"))
    assert [each.message for each in report.found if each.kind == "hidden"] == [
        "4 notes that nobody may see are in the index."
    ]
    world.scan()
    assert world.check().agree


def test_notes_that_can_not_be_indexed_agree_with_what_the_ledger_says(world: World) -> None:
    (world.root / "latin.md").write_bytes(b"caf\xe9 \xff")
    (world.root / "large.md").write_text("x" * 6_000_000)
    world.embedder.fails_on = "cuckoo"
    (world.root / "refused.md").write_text("The cuckoo lays eggs.")
    world.scan()
    assert world.check().agree


def spoil(file: Path, first: int = 4096, step: int = 1000) -> None:
    data = bytearray(file.read_bytes())
    for at in range(first, len(data), step):
        data[at] ^= 0xFF
    file.write_bytes(data)


def test_a_damaged_index_is_begun_anew_and_filled_by_the_next_scan(world: World) -> None:
    world.close()
    spoil(world.folder / "index.db")
    world.open()
    report = world.check()
    opened = world.ledger.database.damage
    assert opened or ("damaged", "index.db") in {(each.kind, each.subject) for each in report.found}
    assert not report.agree and (world.folder / "index.db.damaged").exists()
    assert world.scan() >= 2 * NOTES and world.check().agree


@pytest.mark.parametrize("seed", range(12))
def test_whatever_bytes_are_flipped_in_the_index_all_agrees_in_the_end(world: World, seed: int) -> None:
    world.close()
    file = world.folder / "index.db"
    data, random = bytearray(file.read_bytes()), np.random.default_rng(seed)
    for at in random.integers(100, len(data), 4):
        data[at] ^= 1 << int(random.integers(8))
    file.write_bytes(data)
    world.open()
    world.check()
    world.scan()
    world.check()
    world.scan()
    report = world.check()
    assert report.agree, report.left
    found = Searcher(world.ledger, world.store, world.embedder).search("heron number 7 frogs")
    assert found[0].path == "n7.md"


def test_a_damaged_store_is_filled_anew_without_embedding(world: World) -> None:
    world.close()
    next((world.folder / "chroma").rglob("chroma.sqlite3")).write_bytes(b"not a database" * 500)
    world.open()
    assert world.store.damage
    report = world.check()
    assert kinds(report) == {"store_missing"} and report.agree and world.scan() == 0


def test_a_store_of_other_dimensions_is_filled_anew(world: World) -> None:
    world.store.reset()
    world.store.add(world.ids(), np.eye(len(world.ids()), 3, dtype=np.float32))
    assert world.check().agree and world.scan() == 0


def test_a_damaged_state_is_told_and_left(world: World) -> None:
    for number in range(50):
        world.journal.intend(VaultPath(f"{number}.md"), Images(None, b"x" * 2000), feature="link", run="r")
        world.journal.mark(number + 1, "done")
    world.close()
    state = world.folder / "state.db"
    with sqlite3.connect(state) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'journal_path'").fetchone()
    connection.close()
    world.open()
    data = bytearray(state.read_bytes())
    data[(page - 1) * 4096 + 200 : page * 4096] = b"\xff" * 3896
    state.write_bytes(data)
    report = check_up(replace(world.inspector(), writer=None))
    assert [(each.kind, each.subject) for each in report.found] == [("damaged", "state.db")]
    assert not report.agree and state.read_bytes() == data


def test_writes_that_a_crash_interrupted_are_looked_after(world: World) -> None:
    path, file = VaultPath("n1.md"), world.root / "n1.md"
    images = Images(file.read_bytes(), b"new bytes")
    world.journal.intend(path, images, feature="link", run="r", temporary=".famulus-tmp-1")
    (world.root / ".famulus-tmp-1").write_bytes(b"new by")
    report = world.check(sweep=False)
    assert [each.kind for each in report.found] == ["open_write"] and not report.agree
    under_way = replace(world.inspector(), under_way_seconds=60)
    assert check_up(under_way).agree, "a daemon may be writing this moment"
    assert world.check().agree and not list(world.root.glob(".famulus-tmp-*"))
    assert file.read_bytes() == images.before


def test_a_temporary_file_that_nobody_knows_is_told_and_kept(world: World) -> None:
    (world.root / "Deep").mkdir()
    (world.root / "Hidden").mkdir()
    for place in (".famulus-tmp-0", "Deep/.famulus-tmp-1", "Hidden/.famulus-tmp-2"):
        (world.root / place).write_text("somebody's words")
    world.policy = Policy(exclude=("Hidden",))
    world.writer = Writer(world.vault, world.journal, world.policy)
    report = world.check()
    subjects = {each.subject for each in report.found}
    assert subjects == {".famulus-tmp-0", "Deep/.famulus-tmp-1", ".famulus-tmp-2"} and not report.agree
    assert len(list(world.root.rglob(".famulus-tmp-*"))) == 3
