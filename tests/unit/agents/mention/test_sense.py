"""Whether a note fits a passage: by words, by vectors, and by how much that counts."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from agents.mention.context import LedgerContext
from agents.mention.evidence import Place
from agents.mention.form import Form
from agents.mention.mentions import Names, find_mentions
from agents.mention.name import Entry, Name
from agents.mention.sense import Portraits, Sense, nearness, tells_apart
from agents.mention.tokens import tokens
from agents.mention.worth import worth
from agents.related.sample import Sample
from tests.fakes.embedder import WordEmbedder
from vault_sync.index.ledger import Ledger
from vault_sync.index.sync import Indexer
from vault_sync.notes.note import Span
from vault_sync.notes.parse import parse_note
from vault_sync.paths import VaultPath, title_of
from vault_sync.policy.policy import Policy
from vault_sync.stores.memory import MemoryStore
from vault_sync.vault import Vault
from vault_sync.writing.edit import content_hash

MOUSE, DESK, PANTRY = VaultPath("Hardware/Mouse.md"), VaultPath("Desk.md"), VaultPath("Pantry.md")
NOTES = {
    MOUSE: "A mouse moves the pointer on the screen by its sensor: buttons, wheel, cable.\n",
    DESK: "The cable of the mouse is torn, and its buttons and the wheel stick; the pointer jumps.\n",
    PANTRY: "A mouse had eaten crackers and cheese in the pantry last night.\n",
    **{
        VaultPath(
            f"Other/{number}.md"
        ): f"Nothing but plum{number}, pear{number} and apple{number} grows in garden{number}.\n"
        for number in range(25)
    },
}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    for path, text in NOTES.items():
        (tmp_path / "vault" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "vault" / path).write_text(text)
    found = Ledger(tmp_path / "index.db")
    indexer = Indexer(Vault(tmp_path / "vault"), found, MemoryStore(), WordEmbedder(), Policy())
    indexer.prepare()
    indexer.scan()
    yield found
    found.close()


def context(ledger: Ledger, path: VaultPath) -> LedgerContext:
    return LedgerContext(ledger, path, content_hash(NOTES[path].encode()), Portraits(ledger, Sample(ledger)))


def sense(ledger: Ledger, path: VaultPath) -> Sense:
    start = NOTES[path].index("mouse")
    return context(ledger, path).sense(Span(start, start + 5), "Mouse", MOUSE)


def said(ledger: Ledger, path: VaultPath) -> float:
    return context(ledger, path).said(NOTES[path], MOUSE, {"mous"})


def test_a_note_fits_the_passage_that_speaks_of_its_matter(ledger: Ledger) -> None:
    at_desk, in_pantry = sense(ledger, DESK), sense(ledger, PANTRY)
    assert said(ledger, DESK) > 0.3 > said(ledger, PANTRY)
    assert at_desk.nearness is not None and in_pantry.nearness is not None
    assert at_desk.nearness > in_pantry.nearness
    assert at_desk.capitals == "common"


def test_other_bytes_than_those_indexed_have_no_vector(ledger: Ledger) -> None:
    unknown = LedgerContext(ledger, DESK, "other bytes", Portraits(ledger, Sample(ledger)))
    assert unknown.sense(Span(17, 22), "Mouse", MOUSE).nearness is None
    assert not LedgerContext(ledger, DESK, "").sense(Span(17, 22), "Mouse", MOUSE).known
    assert LedgerContext(ledger, DESK, "").said(NOTES[DESK], MOUSE, set()) == 0.0


def test_what_a_word_means_decides_whether_it_is_proposed(ledger: Ledger) -> None:
    names = Names.build([Entry(MOUSE, title_of(MOUSE))])
    found = {
        path: find_mentions(parse_note(path, NOTES[path].encode()), names, context=context(ledger, path))
        for path in (DESK, PANTRY)
    }
    assert [mention.target for mention in found[DESK]] == [MOUSE]
    assert not found[PANTRY]


def test_a_portrait_is_made_anew_when_its_note_has_changed(ledger: Ledger, tmp_path: Path) -> None:
    portraits = Portraits(ledger, Sample(ledger))
    against = portraits.against()
    before = portraits.of(MOUSE, against)
    assert before is portraits.of(MOUSE, against)
    (tmp_path / "vault" / MOUSE).write_text("A mouse is grey and has a tail and whiskers; it lives in the field.\n")
    indexer = Indexer(Vault(tmp_path / "vault"), ledger, MemoryStore(), WordEmbedder(), Policy())
    indexer.prepare()
    indexer.scan()
    after = portraits.of(MOUSE, against)
    assert before is not None and after is not None
    assert "whisker" in after.topic and "whisker" not in before.topic
    assert portraits.of(VaultPath("Gone.md"), against) is None


def test_nearness_counts_in_deviations_and_needs_notes_enough() -> None:
    others = np.eye(30, dtype=np.float32)
    here = others[0]
    near, far = nearness(here, others[0], others), nearness(here, others[1], others)
    assert near is not None and far is not None and near > 5 > far
    assert nearness(here, here, others[:5]) is None


@pytest.mark.parametrize(("usual", "seldom"), [("акции", "мениска"), ("printer", "rootkit")])
def test_a_word_of_many_meanings_needs_a_passage_that_speaks_of_the_note(usual: str, seldom: str) -> None:
    def score(word: str, nearness: float) -> float:
        (token,) = tokens(word)
        name = Name(VaultPath("Note.md"), "title", word, (token,), (), "", "", whole=(word,))
        return worth(name, Form("exact"), Place((token,), sense=Sense(True, 0.0, nearness, 60, "common")))

    assert score(usual, 0.0) < 0.5 < score(seldom, 0.0)
    assert score(usual, 4.0) > 0.5 < score(seldom, 4.0)


@pytest.mark.parametrize(
    ("path", "text", "apart"),
    [
        ("Disk.md", "The term Disk may refer to a floppy disk or to a hard one.", True),
        ("Ключ.md", "Слово «ключ» может означать родник.", True),
        ("Disambiguation/Disk.md", "Floppy, hard.", True),
        ("Замок (значения).md", "Дверной, рыцарский.", True),
        ("Disk.md", "A disk keeps data. It may refer the reader to no other.", False),
        ("Disk.md", "A disk keeps data. " * 20 + "The word may refer to others.", False),
    ],
)
def test_a_list_of_meanings_says_so_where_it_begins(path: str, text: str, apart: bool) -> None:
    assert tells_apart(VaultPath(path), text) is apart


def test_a_portrait_says_whether_its_note_tells_meanings_apart(ledger: Ledger, tmp_path: Path) -> None:
    assert not sense(ledger, DESK).apart
    (tmp_path / "vault" / MOUSE).write_text("Mouse may refer to: a pointer of a screen, an animal with a tail.\n")
    indexer = Indexer(Vault(tmp_path / "vault"), ledger, MemoryStore(), WordEmbedder(), Policy())
    indexer.prepare()
    indexer.scan()
    assert sense(ledger, DESK).apart
