"""PDFs are read by a real process with the real library."""

import importlib.util

import pytest

from tests.fakes.pdf import LOCKED, pdf_of
from vault_sync.errors import UnreadableNoteError
from vault_sync.notes import pdf
from vault_sync.notes.chunk import chunk_note
from vault_sync.notes.pdf import read_pdf
from vault_sync.paths import vault_path

PATH = vault_path("Papers/Чай.pdf")

pytestmark = pytest.mark.skipif(not pdf.available(), reason="the extra `pdf` is not installed")


def test_pages_are_parts_with_their_number_as_heading() -> None:
    note = read_pdf(PATH, pdf_of(["Вода для чая\nне кипит.", "", "Tea is grown in\nthe hills."]))
    assert (note.title, note.remark) == ("Чай.pdf", "")
    chunks = chunk_note(note)
    assert [(c.heading, c.text, c.start_line, c.end_line) for c in chunks] == [
        (("Page 1",), "Вода для чая\nне кипит.", 1, 2),
        (("Page 3",), "Tea is grown in\nthe hills.", 4, 5),
    ]
    assert all(note.text[c.span.start : c.span.end] == c.text for c in chunks)
    assert chunks[1].embed_text == "Page 3\nTea is grown in\nthe hills."


def test_words_that_were_cut_at_the_end_of_a_line_are_put_together() -> None:
    note = read_pdf(PATH, pdf_of(["the manage-\nment of a North-\nSouth road, за-\nварка"]))
    assert note.text == "the management of a North-South road, заварка"


def test_pages_beyond_the_limit_are_left_out_and_said_to_be() -> None:
    note = read_pdf(PATH, pdf_of(["one", "two", "three"]), pages=2)
    assert (note.text, note.remark) == ("one\n\ntwo", "Of its 3 pages the first 2 are read.")


def test_a_scan_is_said_to_hold_no_text() -> None:
    note = read_pdf(PATH, pdf_of([""]))
    assert (note.text, chunk_note(note), note.remark) == ("", (), "It holds no text; it may be a scan.")


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (LOCKED, "It asks for a password."),
        (b"%PDF-1.4\nand nothing more", "It is damaged or no PDF"),
        (b"", "It is damaged or no PDF"),
        ("no PDF at all".encode("utf-16"), "It is damaged or no PDF"),
    ],
)
def test_what_can_not_be_read_says_why(data: bytes, cause: str) -> None:
    with pytest.raises(UnreadableNoteError) as raised:
        read_pdf(PATH, data)
    assert raised.value.cause.startswith(cause)
    assert raised.value.fix


def test_a_file_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(UnreadableNoteError, match="longer than"):
        read_pdf(PATH, pdf_of(["text"]), seconds=0.0)


def test_a_process_that_dies_is_an_unreadable_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "MAX_MEMORY", 1024 * 1024)
    with pytest.raises(UnreadableNoteError, match="fails on it"):
        read_pdf(PATH, pdf_of(["text"]))


def test_without_the_library_the_reason_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UnreadableNoteError) as raised:
        read_pdf(PATH, pdf_of(["text"]))
    assert "famulus[pdf]" in raised.value.fix
