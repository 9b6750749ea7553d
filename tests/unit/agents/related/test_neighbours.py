"""What would be shown beside a note that had never linked to some others, on a vault that was really indexed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.related.neighbours import Limits, Neighbours
from tests.fakes.embedder import WordEmbedder
from vault_sync.evaluation.evaluate import Bare, Examiner
from vault_sync.evaluation.questions import Questions
from vault_sync.index.ledger import Ledger
from vault_sync.index.sync import Indexer
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import Policy
from vault_sync.search.search import Searcher
from vault_sync.stores.memory import MemoryStore
from vault_sync.vault import Vault

NOTES = {
    "Stove.md": "A stove is heated with wood, and water boils on it in a [[Kettle]] every morning.\n",
    "Kettle.md": "Water boils in it on a stove every morning, and it whistles.\n",
    "Paint.md": "White paint needs two days to dry on a [[Fence]] in spring.\n",
    "Fence.md": "A fence is painted white in spring and takes two days to dry.\n",
    "Pond.md": "The heron stands at the pond and waits for frogs.\n",
    "Frog.md": "Frogs live in the pond, and the heron knows it.\n",
}


@pytest.fixture
def indexer(tmp_path: Path) -> Iterator[Indexer]:
    (tmp_path / "v").mkdir()
    for name, text in NOTES.items():
        (tmp_path / "v" / name).write_text(text, encoding="utf-8")
    ledger = Ledger(tmp_path / "index.db")
    made = Indexer(Vault(tmp_path / "v"), ledger, MemoryStore(), WordEmbedder(dimensions=512), Policy())
    made.prepare()
    made.scan()
    yield made
    ledger.close()


def test_a_link_that_is_hidden_is_found_again_and_changes_nothing(indexer: Indexer) -> None:
    ledger = indexer.ledger
    searcher = Searcher(ledger, indexer.store, indexer.embedder)
    neighbours = Neighbours(ledger, searcher, Policy(), Limits())
    seen: dict[VaultPath, Bare] = {}

    def ranked(bare: Bare, weight: float | None) -> list[VaultPath]:
        seen[bare.note.path] = bare
        return neighbours.as_if(bare, weight)

    examiner = Examiner(ledger, searcher, indexer.embedder)
    questions = Questions(ledger, Policy(), lambda path: indexer.vault.read(path)[0])
    asked = [each for bare in questions.stripped(10) for each in examiner.ask_related(bare, {}, ranked)]
    assert [each.ranks["now"] for each in asked] == [1, 1]
    stove = seen[VaultPath("Stove.md")]
    assert stove.hidden == {"Kettle.md"} and "Kettle" not in stove.note.text
    assert "Kettle.md" not in neighbours.scores(VaultPath("Stove.md")), "what is linked is not proposed"
    kept = Bare(stove.note, stove.chunks, stove.subject, frozenset())
    assert "Kettle.md" not in neighbours.as_if(kept), "a link that is not hidden is one"


def test_a_note_that_may_not_be_linked_is_asked_of_search(indexer: Indexer) -> None:
    searcher = Searcher(indexer.ledger, indexer.store, indexer.embedder)
    neighbours = Neighbours(indexer.ledger, searcher, Policy(templates=("Stove.md",)), Limits())
    examiner = Examiner(indexer.ledger, searcher, indexer.embedder)
    questions = Questions(indexer.ledger, Policy(), lambda path: indexer.vault.read(path)[0])
    (stripped,) = [each for each in questions.stripped(10) if each.note.path == "Stove.md"]
    (asked,) = examiner.ask_related(stripped, {"words": 1.0}, neighbours.as_if)
    assert asked.ranks == {"now": 1, "words": 1}


ONE, OTHER = VaultPath("one.md"), VaultPath("other.md")


def flat() -> dict[str, str]:
    """Many notes without links, folders and titles that say anything, each with words of its own; two share some."""
    apart = {f"{number}.md": " ".join(f"w{number}x{word}" for word in range(10)) for number in range(220)}
    common = "swarm pear hive evening"
    return apart | {
        ONE: f"Bees leave when narrow {common} hangs until",
        OTHER: f"Whoever saw waits queen {common} goes into",
    }


def test_where_no_note_links_the_obvious_neighbour_is_listed_and_the_others_are_not(tmp_path: Path) -> None:
    (tmp_path / "v").mkdir()
    for path, text in flat().items():
        (tmp_path / "v" / path).write_text(text + ".\n", encoding="utf-8")
    ledger = Ledger(tmp_path / "index.db")
    made = Indexer(Vault(tmp_path / "v"), ledger, MemoryStore(), WordEmbedder(dimensions=512), Policy())
    made.prepare()
    made.scan()
    neighbours = Neighbours(ledger, Searcher(ledger, made.store, made.embedder), Policy(), Limits())
    for asked, wanted in ((ONE, OTHER), (OTHER, ONE)):
        around = neighbours.of(asked, {}, set())
        assert around is not None
        assert [each.record.path for each in around.neighbours] == [wanted]
    ledger.close()


def test_a_note_in_doubt_has_to_stand_out_and_a_sure_one_has_not() -> None:
    limits = Limits(least=0.03)

    def admits(score: float, outstanding: float, notes: int = 500, *, listed: bool = False) -> bool:
        return limits.admits(score, outstanding, notes, listed=listed)

    assert admits(0.04, 1.3) and not admits(0.04, 1.2) and not admits(0.02, 9.0)
    assert admits(0.06, -1.0), "its score alone is enough"
    assert admits(0.04, -1.0, notes=20), "few notes say nothing of what is usual"
    assert admits(0.04, 1.0, listed=True) and not admits(0.04, 0.8, listed=True), "what is listed stays a little longer"
    assert admits(0.025, 1.0, listed=True) and not admits(0.025, 1.3)


def test_what_the_like_link_to_by_habit_is_not_listed_where_it_says_nothing_to_the_note(tmp_path: Path) -> None:
    asked, like, depot = VaultPath("Log 9.md"), VaultPath("Log 1.md"), VaultPath("Depot.md")
    stored = ["Stored in [[Depot]].", "Stored in [[Depot]].", "", "", ""]
    logs = {f"Log {i}.md": f"Tide mast rope w{i}a w{i}b. {where}" for i, where in enumerate(stored, 1)}
    others = {f"{i}.md": " ".join(f"w{i}x{word}" for word in range(10)) + f" [[{(i + 1) % 60}]]." for i in range(60)}
    notes = {asked: "Tide mast rope w9a w9b.", depot: "Crates full of nails are kept in a shed.", **others, **logs}
    (tmp_path / "v").mkdir()
    for path, text in notes.items():
        (tmp_path / "v" / path).write_text(text + "\n", encoding="utf-8")
    ledger = Ledger(tmp_path / "index.db")
    made = Indexer(Vault(tmp_path / "v"), ledger, MemoryStore(), WordEmbedder(dimensions=512), Policy())
    made.prepare()
    made.scan()
    searcher = Searcher(ledger, made.store, made.embedder)
    score = Neighbours(ledger, searcher, Policy(), Limits()).scores(asked)[depot]

    def listed(limits: Limits) -> list[VaultPath]:
        around = Neighbours(ledger, searcher, Policy(), limits).of(asked, {}, set())
        return [each.record.path for each in around.neighbours] if around else []

    doubted = 0.6 * score
    assert depot in listed(Limits(least=doubted, sure=1.0)), "by the score alone"
    assert like in listed(Limits(least=doubted)) and depot not in listed(Limits(least=doubted))
    ledger.close()
