"""Canvases, bases and PDFs beside notes: found by scan and hint, searched, and never written."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.embedder import WordEmbedder
from tests.fakes.pdf import pdf_of
from tests.unit.vault_sync.notes.test_canvas import LONG, board, card
from vault_sync.databases.state import State
from vault_sync.errors import WriteRefusedError
from vault_sync.index.ledger import Ledger
from vault_sync.index.sync import Indexer
from vault_sync.notes import document, pdf
from vault_sync.notes.note import Span
from vault_sync.paths import VaultPath
from vault_sync.policy.policy import InForce, Policy
from vault_sync.search.search import Searcher
from vault_sync.stores.memory import MemoryStore
from vault_sync.vault import Vault
from vault_sync.writing.edit import ABSENT, Edit, Removal, content_hash
from vault_sync.writing.journal import Journal
from vault_sync.writing.write import Writer

BOARD = board(
    card("a", "Самовар стоит на столе", y=10),
    card("b", LONG, y=100),
    {"id": "f", "type": "file", "file": "Tea/Kettle.md", "x": 0, "y": 0},
)
FILES = {
    "Tea/Kettle.md": b"A kettle boils water. See [[Plan.canvas]].\n\n![[Paper.pdf#page=2|The paper on oolong]]\n",
    "Tea/Plan.canvas": BOARD.encode(),
    "Books.base": "views:\n  - type: table\n    name: Прочитанные романы\n".encode(),
    "Broken.canvas": b'{"nodes": [',
    "Paper.pdf": pdf_of(["On growing", "Oolong is half oxidised"]),
}


@pytest.fixture
def indexer(tmp_path: Path) -> Iterator[Indexer]:
    root = tmp_path / "vault"
    for name, data in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    ledger = Ledger(tmp_path / "index.db")
    policy = InForce(Policy(pdf=pdf.available()))
    made = Indexer(Vault(root), ledger, MemoryStore(), WordEmbedder(dimensions=512), policy)
    made.prepare()
    made.scan()
    yield made
    ledger.close()


def found(indexer: Indexer, query: str) -> list[tuple[str, tuple[str, ...], str]]:
    searcher = Searcher(indexer.ledger, indexer.store, indexer.embedder, indexer.policy)
    return [(p.path, p.heading, p.snippet) for p in searcher.search(query, 5, "lexical")]


@pytest.mark.parametrize(
    ("query", "path", "heading", "snippet"),
    [
        ("самовары", "Tea/Plan.canvas", (), "Самовар стоит на столе"),
        ("прочитанных романов", "Books.base", (), "Прочитанные романы"),
        ("oxidised", "Paper.pdf", ("Page 2",), "Oolong is half oxidised"),
    ],
)
def test_the_text_of_documents_is_found(
    indexer: Indexer, query: str, path: str, heading: tuple[str, ...], snippet: str
) -> None:
    if path.endswith(".pdf") and not pdf.available():
        pytest.skip("the extra `pdf` is not installed")
    first = found(indexer, query)[0]
    assert first[:2] == (path, heading)
    assert snippet in first[2]


def test_the_name_and_label_of_an_embedded_file_are_words_of_the_note(indexer: Indexer) -> None:
    paths = {hit[0] for hit in found(indexer, "the paper on oolong")}
    assert "Tea/Kettle.md" in paths


def test_broken_documents_are_failed_with_a_reason(indexer: Indexer) -> None:
    note = indexer.ledger.note("Broken.canvas")
    assert note is not None and note.state == "failed"
    assert "not valid JSON" in note.reason and note.fix


def test_links_of_and_to_canvases_count(indexer: Indexer) -> None:
    assert [link.target for link in indexer.ledger.links_from("Tea/Plan.canvas")] == ["Tea/Kettle.md"]
    assert [link.source for link in indexer.ledger.links_to("Tea/Kettle.md")] == ["Tea/Plan.canvas"]
    assert [link.source for link in indexer.ledger.links_to("Tea/Plan.canvas")] == ["Tea/Kettle.md"]


def test_a_changed_card_embeds_only_its_chunk_and_a_second_scan_nothing(indexer: Indexer) -> None:
    before = indexer.embedded
    file = indexer.vault.root / "Tea/Plan.canvas"
    file.write_text(BOARD.replace("Самовар", "Чайник"), encoding="utf-8")
    indexer.look(["Tea/Plan.canvas"])
    assert indexer.embedded == before + 1
    assert found(indexer, "чайник")[0][0] == "Tea/Plan.canvas"
    indexer.scan()
    assert indexer.embedded == before + 1


def test_a_moved_canvas_embeds_nothing_and_a_deleted_one_is_gone(indexer: Indexer) -> None:
    before = indexer.embedded
    (indexer.vault.root / "Tea/Plan.canvas").rename(indexer.vault.root / "Board.canvas")
    indexer.look(["Tea/Plan.canvas", "Board.canvas"])
    assert found(indexer, "самовары")[0][0] == "Board.canvas"
    assert indexer.embedded == before
    (indexer.vault.root / "Board.canvas").unlink()
    indexer.look(["Board.canvas"])
    assert not found(indexer, "самовары")


def test_pdfs_that_nothing_can_read_are_passed_over_and_forgotten(indexer: Indexer) -> None:
    assert isinstance(indexer.policy, InForce)
    indexer.policy.current = Policy()
    indexer.scan()
    assert indexer.ledger.note("Paper.pdf") is None
    assert "famulus[pdf]" in indexer.passed_over["Paper.pdf"]
    assert not found(indexer, "oxidised")


def test_a_note_that_becomes_a_canvas_is_no_moved_note(indexer: Indexer) -> None:
    moves: list[tuple[str, str]] = []
    indexer.on_moved = lambda old, new: moves.append((old, new))
    (indexer.vault.root / "Tea/Plan.canvas").rename(indexer.vault.root / "Tea/Plan.md")
    indexer.look(["Tea/Plan.canvas", "Tea/Plan.md"])
    assert moves == []
    assert indexer.ledger.note("Tea/Plan.canvas") is None
    assert found(indexer, "самовары")[0][0] == "Tea/Plan.md"
    assert '"nodes":[' in indexer.ledger.occurrences_of("Tea/Plan.md")[0].text


@pytest.mark.skipif(not pdf.available(), reason="the extra `pdf` is not installed")
def test_a_moved_pdf_is_not_opened_again(indexer: Indexer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "read_pdf", lambda path, data: pytest.fail("it was opened"))
    embedded = indexer.embedded
    (indexer.vault.root / "Paper.pdf").rename(indexer.vault.root / "Tea/Paper on oolong.pdf")
    indexer.look(["Paper.pdf", "Tea/Paper on oolong.pdf"])
    assert found(indexer, "oxidised")[0][0] == "Tea/Paper on oolong.pdf"
    assert indexer.ledger.note("Paper.pdf") is None
    assert indexer.embedded == embedded


@pytest.mark.skipif(not pdf.available(), reason="the extra `pdf` is not installed")
def test_no_note_waits_for_a_pdf(indexer: Indexer) -> None:
    read: list[str] = []
    indexer.on_indexed = read.append
    for number in range(12):
        name = f"{number}.pdf" if number % 2 else f"{number}.md"
        data = pdf_of([f"Number {number}"]) if number % 2 else f"Number {number}".encode()
        (indexer.vault.root / name).write_bytes(data)
    indexer.look(f"{number}.{suffix}" for number in range(12) for suffix in ("md", "pdf"))
    assert [name.rpartition(".")[2] for name in read] == ["md"] * 6 + ["pdf"] * 6


@pytest.mark.parametrize("name", [name for name in FILES if not name.endswith(".md")])
def test_the_writer_refuses_every_document(indexer: Indexer, tmp_path: Path, name: str) -> None:
    writer = Writer(indexer.vault, Journal(State(tmp_path / "state.db")), indexer.policy)
    digest = content_hash(FILES[name])
    changes = (
        Edit(VaultPath(name), digest, Span(0, 0), "", "x"),
        Removal(VaultPath(name), digest),
        Edit(VaultPath(f"Famulus/{name}"), ABSENT, Span(0, 0), "", "x"),
    )
    for change in changes:
        with pytest.raises(WriteRefusedError):
            writer.write(change, feature="link", run="r")
    assert (indexer.vault.root / name).read_bytes() == FILES[name]
    assert not writer.journal.entries()
