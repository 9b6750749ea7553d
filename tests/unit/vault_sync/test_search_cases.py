"""What users expect to find first: small vaults and queries in `tests/cases/search.json`, through the whole path.

`first` are the notes of which one must come first, `all_first` those that must come before all others. By words alone;
cases with `any_mode` hold also when vectors say otherwise.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fakes.embedder import WordEmbedder
from vault_sync.index.ledger import Ledger
from vault_sync.index.sync import Indexer
from vault_sync.policy.policy import Policy
from vault_sync.ports import Vectors
from vault_sync.search.search import Filter, Searcher
from vault_sync.stores.memory import MemoryStore
from vault_sync.vault import Vault

CASES = json.loads((Path(__file__).parents[2] / "cases" / "search.json").read_text(encoding="utf-8"))
BY_NAME = [case for case in CASES["cases"] if case.get("any_mode")]


class Contrary(WordEmbedder):
    """Says of each query that it means the opposite."""

    def embed_query(self, text: str) -> Vectors:
        return np.asarray(-super().embed_query(text), dtype=np.float32)


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Searcher]]:
    ledgers: list[Ledger] = []
    made: dict[str, Searcher] = {}

    def get(name: str) -> Searcher:
        if name not in made:
            root = tmp_path_factory.mktemp(name)
            for path, text in CASES["vaults"][name].items():
                file = root / "vault" / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
            ledger, store, embedder = Ledger(root / "index.db"), MemoryStore(), Contrary()
            indexer = Indexer(Vault(root / "vault"), ledger, store, embedder, Policy())
            indexer.prepare()
            indexer.scan()
            ledgers.append(ledger)
            made[name] = Searcher(ledger, store, embedder)
        return made[name]

    yield get
    for ledger in ledgers:
        ledger.close()


def _check(case: dict[str, Any], paths: list[str]) -> None:
    if "first" in case:
        assert paths and paths[0] in case["first"]
    else:
        assert set(dict.fromkeys(paths[: len(case["all_first"])])) == set(case["all_first"])


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: f"{case['vault']}: {case['query']}")
def test_the_expected_note_comes_first_by_words(searcher: Callable[[str], Searcher], case: dict[str, Any]) -> None:
    _check(case, [passage.path for passage in searcher(case["vault"]).search(case["query"], 5, "lexical")])


@pytest.mark.parametrize("case", BY_NAME, ids=lambda case: case["query"])
def test_a_note_that_is_called_by_name_comes_first_whatever_vectors_say(
    searcher: Callable[[str], Searcher], case: dict[str, Any]
) -> None:
    found = searcher(case["vault"]).search(case["query"], 5, "hybrid")
    _check(case, [passage.path for passage in found])
    assert found[0].score == 1.0


def test_a_name_counts_within_a_filter_only(searcher: Callable[[str], Searcher]) -> None:
    within = searcher("names").search("inbox", 5, filter=Filter(folder="Projects"))
    assert [passage.path for passage in within] == ["Projects/Inbox.md"]
    assert searcher("names").search("inbox", 5, filter=Filter(folder="Daily"))[0].score < 1


def test_every_part_of_a_note_s_name_is_shown_once(searcher: Callable[[str], Searcher]) -> None:
    found = [passage.occurrence for passage in searcher("names").search("inbox", 20)]
    assert len(found) == len(set(found))
