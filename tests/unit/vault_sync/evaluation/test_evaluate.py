"""Questions are asked of a vault that was really indexed; the embedder hashes words, so ranks are predictable."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.fakes.embedder import WordEmbedder
from vault_sync.evaluation.evaluate import FUSED, NOW, Asked, Bare, Examiner, rows
from vault_sync.evaluation.questions import Kind, Question, Questions
from vault_sync.index.ledger import Ledger
from vault_sync.index.sync import Indexer
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import Policy
from vault_sync.search.fusion import Weights
from vault_sync.search.rerank import SecondLook
from vault_sync.search.search import Searcher
from vault_sync.search.why import standing
from vault_sync.stores.memory import MemoryStore
from vault_sync.vault import Vault

NOTES = {
    "Kettle.md": "# Kettle\n\nWater is boiled in it on a stove.\n\n## Lime scale\n\nVinegar takes it away.\n",
    "Stove.md": "A stove is heated with wood, and water is boiled on it in a [[Kettle]] every morning.\n",
    "Fence.md": "A fence of wood is painted white in spring, as [[Paint]] says.\n",
    "Paint.md": "White paint needs two days to dry. A fence needs it every spring.\n",
    "Pond.md": "The heron stands at the pond.\n",
}
BOTH = {"words": Weights(1.0, 1.0), "meaning": Weights(0.0, 0.0)}


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


@pytest.fixture
def examiner(indexer: Indexer) -> Examiner:
    searcher = Searcher(indexer.ledger, indexer.store, indexer.embedder)
    return Examiner(indexer.ledger, searcher, indexer.embedder)


def question(text: str, target: str, without: frozenset[int] = frozenset(), kind: Kind = "name") -> Question:
    return Question(kind, text, VaultPath(target), ("en", "en"), without=without)


def test_the_rank_of_a_note_is_that_of_its_best_passage(examiner: Examiner) -> None:
    (asked,) = examiner.ask(question("water boiled stove", "Kettle.md"), BOTH)
    assert asked.ranks.keys() == {NOW, "words", "meaning"}
    assert asked.ranks[NOW] in (1, 2)
    (far,) = examiner.ask(question("water boiled stove", "Pond.md"), BOTH)
    assert far.ranks["words"] is None and far.ranks["meaning"] == 5, "five notes, not six passages"


def test_what_the_question_was_taken_from_can_not_answer_it(indexer: Indexer, examiner: Examiner) -> None:
    text = "A stove is heated with wood, and water is boiled on it in a every morning."
    own = frozenset(chunk.id for chunk in indexer.ledger.occurrences_of("Stove.md"))
    (seen,) = examiner.ask(question(text, "Kettle.md"), {})
    (hidden,) = examiner.ask(question(text, "Kettle.md", own), {})
    assert seen.ranks[NOW] == 2 and hidden.ranks[NOW] == 1


class Backwards:
    """A reranker that likes the last best."""

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        return [float(number) for number in range(len(texts))]


def test_the_reranker_has_its_say_and_is_compared_with_its_absence(indexer: Indexer) -> None:
    searcher = Searcher(indexer.ledger, indexer.store, indexer.embedder, second_look=SecondLook(Backwards(), 6))
    (asked,) = Examiner(indexer.ledger, searcher, indexer.embedder).ask(question("water boiled stove", "Pond.md"), BOTH)
    assert asked.ranks[NOW] == 1 and asked.ranks[FUSED] == 5
    assert asked.ranks["meaning"] == 5, "other weights are tried without it"
    note = indexer.ledger.note("Pond.md")
    assert note is not None
    found = standing(searcher, indexer.ledger, "water boiled stove", note)
    assert found is not None and found.rank == 1, "why tells the rank that search shows"


def test_a_heading_is_judged_by_note_and_by_passage(examiner: Examiner) -> None:
    asked = Question("heading", "Lime scale", VaultPath("Kettle.md"), ("en", "en"), section=("Kettle", "Lime scale"))
    note, section = examiner.ask(asked, BOTH)
    assert (note.kind, section.kind) == ("heading", "section")
    assert note.ranks[NOW] == section.ranks[NOW] == 1


def test_related_does_not_see_the_links_that_it_should_find(indexer: Indexer, examiner: Examiner) -> None:
    embedder = indexer.embedder
    assert isinstance(embedder, WordEmbedder)
    before = len(embedder.seen)
    questions = Questions(indexer.ledger, Policy(), lambda path: indexer.vault.read(path)[0])
    searcher = Searcher(indexer.ledger, indexer.store, indexer.embedder)

    def near(bare: Bare, weight: float | None) -> list[VaultPath]:
        assert not any(target.removesuffix(".md") in bare.note.text for target in bare.hidden)
        return [passage.path for passage in searcher.near(bare.subject, 20, weight=weight)]

    asked = [e for stripped in questions.stripped(10) for e in examiner.ask_related(stripped, {"words": 1.0}, near)]
    assert {each.cluster: each.ranks[NOW] for each in asked} == {"Stove.md": 1, "Fence.md": 1}
    assert all(each.ranks.keys() == {NOW, "words"} for each in asked)
    fresh = embedder.seen[before:]
    assert fresh and not any("Kettle" in text or "Paint" in text for text in fresh)


def one(kind: Kind, rank: int | None, easy: bool | None = None, languages: tuple[str, str] = ("en", "en")) -> Asked:
    return Asked(kind, str(rank), easy, languages, {NOW: rank})


def test_rows_are_by_kind_hardness_and_languages() -> None:
    asked = [one("link", 1, True), one("link", 20, False, ("ru", "en")), one("name", 2), one("name", None)]
    table = {(row.kind, row.group): row for row in rows(asked)}
    assert list(table) == [
        *(("link", group) for group in ("all", "easy", "hard", "en→en", "ru→en")),
        ("name", "all"),
    ], "a group that holds all of them is no line of its own"
    assert table["link", "all"].recall.mean == 0.5 and table["link", "hard"].mrr.mean == 0
    assert table["name", "all"].mrr.mean == 0.25 and table["name", "all"].mrr.n == 2
