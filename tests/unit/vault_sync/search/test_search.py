"""Search over a vault that was really indexed; the embedder hashes words, so lanes are predictable."""

import os
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest

from tests.fakes.embedder import WordEmbedder
from vault_sync.errors import StoreBrokenError
from vault_sync.index.ledger import Ledger
from vault_sync.index.sync import Indexer
from vault_sync.policy.policy import InForce, Policy, Rule
from vault_sync.ports import Ids, Neighbour, Vectors
from vault_sync.search.fusion import Weights
from vault_sync.search.search import Filter, Mode, Passage, Searcher, Subject
from vault_sync.stores import routed
from vault_sync.stores.chroma import ChromaStore
from vault_sync.stores.mapped import MappedStore
from vault_sync.stores.memory import MemoryStore
from vault_sync.stores.routed import RoutedStore
from vault_sync.vault import Vault

NOTES = {
    "Tea/Сенча.md": "---\naliases: [sencha]\ntags: [drinks/tea]\n---\nИтак.\n\n## Заваривание\n\n"
    "Вода для зелёного чая не кипит.\n",
    "Tea/Kettle.md": "---\ntags: [tools]\n---\n# Kettle\n\nA kettle boils water for tea.\n\n## Cleaning\n\n"
    "Vinegar removes scale.\n",
    "Garden/Ёлка.md": "Ёлка растёт у забора; шишек мало.\n",
    "Garden/Шишки.md": "Много заметок про ёлки и шишки у забора.\n",
    "Garden/Fence.md": "The fence needs paint.\n",
    "Teapot.md": "Tea and water belong in a teapot, not in a kettle.\n",
}


@pytest.fixture
def indexer(tmp_path: Path) -> Iterator[Indexer]:
    root = tmp_path / "vault"
    for number, (name, text) in enumerate(NOTES.items(), start=1):
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        noon = datetime(2026, 3, number, 12).timestamp()  # days of a filter are those of the machine
        os.utime(file, (noon, noon))
    ledger = Ledger(tmp_path / "index.db")
    made = Indexer(Vault(root), ledger, MemoryStore(), WordEmbedder(dimensions=512), Policy())
    made.prepare()
    made.scan()
    yield made
    ledger.close()


@pytest.fixture
def searcher(indexer: Indexer) -> Searcher:
    return Searcher(indexer.ledger, indexer.store, indexer.embedder)


def _paths(passages: list[Passage]) -> list[str]:
    return [passage.path for passage in passages]


def test_a_passage_tells_where_it_stands_and_why(searcher: Searcher) -> None:
    best = searcher.search("заваривание зелёных чаёв", 3)[0]
    assert (best.path, best.title, best.heading) == ("Tea/Сенча.md", "Сенча", ("Заваривание",))
    assert best.snippet == "Вода для зелёного чая не кипит."
    assert NOTES["Tea/Сенча.md"][best.span.start : best.span.end] == best.text
    lines = NOTES["Tea/Сенча.md"].splitlines()[best.start_line - 1 : best.end_line]
    assert best.snippet in "\n".join(lines)
    assert (best.lexical_rank, best.dense_rank) == (1, 1)
    assert best.similarity is not None and 0 < best.similarity <= 1
    assert 0 < best.score <= 1


@pytest.mark.parametrize("mode", ["hybrid", "lexical", "dense"])
def test_every_mode_finds_the_note(searcher: Searcher, mode: Mode) -> None:
    passages = searcher.search("ёлка у забора", 2, mode)
    assert set(_paths(passages)) == {"Garden/Ёлка.md", "Garden/Шишки.md"}
    assert [passage.score for passage in passages] == sorted((p.score for p in passages), reverse=True)


def test_a_mode_has_ranks_in_its_own_lane_only(searcher: Searcher) -> None:
    lexical = searcher.search("tea water", 10, "lexical")
    assert [passage.lexical_rank for passage in lexical] == list(range(1, len(lexical) + 1))
    assert {passage.dense_rank for passage in lexical} == {None}
    dense = searcher.search("tea water", 10, "dense")
    assert [passage.dense_rank for passage in dense] == list(range(1, len(dense) + 1))
    assert {passage.lexical_rank for passage in dense} == {None}


