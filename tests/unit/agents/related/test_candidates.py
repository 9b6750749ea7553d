"""Which notes are thought of beside a note, and what is said to speak for each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.related.affinity import background
from agents.related.candidates import Candidate, Candidates, Structure
from agents.related.likeness import SIGNS
from tests.fakes.embedder import WordEmbedder
from vault_sync.index.ledger import Ledger
from vault_sync.index.sync import Indexer
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import Policy
from vault_sync.search.search import Searcher
from vault_sync.stores.memory import MemoryStore
from vault_sync.vault import Vault

A, B, C, HUB = (VaultPath(f"Notes/{name}.md") for name in ("Amber", "Basalt", "Chalk", "Stones"))
NOTES = {
    A: "Resin of old trees that hardened. #stone/soft",
    B: "Lava that cooled fast, dark and heavy. #stone",
    C: "Shells of small things in a white sea, pressed. [[Basalt]] #stone",
    HUB: "All of them: [[Amber]], [[Basalt]], [[Chalk]].",
    "Home/Soup.md": "Carrots and onions simmer for an hour.",
    "Home/Bread.md": "Flour and water rest until morning.",
    "Home/Tea.md": "Leaves steep in hot water.",
    "Templates/Stone.md": "Lava that cooled fast, dark and heavy.",
    "2026-01-02.md": "Basalt.",
}


class Desk:
    def __init__(self, folder: Path) -> None:
        self.root = folder / "vault"
        for path, text in NOTES.items():
            self.put(path, text)
        self.ledger = Ledger(folder / "index.db")
        self.indexer = Indexer(Vault(self.root), self.ledger, MemoryStore(), WordEmbedder(), Policy())
        self.structure = Structure(self.ledger)
        self.indexer.prepare()
        self.indexer.scan()
        self.searcher = Searcher(self.ledger, self.indexer.store, self.indexer.embedder)
        self.against = background(self.ledger)

    def put(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def candidates(self) -> Candidates:
        return Candidates(self.ledger, self.searcher, self.against, Policy(), self.structure)

    def of(self, path: VaultPath) -> list[Candidate]:
        note = self.ledger.note(path)
        assert note is not None
        return self.candidates().of(note, self.ledger.occurrences_of(path))

    def signs(self, path: VaultPath, other: VaultPath, near: frozenset[VaultPath] = frozenset()) -> dict[str, float]:
        note, candidates = self.ledger.note(path), self.candidates()
        assert note is not None
        subject = candidates.subject(note, self.ledger.occurrences_of(path))
        assert subject is not None
        found = candidates.found(subject, near)
        row = next(i for i, side in enumerate(found.sides) if side.record.path == other)
        return dict(zip(SIGNS, found.signs[row].tolist(), strict=True))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.ledger.close()


def test_what_is_linked_and_what_may_not_be_is_left_out(desk: Desk) -> None:
    found = {candidate.record.path for candidate in desk.of(C)}
    assert A in found and HUB in found
    assert not found & {B, C, "Templates/Stone.md", "2026-01-02.md"}


def test_scores_are_probabilities_best_first(desk: Desk) -> None:
    scores = [candidate.score for candidate in desk.of(C)]
    assert scores == sorted(scores, reverse=True) and all(0 <= score <= 1 for score in scores)


def test_twice_the_same(desk: Desk) -> None:
    assert desk.of(C) == desk.of(C)
    desk.structure = Structure(desk.ledger)
    assert desk.of(C) == desk.of(C)


def test_the_links_of_others_are_reached_without_search(desk: Desk) -> None:
    # Nothing is near by content: the hub links to the note, and to Amber.
    signs = desk.signs(C, A)
    assert signs["habit"] > 0 and signs["known"] == 1.0 and signs["back"] == 0.0
    assert desk.signs(C, HUB)["back"] == 1.0


def test_notes_like_this_one_speak_for_what_they_link_to(desk: Desk) -> None:
    desk.put("Notes/Chalk too.md", NOTES[C].replace("Basalt", "Amber"))
    desk.indexer.scan()
    assert desk.signs(C, A, frozenset([VaultPath("Notes/Chalk too.md")]))["kin"] > 0.5


def test_company_is_the_likeness_to_what_the_note_links_to(desk: Desk) -> None:
    desk.put("Notes/Basalt too.md", NOTES[B])
    desk.indexer.scan()
    near = frozenset([VaultPath("Notes/Basalt too.md"), VaultPath("Home/Tea.md")])
    assert desk.signs(C, VaultPath("Notes/Basalt too.md"), near)["company"] == pytest.approx(1, abs=0.01)
    assert desk.signs(C, VaultPath("Home/Tea.md"), near)["company"] < 0.5


def test_names_folders_and_tags(desk: Desk) -> None:
    desk.put(C, NOTES[C].replace("[[Basalt]]", "Amber"))
    desk.indexer.scan()
    signs = desk.signs(C, A)
    assert signs["named"] == 1.0 and signs["mentioned"] > 0
    assert (
        signs["folder"] > 0 == desk.signs(C, VaultPath("Home/Tea.md"), frozenset([VaultPath("Home/Tea.md")]))["folder"]
    )
    assert desk.signs(C, B)["tags"] > 0 == signs["tags"]


def test_an_edit_is_seen_at_once(desk: Desk) -> None:
    assert B not in {candidate.record.path for candidate in desk.of(C)}
    desk.put(C, "Shells of small things, pressed. #stone")
    desk.indexer.scan()
    assert B in {candidate.record.path for candidate in desk.of(C)}


def test_a_vault_without_links_is_judged_by_content(desk: Desk) -> None:
    for path in (C, HUB):
        desk.put(path, NOTES[path].replace("[[", "").replace("]]", ""))
    desk.indexer.scan()
    assert desk.structure.graphs.current().count == 0
    best = desk.of(C)[0]
    assert best.record.path in (B, A, HUB) and best.score > 0.02


@pytest.mark.parametrize("least", [0.001, 0.005, 0.02, 0.1, 0.4])
def test_who_can_not_reach_the_least_score_is_left_out_and_the_others_are_the_same(desk: Desk, least: float) -> None:
    for path in desk.ledger.paths():
        note = desk.ledger.note(path)
        assert note is not None
        chunks = desk.ledger.occurrences_of(path)
        pruned = Candidates(desk.ledger, desk.searcher, desk.against, Policy()).of(note, chunks, least)
        plain = Candidates(desk.ledger, desk.searcher, desk.against, Policy()).of(note, chunks)
        expected = [candidate for candidate in plain if candidate.score >= least]
        assert [(c.record.path, c.nearest) for c in pruned] == [(c.record.path, c.nearest) for c in expected]
        assert [c.score for c in pruned] == pytest.approx([c.score for c in expected], abs=1e-12)


def test_some_notes_are_left_out_by_a_least_score_and_some_are_not(desk: Desk) -> None:
    scores = sorted(candidate.score for candidate in desk.of(A))
    note = desk.ledger.note(A)
    assert note is not None and scores[0] < scores[-1]
    found = desk.candidates().of(note, desk.ledger.occurrences_of(A), scores[-1] - 1e-6)
    assert len(found) == 1
