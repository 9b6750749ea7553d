"""What policy takes out of a real index, and what it lets back in."""

import os
import time
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from tests.fakes.embedder import WordEmbedder
from vault_sync.checkup.checkup import check_up
from vault_sync.checkup.inspection import Inspector
from vault_sync.index.ledger import Ledger
from vault_sync.index.sync import Indexer
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import Policy, Rule
from vault_sync.search.search import Searcher
from vault_sync.stores.memory import MemoryStore
from vault_sync.vault import Vault

SECRET = VaultPath("Private/Quagga.md")
WORD = "zugzwang"
TEXT = f"# Quagga\n\nThe {WORD} is told to nobody at all.\n"
HIDDEN = Policy(exclude=("Private",))


class Desk:
    """A vault with a note that will be hidden, and what was heard of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.vault = Vault(_made(folder / "v"))
        self.ledger = Ledger(folder / "index.db")
        self.taken: list[VaultPath] = []
        self.known_when_taken: list[VaultPath] = []
        self.read: list[VaultPath] = []
        self.uncovered: list[VaultPath] = []
        self.indexer = self.start(Policy())

    def start(self, policy: Policy) -> Indexer:
        """As a new process would."""
        store = self.indexer.store if hasattr(self, "indexer") else MemoryStore()
        self.indexer = Indexer(self.vault, self.ledger, store, WordEmbedder(), policy)
        self.indexer.on_taken = self._take
        self.indexer.on_indexed = self.read.append
        self.indexer.on_uncovered = self.uncovered.append
        self.indexer.prepare()
        self.indexer.scan()
        return self.indexer

    def _take(self, paths: Collection[VaultPath]) -> None:
        self.taken += paths
        self.known_when_taken += [path for path in paths if self.ledger.note(path)]

    def scan(self, policy: Policy) -> None:
        self.indexer.policy = policy
        self.indexer.scan()

    def write(self, path: str, text: str) -> Path:
        file = self.vault.root / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        return file

    def log(self) -> list[tuple[str, str]]:
        return [(change.kind, change.path) for change in self.ledger.changes(0)]

    def rows(self) -> list[object]:
        """Every value of every row of the ledger."""
        connection = self.ledger.read()
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [value for table in tables for row in connection.execute(f"SELECT * FROM {table}") for value in row]

    def holds(self, text: str) -> bool:
        return any(text.lower() in str(value).lower() for value in self.rows())

    def files_hold(self, text: str) -> bool:
        return any(text.encode() in file.read_bytes() for file in self.folder.glob("index.db*"))

    def consistent(self) -> bool:
        ids = {r[0] for r in self.ledger.read().execute("SELECT id FROM occurrences WHERE vector_key != ''")}
        vectors = self.ledger.read().execute("SELECT count(*) FROM vectors").fetchone()[0]
        keys = self.ledger.read().execute("SELECT count(DISTINCT vector_key) FROM occurrences WHERE vector_key != ''")
        return ids == self.indexer.store.ids() and vectors == keys.fetchone()[0]

    def found(self) -> set[str]:
        searcher = Searcher(self.ledger, self.indexer.store, self.indexer.embedder, self.indexer.policy)
        return {passage.path for passage in searcher.search(WORD, 10)}


def _made(root: Path) -> Path:
    (root / "Private").mkdir(parents=True)
    (root / SECRET).write_text(TEXT)
    (root / "Open.md").write_text("An open note about horses and grass.\n")
    return root


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    assert made.holds(WORD) and made.found() == {SECRET, "Open.md"}
    yield made
    made.ledger.close()


def gone(desk: Desk) -> bool:
    return not desk.holds(WORD) and not desk.holds("quagga") and desk.consistent() and SECRET not in desk.found()


@pytest.mark.parametrize("policy", [HIDDEN, Policy(ignored=("private/",)), Policy(ignored=("/quagga/",))])
def test_what_a_new_policy_hides_leaves_no_trace(desk: Desk, policy: Policy) -> None:
    desk.scan(policy)
    assert gone(desk) and desk.taken == [SECRET] and desk.log() == [("created", "Open.md")]
    assert desk.known_when_taken == [SECRET], "whoever cleans up is told first: a crash in between repeats it"
    assert not desk.files_hold(WORD) and not desk.files_hold("Quagga"), "not in free pages either"


def test_it_is_gone_before_anything_else_is_read(desk: Desk) -> None:
    desk.write("New.md", "A new note.\n")
    desk.indexer.on_indexed = lambda path: _is(gone(desk))
    desk.scan(HIDDEN)
    assert desk.ledger.note("New.md") is not None


def _is(condition: bool) -> None:
    assert condition


def test_a_policy_that_changed_while_nothing_ran_is_obeyed_at_start(desk: Desk) -> None:
    desk.start(HIDDEN)
    assert gone(desk)


def test_in_the_moment_before_the_index_is_cleaned_nothing_is_found(desk: Desk) -> None:
    desk.indexer.policy = HIDDEN
    assert desk.holds(WORD) and desk.found() == {"Open.md"}


@pytest.mark.parametrize("front", ["private: true", "famulus-ignore: yes", "private: true\nbroken: ["])
@pytest.mark.parametrize("scanned", [True, False])
def test_a_note_that_asks_to_be_left_alone(desk: Desk, front: str, scanned: bool) -> None:
    desk.write(SECRET, f"---\n{front}\n---\n{TEXT}")
    if scanned:
        desk.indexer.scan()
    else:
        desk.indexer.look([SECRET])
    assert gone(desk) and desk.taken == [SECRET]


@pytest.mark.parametrize("data", [b"---\nprivate: true\n---\n\xff\xfe", b"---\nprivate: true\n---\n" + b"x " * 3000])
def test_a_private_note_that_can_not_be_read_is_not_listed_as_such(desk: Desk, data: bytes) -> None:
    desk.indexer.max_note_bytes = 4000
    (desk.vault.root / SECRET).write_bytes(data)
    desk.indexer.scan()
    assert gone(desk) and desk.ledger.counts() == (1, 0, 1)


def test_private_notes_are_not_read_again_and_again(desk: Desk) -> None:
    desk.write(SECRET, f"---\nprivate: true\n---\n{TEXT}")
    desk.indexer.scan()
    assert len(desk.indexer.survey()) == 0
    (desk.vault.root / SECRET).unlink()
    assert len(desk.indexer.survey()) == 0


def test_earlier_names_and_sentences_go_too(desk: Desk) -> None:
    desk.write("Private/Quagga.md", TEXT + "The quagga eats grass in the morning.\n")
    desk.indexer.scan()
    (desk.vault.root / SECRET).rename(desk.vault.root / "Private/Zebra.md")
    desk.indexer.scan()
    assert any("morning" in change.told for change in desk.ledger.changes(0))
    desk.scan(Policy(exclude=("Private/Zebra.md",)))
    assert not desk.holds("zebra") and not desk.holds("quagga") and not desk.holds("morning")


def test_a_hidden_name_is_no_former_name_of_another_note(desk: Desk) -> None:
    (desk.vault.root / SECRET).rename(desk.vault.root / "Zebra.md")
    desk.indexer.scan()
    desk.scan(HIDDEN)
    assert [name for name in desk.log() if name[1] == "Zebra.md"] == [("modified", "Zebra.md")]
    assert not any(change.old_path for change in desk.ledger.changes(0))


def test_what_was_deleted_before_is_not_told_either(desk: Desk) -> None:
    (desk.vault.root / SECRET).unlink()
    desk.indexer.scan()
    assert ("deleted", SECRET) in desk.log()
    desk.scan(HIDDEN)
    assert gone(desk)


def test_a_real_deletion_is_logged(desk: Desk) -> None:
    (desk.vault.root / "Open.md").unlink()
    desk.scan(HIDDEN)
    assert ("deleted", "Open.md") in desk.log() and not desk.taken.count(VaultPath("Open.md"))


def test_a_note_that_is_moved_out_of_sight_was_not_deleted(desk: Desk) -> None:
    desk.scan(HIDDEN)
    (desk.vault.root / "Open.md").rename(desk.vault.root / "Private/Open.md")
    desk.indexer.look(["Open.md"])
    assert desk.log() == [] and not desk.holds("horses") and desk.taken[-1] == "Open.md"


def test_a_vector_that_another_note_uses_stays(desk: Desk) -> None:
    desk.write("Twin.md", TEXT)
    desk.indexer.scan()
    before = desk.indexer.embedded
    desk.scan(HIDDEN)
    assert desk.found() >= {"Twin.md"} and desk.consistent() and desk.indexer.embedded == before


def test_what_becomes_readable_again_is_indexed_and_no_news(desk: Desk) -> None:
    desk.scan(HIDDEN)
    resolver = desk.ledger.resolver()
    desk.read.clear()
    desk.start(Policy())
    assert desk.found() == {SECRET, "Open.md"} and desk.consistent()
    assert (desk.read, desk.uncovered) == ([], [SECRET]) and ("created", SECRET) not in desk.log()
    assert desk.ledger.resolver() is not resolver and desk.ledger.resolver().resolve("Quagga", SECRET) == SECRET


def test_what_was_written_since_is_news_all_the_same(desk: Desk) -> None:
    desk.scan(HIDDEN)
    later = time.time() + 60
    os.utime(desk.write("Private/New.md", "Written after the last scan.\n"), (later, later))
    desk.scan(Policy())
    assert ("created", "Private/New.md") in desk.log() and desk.uncovered == [SECRET]


def test_a_note_that_is_private_no_longer_is_no_news(desk: Desk) -> None:
    desk.write(SECRET, f"---\nprivate: true\n---\n{TEXT}")
    desk.indexer.scan()
    desk.write(SECRET, TEXT)
    desk.indexer.look([SECRET])
    assert desk.uncovered == [SECRET] and ("created", SECRET) not in desk.log() and SECRET in desk.found()


NO_VECTORS = Policy(rules=(Rule(("Private",), ("embed",)),))


def test_a_text_may_be_kept_from_the_embedder(desk: Desk) -> None:
    desk.scan(NO_VECTORS)
    assert desk.consistent() and not desk.read[2:] and desk.uncovered == [SECRET]
    assert [chunk.vector_key for chunk in desk.ledger.occurrences_of(SECRET)] == [""]
    assert desk.found() == {SECRET, "Open.md"}, "words still find it"
    dense = Searcher(desk.ledger, desk.indexer.store, desk.indexer.embedder).search(WORD, 10, "dense")
    assert {passage.path for passage in dense} == {"Open.md"}
    assert desk.indexer.scan() == 0 and desk.log() == [("created", "Open.md"), ("created", SECRET)]


def test_it_is_never_embedded_when_the_rule_was_there_before(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "index.db")
    embedder = WordEmbedder()
    indexer = Indexer(Vault(_made(tmp_path / "v")), ledger, MemoryStore(), embedder, NO_VECTORS)
    indexer.prepare()
    indexer.scan()
    assert ledger.counts() == (2, 0, 2) and not any(WORD in text for text in embedder.seen)
    ledger.close()


def test_a_text_that_another_note_has_too_gets_no_vector_from_there(desk: Desk) -> None:
    desk.write("Twin.md", TEXT)
    desk.scan(NO_VECTORS)
    assert desk.consistent()
    dense = Searcher(desk.ledger, desk.indexer.store, desk.indexer.embedder).search(WORD, 10, "dense")
    assert {passage.path for passage in dense} == {"Open.md", "Twin.md"}


def test_it_is_embedded_once_the_rule_is_gone(desk: Desk) -> None:
    desk.scan(NO_VECTORS)
    before = desk.log()
    desk.scan(Policy())
    assert desk.consistent() and desk.log() == before and desk.ledger.occurrences_of(SECRET)[0].vector_key
    assert desk.indexer.scan() == 0


def test_a_note_that_moves_under_such_a_rule_loses_its_vectors(desk: Desk) -> None:
    desk.scan(NO_VECTORS)
    (desk.vault.root / "Open.md").rename(desk.vault.root / "Private/Open.md")
    desk.indexer.scan()
    assert desk.consistent() and desk.ledger.occurrences_of("Private/Open.md")[0].vector_key == ""
    assert desk.log()[-1] == ("moved", "Private/Open.md")


def test_a_store_is_filled_anew_without_what_has_no_vector(desk: Desk) -> None:
    desk.scan(NO_VECTORS)
    desk.indexer.store.reset()
    desk.indexer.prepare()
    assert desk.consistent()


def test_related_of_a_note_without_vectors_goes_by_words(desk: Desk) -> None:
    desk.write("Also.md", f"Also about the {WORD}.\n")
    desk.scan(NO_VECTORS)
    searcher = Searcher(desk.ledger, desk.indexer.store, desk.indexer.embedder)
    (first, *_) = searcher.related(SECRET)
    assert (first.path, first.dense_rank) == ("Also.md", None)


@pytest.mark.parametrize("text", ["---\nprivate: true\n---\nx", "---\nprivate: true\n---\n" + "x " * 3000])
def test_a_check_up_finds_nothing_wrong_with_what_policy_left_out(desk: Desk, text: str) -> None:
    desk.indexer.max_note_bytes = 4000
    desk.write("Private/Alone.md", text)
    desk.scan(NO_VECTORS)
    inspector = Inspector(desk.vault, NO_VECTORS, desk.ledger, desk.indexer.store, None, None, 4000)
    report = check_up(inspector)
    assert report.agree and not report.found and report.checked["notes"] == report.checked["indexed"] == 2
    assert report.checked["vectors"] == 1 and report.checked["words"] == 2