@pytest.mark.parametrize("query", ["sencha", "Сенча", "СЕНЧИ", "kettle"])
def test_titles_and_aliases_are_found(searcher: Searcher, query: str) -> None:
    expected = "Tea/Kettle.md" if query == "kettle" else "Tea/Сенча.md"
    assert searcher.search(query, 1)[0].path == expected
    assert searcher.search(query, 1, "lexical")[0].path == expected


@pytest.mark.parametrize("mode", ["hybrid", "lexical", "dense"])
@pytest.mark.parametrize(
    ("narrow", "allowed"),
    [
        (Filter(folder="Tea"), {"Tea/Kettle.md", "Tea/Сенча.md"}),
        (Filter(tag="tools"), {"Tea/Kettle.md"}),
        (Filter(tag="#drinks"), {"Tea/Сенча.md"}),
        (Filter(after=date(2026, 3, 6)), {"Teapot.md"}),
        (Filter(before=date(2026, 3, 2)), {"Tea/Kettle.md", "Tea/Сенча.md"}),
        (Filter(folder="Tea", tag="tools"), {"Tea/Kettle.md"}),
        (Filter(folder="Nowhere"), set()),
    ],
)
def test_filters_narrow_both_lanes(searcher: Searcher, mode: Mode, narrow: Filter, allowed: set[str]) -> None:
    assert set(_paths(searcher.search("tea water kettle чай", 10, mode, narrow))) <= allowed
    if mode == "dense":
        assert set(_paths(searcher.search("tea", 10, mode, narrow))) == allowed


def test_filters_apply_before_the_cut(searcher: Searcher) -> None:
    assert searcher.search("tea water kettle", 1)[0].path != "Garden/Fence.md"
    assert _paths(searcher.search("tea water kettle fence", 1, filter=Filter(folder="Garden"))) == ["Garden/Fence.md"]


@pytest.mark.parametrize(("query", "k"), [("", 5), ("  \n", 5), ("tea", 0), ("tea", -3)])
def test_nothing_asked_nothing_found(searcher: Searcher, query: str, k: int) -> None:
    assert searcher.search(query, k) == []


def test_k_is_a_bound(searcher: Searcher) -> None:
    assert len(searcher.search("tea", 2)) == 2
    assert len(searcher.search("tea", 10_000)) == 8


@pytest.mark.parametrize("query", ['"', "😀", "NEAR(", "\0", "?!", "x" * 10_000])
def test_any_text_may_be_asked(searcher: Searcher, query: str) -> None:
    assert isinstance(searcher.search(query), list)


def test_what_the_ledger_forgot_is_not_shown_even_while_the_store_has_it(indexer: Indexer, searcher: Searcher) -> None:
    indexer.store.add([4711], indexer.embedder.embed_passages(["ёлка у забора"]))
    passages = searcher.search("ёлка у забора", 10)
    assert 4711 not in {passage.occurrence for passage in passages}
    assert len(passages) == 8


class _Broken(MemoryStore):
    def query(self, vector: Vectors, k: int, among: Ids | None = None) -> list[Neighbour]:
        raise StoreBrokenError("The store can not be used.")


def test_a_broken_store_is_searched_around(indexer: Indexer, searcher: Searcher) -> None:
    around = Searcher(indexer.ledger, _Broken(), indexer.embedder)
    assert around.search("ёлка у забора", 5, "dense") == searcher.search("ёлка у забора", 5, "dense")


@pytest.mark.parametrize("mode", ["hybrid", "lexical", "dense"])
def test_what_a_rule_keeps_from_a_use_is_left_out_before_the_cut(indexer: Indexer, mode: Mode) -> None:
    policy = Policy(rules=(Rule(("Garden/Ёлка.md", "Tea"), ("search", "related")),))
    searcher = Searcher(indexer.ledger, indexer.store, indexer.embedder, policy)
    assert _paths(searcher.search("ёлка у забора шишки", 1, mode)) == ["Garden/Шишки.md"]
    assert "Garden/Ёлка.md" in _paths(searcher.search("ёлка у забора", 10, mode, use="chat"))
    found = searcher.search("tea water kettle ёлка", 100, mode)
    assert not any(path.startswith("Tea/") or path == "Garden/Ёлка.md" for path in _paths(found))
    assert _paths(searcher.search("kettle", 10, mode, Filter(folder="Tea"))) == []
    near = _paths(searcher.related("Garden/Шишки.md", 10))
    assert near and "Garden/Ёлка.md" not in near and "Tea/Kettle.md" not in near
    if mode == "dense":
        assert len(found) == 3, "all that may be found is found"


