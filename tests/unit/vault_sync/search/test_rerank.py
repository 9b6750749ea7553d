"""The second look, over a vault that was really indexed; the reranker here likes what holds its favourite word."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.fakes.embedder import WordEmbedder
from vault_sync.errors import RerankerError
from vault_sync.index.ledger import Ledger
from vault_sync.index.sync import Indexer
from vault_sync.policy.policy import Policy, Rule
from vault_sync.search.rerank import SecondLook
from vault_sync.search.search import Searcher
from vault_sync.stores.memory import MemoryStore
from vault_sync.vault import Vault

NOTES = {
    "Kettle.md": "# Cleaning\n\nWater leaves scale in a kettle; water is boiled, water is poured.\n",
    "Pot.md": "Water and a little tea, quagga.\n",
    "Cup.md": "A cup of water.\n",
    "Sea.md": "Salt water, quagga.\n",
}


class Likes:
    """Gives each text as many points as it holds the word."""

    def __init__(self, word: str) -> None:
        self.word = word
        self.asked: list[tuple[str, list[str]]] = []
        self.fails = False

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        self.asked.append((query, list(texts)))
        if self.fails:
            raise RerankerError("It failed.", "It was told to.", "Try again.")
        return [float(text.count(self.word)) for text in texts]


@pytest.fixture
def indexer(tmp_path: Path) -> Iterator[Indexer]:
    (tmp_path / "vault").mkdir()
    for name, text in NOTES.items():
        (tmp_path / "vault" / name).write_text(text)
    ledger = Ledger(tmp_path / "index.db")
    made = Indexer(Vault(tmp_path / "vault"), ledger, MemoryStore(), WordEmbedder(dimensions=512), Policy())
    made.prepare()
    made.scan()
    yield made
    ledger.close()


def searcher(indexer: Indexer, likes: Likes, depth: int = 30, policy: Policy = Policy()) -> Searcher:  # noqa: B008
    return Searcher(indexer.ledger, indexer.store, indexer.embedder, policy, second_look=SecondLook(likes, depth))


def paths(searcher: Searcher, query: str = "hot water", *, rerank: bool = True) -> list[str]:
    return [passage.path for passage in searcher.search(query, 10, rerank=rerank)]


def test_what_the_reranker_likes_comes_first(indexer: Indexer) -> None:
    likes = Likes("quagga")
    search = searcher(indexer, likes)
    before, after = paths(search, rerank=False), paths(search)
    assert not likes.asked[1:] and before[0] not in ("Pot.md", "Sea.md") and set(after[:2]) == {"Pot.md", "Sea.md"}
    assert sorted(before) == sorted(after)
    query, texts = likes.asked[0]
    assert query == "hot water" and next(t for t in texts if "scale" in t).startswith("Kettle › Cleaning\n")
    found = search.search("hot water", 10)
    assert [p.score for p in found] == sorted((p.score for p in found), reverse=True)
    assert found[0].dense_rank != 1, "ranks stay those of the lanes"


def test_only_the_first_ones_are_looked_at(indexer: Indexer) -> None:
    likes = Likes("quagga")
    before, after = paths(searcher(indexer, likes), rerank=False), paths(searcher(indexer, likes, 2))
    assert len(likes.asked[0][1]) == 2 and after[2:] == before[2:]


def test_a_reranker_that_fails_changes_nothing(indexer: Indexer) -> None:
    likes = Likes("quagga")
    likes.fails = True
    search = searcher(indexer, likes)
    assert paths(search) == paths(search, rerank=False) and len(likes.asked) == 1


def test_what_no_model_may_read_is_not_sent_and_keeps_its_place(indexer: Indexer) -> None:
    likes = Likes("quagga")
    policy = Policy(rules=(Rule(("Sea.md",), ("prompt",)),))
    search = searcher(indexer, likes, policy=policy)
    before, after = paths(search, rerank=False), paths(search)
    assert not any("Salt" in text for text in likes.asked[0][1])
    assert after.index("Sea.md") == before.index("Sea.md")
    others = [path for path in after if path != "Sea.md"]
    assert others[0] == "Pot.md"


def test_a_name_is_found_first_whatever_the_text_says(indexer: Indexer) -> None:
    likes = Likes("quagga")
    assert paths(searcher(indexer, likes), "Kettle")[0] == "Kettle.md"
    assert not likes.asked
