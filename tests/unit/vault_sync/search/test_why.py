"""Where a note stands for a query, on a vault that was really indexed."""

from collections.abc import Iterator

import pytest

from tests.fakes.embedder import WordEmbedder
from vault_sync.index.ledger import Ledger
from vault_sync.index.sync import Indexer
from vault_sync.policy.policy import Policy, Rule
from vault_sync.ports import Vectors
from vault_sync.search.filter import Filter
from vault_sync.search.search import Searcher
from vault_sync.search.why import Standing, standing
from vault_sync.stores.memory import MemoryStore
from vault_sync.vault import Vault

NOTES = {
    "Kettle.md": "---\naliases: [чайник]\n---\n# Kettle\n\nA kettle boils water.\n\n## Cleaning\n\nVinegar removes scale.\n",
    "Teapot.md": "A teapot of porcelain holds hot water for tea.\n",
    "Fence.md": "A fence of wood stands around the garden and needs paint.\n",
    "Diary/Secret.md": "The heron stands at the pond.\n",
    **{f"Water {n}.md": f"Water of spring number {n} is cold, and water is water.\n" for n in range(120)},
}


@pytest.fixture(scope="module")
def indexer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Indexer]:
    folder = tmp_path_factory.mktemp("why")
    for name, text in NOTES.items():
        (folder / "v" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "v" / name).write_text(text, encoding="utf-8")
    ledger = Ledger(folder / "index.db")
    made = Indexer(Vault(folder / "v"), ledger, MemoryStore(), WordEmbedder(dimensions=512), Policy())
    made.prepare()
    made.scan()
    yield made
    ledger.close()


def stands(indexer: Indexer, query: str, path: str, filter: Filter = Filter(), *deny: str) -> Standing | None:  # noqa: B008
    policy = Policy(rules=tuple(Rule((each,), ("search",)) for each in deny))
    note = indexer.ledger.note(path)
    assert note is not None
    searcher = Searcher(indexer.ledger, indexer.store, indexer.embedder, policy)
    return standing(searcher, indexer.ledger, query, note, filter)


def test_a_note_that_is_found_stands_where_search_shows_it(indexer: Indexer) -> None:
    found = stands(indexer, "hot water for tea", "Teapot.md")
    assert found is not None and (found.rank, found.above) == (1, ())
    assert (found.lexical.rank, found.dense.rank) == (1, 1) and found.closest.path == "Teapot.md"
    assert found.snippet in NOTES["Teapot.md"]


def test_far_down_the_exact_rank_is_told(indexer: Indexer) -> None:
    found = stands(indexer, "spring water is cold", "Fence.md")
    assert found is not None and found.rank is None and found.score is None
    assert found.lexical.rank is None
    assert found.dense.rank is not None and 100 < found.dense.rank <= found.dense.of == len(NOTES) + 1
    passages = Searcher(indexer.ledger, indexer.store, indexer.embedder).search("spring water is cold", 3)
    assert list(found.above) == passages


def test_a_rank_beyond_the_cut_is_never_one_of_the_first(indexer: Indexer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vault_sync.search.search.DEPTH", 1)
    found = stands(indexer, "hot water for tea", "Water 7.md")
    assert found is not None and found.lexical.rank is not None and found.lexical.rank > 1


def test_each_word_is_told_where_it_stands(indexer: Indexer) -> None:
    found = stands(indexer, "Vinegar for the чайник, porcelain, zugzwang, boiling", "Kettle.md")
    assert found is not None and found.closest.heading == ("Kettle", "Cleaning")
    where = {word.text: word.where for word in found.words}
    assert where["vinegar"] == "text" and where["чайник"] == "name" and where["boiling"] == "note"
    assert where["porcelain"] == "elsewhere" and where["zugzwang"] == "nowhere"
    chunks = {word.text: word.chunks for word in found.words}
    assert chunks["zugzwang"] == 0 and chunks["porcelain"] == 1
    assert [word.text for word in found.words][:2] == ["vinegar", "for"]


def test_words_of_notes_that_may_not_be_found_stand_nowhere(indexer: Indexer) -> None:
    asked = ("heron", "Kettle.md", Filter())
    open_, closed = stands(indexer, *asked), stands(indexer, *asked, "Diary")
    assert open_ is not None and closed is not None
    assert [w.where for w in open_.words] == ["elsewhere"] and [w.where for w in closed.words] == ["nowhere"]
    assert open_.dense.of - closed.dense.of == 1


def test_a_filter_narrows_what_it_is_compared_with(indexer: Indexer) -> None:
    found = stands(indexer, "heron", "Diary/Secret.md", Filter(folder="Diary"))
    assert found is not None and found.dense.of == 1
    assert stands(indexer, "heron", "Kettle.md", Filter(folder="Diary")) is None


@pytest.mark.parametrize("query", ["😀", "?!", '"', "x" * 3000, " ".join(map(str, range(200)))])
def test_any_query_has_an_answer(indexer: Indexer, query: str) -> None:
    found = stands(indexer, query, "Kettle.md")
    assert found is not None and found.dense.rank is not None and len(found.words) <= 64


class CountingEmbedder(WordEmbedder):
    """Counts the questions that it embeds."""

    asked = 0

    def embed_query(self, text: str) -> Vectors:
        """As the other one does."""
        self.asked += 1
        return super().embed_query(text)


def test_the_query_is_embedded_once(indexer: Indexer) -> None:
    note, embedder = indexer.ledger.note("Teapot.md"), CountingEmbedder(dimensions=512)
    assert note is not None
    found = standing(Searcher(indexer.ledger, indexer.store, embedder), indexer.ledger, "hot water for tea", note)
    assert found is not None and found.rank == 1 and embedder.asked == 1