def test_a_rule_counts_as_soon_as_it_is_there_and_for_new_notes(indexer: Indexer) -> None:
    policy = InForce(Policy())
    searcher = Searcher(indexer.ledger, indexer.store, indexer.embedder, policy)
    assert "Teapot.md" in _paths(searcher.search("teapot"))
    policy.current = Policy(rules=(Rule(("Teapot*",), ("search",)),))
    assert "Teapot.md" not in _paths(searcher.search("teapot"))
    (indexer.vault.root / "Teapot 2.md").write_text("Another teapot.\n")
    indexer.look(["Teapot 2.md"])
    assert not {"Teapot.md", "Teapot 2.md"} & set(_paths(searcher.search("teapot", 100)))


def test_a_broken_store_is_searched_around_by_the_same_rules(indexer: Indexer) -> None:
    policy = Policy(rules=(Rule(("Garden/Ёлка.md",), ("search",)),))
    around = Searcher(indexer.ledger, _Broken(), indexer.embedder, policy)
    assert "Garden/Ёлка.md" not in _paths(around.search("ёлка у забора", 10, "dense"))


def test_related_shows_the_best_passage_of_each_other_note(searcher: Searcher) -> None:
    passages = searcher.related("Garden/Ёлка.md", 3)
    assert passages[0].path == "Garden/Шишки.md"
    assert "Garden/Ёлка.md" not in _paths(passages)
    assert len(set(_paths(passages))) == len(passages)


def test_related_of_a_note_of_several_chunks(searcher: Searcher) -> None:
    passages = searcher.related("Tea/Kettle.md", 10)
    assert passages[0].path == "Teapot.md"
    assert len(passages) == 5


def test_related_of_what_is_not_indexed_is_empty(searcher: Searcher) -> None:
    assert searcher.related("Nowhere.md") == []
    assert searcher.related("Tea/Kettle.md", 0) == []


def test_neighbours_are_the_notes_that_related_shows_without_passages(searcher: Searcher) -> None:
    found = searcher.neighbours("Garden/Ёлка.md", 10)
    assert found[0].path == "Garden/Шишки.md" and "Garden/Ёлка.md" not in {each.path for each in found}
    assert {each.path for each in found} == set(_paths(searcher.related("Garden/Ёлка.md", 10)))
    assert searcher.neighbours("Garden/Ёлка.md", 2) == found[:2]
    assert searcher.neighbours("Nowhere.md", 10) == [] == searcher.neighbours("Garden/Ёлка.md", 0)


def test_neighbours_keep_to_the_policy(indexer: Indexer) -> None:
    policy = Policy(rules=(Rule(("Garden/Шишки.md",), ("related",)),))
    searcher = Searcher(indexer.ledger, indexer.store, indexer.embedder, policy)
    assert "Garden/Шишки.md" not in {each.path for each in searcher.neighbours("Garden/Ёлка.md", 10)}
    assert "Garden/Шишки.md" in {each.path for each in searcher.neighbours("Garden/Ёлка.md", 10, "links")}


def test_the_first_passage_of_notes(searcher: Searcher) -> None:
    shown = searcher.firsts(["Tea/Kettle.md", "Nowhere.md", "Teapot.md"])
    assert _paths(shown) == ["Tea/Kettle.md", "Teapot.md"] and all(passage.snippet for passage in shown)


def test_lanes_are_what_search_is_made_of(searcher: Searcher) -> None:
    lanes = searcher.lanes("ёлка у забора")
    passages = searcher.search("ёлка у забора", 100)
    assert [(hit.occurrence, hit.score) for hit in lanes.fused()] == [(p.occurrence, p.score) for p in passages]


