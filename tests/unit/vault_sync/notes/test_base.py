import pytest

from vault_sync.errors import UnreadableNoteError
from vault_sync.notes.base import read_base
from vault_sync.notes.chunk import chunk_note
from vault_sync.paths import vault_path

PATH = vault_path("Books.base")
TEXT = """filters:
  and:
    - file.hasTag("book")
formulas:
  цена: "(price / age).toFixed(2)"
properties:
  status:
    displayName: Прочитано
views:
  - type: table
    name: Недавние книги
"""


def test_a_base_is_its_own_text_with_its_lines() -> None:
    note = read_base(PATH, TEXT.encode())
    (chunk,) = chunk_note(note)
    assert (note.title, chunk.text) == ("Books.base", TEXT.strip())
    assert (chunk.start_line, chunk.end_line) == (1, 11)


def test_a_long_base_is_cut_and_every_line_keeps_its_number() -> None:
    text = "views:\n" + "".join(f"  - type: table\n    name: View number {index}\n" for index in range(100))
    chunks = chunk_note(read_base(PATH, text.encode()))
    assert len(chunks) > 3
    rows = text.splitlines()
    for chunk in chunks:
        assert chunk.text.split("\n")[0].strip() == rows[chunk.start_line - 1].strip()


@pytest.mark.parametrize("text", ["views: [", "- a\n- b\n", "a: &x [*x]\n", "[" * 200])
def test_broken_yaml_is_a_reason_to_leave_it_out(text: str) -> None:
    with pytest.raises(UnreadableNoteError, match="The base"):
        read_base(PATH, text.encode())


def test_an_empty_base_has_no_text() -> None:
    assert chunk_note(read_base(PATH, b"")) == ()