@pytest.mark.parametrize("narrow", [Filter(), Filter(folder="Garden")])
def test_lanes_can_leave_occurrences_out_before_the_cut(searcher: Searcher, narrow: Filter) -> None:
    first = searcher.search("ёлка у забора", 1, filter=narrow)[0].occurrence
    lanes = searcher.lanes("ёлка у забора", filter=narrow, without=[first])
    assert lanes.fused() and first not in {hit.occurrence for hit in lanes.fused()}


def test_whole_lanes_are_not_cut(searcher: Searcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vault_sync.search.search.DEPTH", 2)
    cut, whole = searcher.lanes("tea water kettle"), searcher.lanes("tea water kettle", whole=True)
    assert len(cut.vectors) == len(cut.words.hits) == 2
    assert len(whole.vectors) == 8 and len(whole.words.hits) > 2
    assert [i for i, _ in whole.vectors][:2] == [i for i, _ in cut.vectors]
    assert len(searcher.lanes("tea", whole=True, filter=Filter(folder="Garden")).vectors) == 3


def test_a_subject_is_what_a_note_is_asked_by(indexer: Indexer, searcher: Searcher) -> None:
    text = "Шишки у забора."
    subject = Subject((), [text], indexer.embedder.embed_passages([text]), frozenset())
    assert set(_paths(searcher.near(subject, 2))) == {"Garden/Ёлка.md", "Garden/Шишки.md"}
    own = frozenset(chunk.id for chunk in indexer.ledger.occurrences_of("Garden/Шишки.md"))
    assert "Garden/Шишки.md" not in _paths(searcher.near(Subject((), [text], subject.vectors, own), 10))


def test_weights_reach_the_fusion(indexer: Indexer) -> None:
    only_words = Searcher(indexer.ledger, indexer.store, indexer.embedder, weights=Weights(1.0, 1.0))
    assert {p.score for p in only_words.search("ёлка у забора", 100) if p.lexical_rank is None} <= {0.0}


CROWD = 150


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    """Three notes about tea among many that say more of it; more than a lane takes part with. Nobody writes there."""
    folder = tmp_path_factory.mktemp("crowded")
    root = folder / "vault"
    made = {f"Crowd/{i}.md": f"Tea, tea and tea: the best tea number {i}.\n" for i in range(CROWD)}
    made |= {
        f"Few/{i}.md": f"---\ntags: [rare/kind]\n---\nSome words on the garden, fence {i} and tea.\n" for i in range(3)
    }
    for name, text in made.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        noon = datetime(2026, 5 if name.startswith("Few") else 3, 1, 12).timestamp()
        os.utime(file, (noon, noon))
    ledger = Ledger(folder / "index.db")
    store = RoutedStore(ChromaStore(folder / "chroma"), MappedStore(folder / "exact"))
    indexer = Indexer(Vault(root), ledger, store, WordEmbedder(dimensions=512), Policy())
    indexer.prepare()
    indexer.scan()
    yield Searcher(ledger, store, indexer.embedder)
    store.close()
    ledger.close()


@pytest.mark.parametrize("narrow", [Filter(folder="Few"), Filter(tag="rare"), Filter(after=date(2026, 4, 1))])
@pytest.mark.parametrize("mode", ["hybrid", "lexical", "dense"])
@pytest.mark.parametrize("by_graph", [False, True])
def test_a_filter_that_matches_three_notes_finds_all_three(
    crowded: Searcher, mode: Mode, narrow: Filter, by_graph: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if by_graph:
        monkeypatch.setattr(routed, "FEW", 0)
    assert not any(path.startswith("Few/") for path in _paths(crowded.search("best tea", 100, mode)))
    assert sorted(_paths(crowded.search("best tea", 100, mode, narrow))) == ["Few/0.md", "Few/1.md", "Few/2.md"]


@pytest.mark.parametrize("mode", ["hybrid", "lexical", "dense"])
def test_what_is_left_when_a_rule_denies_the_crowd_is_found(crowded: Searcher, mode: Mode) -> None:
    policy = Policy(rules=(Rule(("Crowd",), ("search",)),))
    searcher = Searcher(crowded._ledger, crowded._store, crowded._embedder, policy)
    assert sorted(_paths(searcher.search("best tea", 100, mode))) == ["Few/0.md", "Few/1.md", "Few/2.md"]


PROPERTIES = {
    "an alias": ("aliases: Камелия", "камелии"),
    "aliases in one line": ("aliases: Nothing, Камелия", "камелии"),
    "a list of aliases": ("aliases: [Nothing, Камелия китайская]", "китайские камелии"),
    "a list of aliases, one a line": ("aliases:\n  - Nothing\n  - 'Камелия'", "камелии"),
    "an alias under its other key": ('Alias: "Камелия"', "камелии"),
    "an alias that is a number": ("aliases: [2048]", "2048"),
    "a tag": ("tags: [растения/камелия]", "камелия"),
    "tags in one line": ("tags: nothing, камелия", "камелия"),
    "a tag with its mark": ('tag: "#камелия"', "камелия"),
    "a description": ("description: О камелии китайской.", "китайская камелия"),
    "a quoted description": ('description: "О камелии: китайской."', "китайская камелия"),
    "a folded description": ("description: >-\n  О камелии\n  китайской.", "китайская камелия"),
    "a description of several lines": (
        "description: О растении, что зовётся\n  камелией китайской.",
        "китайская камелия",
    ),
}


@pytest.mark.parametrize(("front", "query"), PROPERTIES.values(), ids=PROPERTIES)
def test_frontmatter_that_says_what_a_note_is_about_is_searched(indexer: Indexer, front: str, query: str) -> None:
    (indexer.vault.root / "Plant.md").write_text(f"---\n{front}\nkey: hidden\n---\nText.\n", encoding="utf-8")
    indexer.look(["Plant.md"])
    searcher = Searcher(indexer.ledger, indexer.store, indexer.embedder)
    assert "Plant.md" in _paths(searcher.search(query, 10))
    assert _paths(searcher.search(query, 1, "lexical")) == ["Plant.md"]
    if "description" in front:
        assert _paths(searcher.search(query, 1, "dense")) == ["Plant.md"]
    assert searcher.search("hidden", 1, "lexical") == []


def test_a_tag_that_was_taken_out_is_no_longer_a_word(indexer: Indexer) -> None:
    file = indexer.vault.root / "Plant.md"
    file.write_text("---\ntags: [камелия]\n---\nText.\n", encoding="utf-8")
    indexer.look(["Plant.md"])
    embedded = indexer.embedded
    file.write_text("---\ntags: [чай]\n---\nText.\n", encoding="utf-8")
    indexer.look(["Plant.md"])
    searcher = Searcher(indexer.ledger, indexer.store, indexer.embedder)
    assert searcher.search("камелия", 1, "lexical") == []
    assert "Plant.md" in _paths(searcher.search("чай", 5, "lexical"))
    assert indexer.embedded == embedded


@pytest.mark.parametrize(
    ("embed", "query"),
    [
        ("![[Pictures/Самовар на столе.png|300]]", "самовары"),
        ("![[Pictures/IMG_1.png|Самовар на столе]]", "самовары"),
        ("![Самовар на столе](img_1.png)", "самовары"),
        ("![](Pictures/%D0%A1%D0%B0%D0%BC%D0%BE%D0%B2%D0%B0%D1%80%201.png)", "самовары"),
        ("![[Paper on samovars.pdf#page=3]]", "samovar"),
    ],
)
def test_captions_and_names_of_embedded_files_are_words(indexer: Indexer, embed: str, query: str) -> None:
    (indexer.vault.root / "Picture.md").write_text(f"Here it is:\n\n{embed}\n", encoding="utf-8")
    indexer.look(["Picture.md"])
    searcher = Searcher(indexer.ledger, indexer.store, indexer.embedder)
    modes: tuple[Mode, ...] = ("lexical", "dense", "hybrid")
    for mode in modes:
        assert _paths(searcher.search(query, 1, mode)) == ["Picture.md"], mode


def test_an_embedded_note_is_found_where_it_stands_only(indexer: Indexer) -> None:
    (indexer.vault.root / "Around.md").write_text("It says\n\n![[Шишки]]\n\n![[Fence#Paint]]\n", encoding="utf-8")
    indexer.look(["Around.md"])
    searcher = Searcher(indexer.ledger, indexer.store, indexer.embedder)
    assert "Around.md" not in _paths(searcher.search("много заметок про ёлки", 10, "lexical"))
    assert "Around.md" in _paths(searcher.search("fence", 10, "lexical"))
