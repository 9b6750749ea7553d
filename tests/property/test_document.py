"""Whatever a canvas, a base or a PDF holds, it becomes chunks with a place, or an error with a reason."""

import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from vault_sync.errors import UnreadableNoteError
from vault_sync.notes.assembly import Piece, assembled
from vault_sync.notes.base import read_base
from vault_sync.notes.canvas import read_canvas
from vault_sync.notes.chunk import chunk_note
from vault_sync.notes.cut import weight
from vault_sync.notes.note import Note
from vault_sync.paths import vault_path

_NUMBER = st.one_of(st.integers(-500, 500), st.floats(), st.none(), st.booleans())
_TEXT = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["# Head\n\ntext", "[[Note]] #tag", "- a\n\n- b", "word " * 90, "---\na: b\n---\nc", "```\nx", "\ufeffx"]
    ),
)
_NODE = st.fixed_dictionaries(
    {},
    optional={
        "id": st.one_of(st.sampled_from("abcdef"), st.integers(), st.lists(st.integers(), max_size=1)),
        "type": st.sampled_from(["text", "file", "link", "group", "other"]),
        **dict.fromkeys(("text", "file", "subpath", "url", "label"), _TEXT),
        **dict.fromkeys(("x", "y", "width", "height"), _NUMBER),
    },
)
_CANVAS = st.fixed_dictionaries({"nodes": st.lists(_NODE, max_size=8), "edges": st.lists(_NODE, max_size=3)})


def holds(note: Note, limit: int, lines: int | None = None) -> None:
    chunks = chunk_note(note, max_chars=limit, min_chars=limit // 5)
    assert chunks == chunk_note(note, max_chars=limit, min_chars=limit // 5)
    assert [chunk.ordinal for chunk in chunks] == list(range(len(chunks)))
    for chunk in chunks:
        assert chunk.text == note.text[chunk.span.start : chunk.span.end]
        assert weight(chunk.text) <= limit and chunk.embed_text.strip()
        assert 1 <= chunk.start_line <= chunk.end_line <= (lines or chunk.end_line)
    assert all(before.span.end <= after.span.start for before, after in pairwise(chunks))


@given(_CANVAS, st.integers(20, 400), st.sampled_from([None, 1]))
def test_a_canvas_is_cut_into_chunks_with_lines_of_its_file(
    canvas: dict[str, object], limit: int, indent: int | None
) -> None:
    text = json.dumps(canvas, indent=indent)
    note = read_canvas(vault_path("a.canvas"), text.encode())
    note.text.encode()
    holds(note, limit, text.count("\n") + 1)
    for link in note.links:
        assert 1 <= link.line <= text.count("\n") + 1


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode(errors="replace"))))
def test_any_bytes_are_a_document_or_an_error_with_a_reason(data: bytes) -> None:
    for read, name in ((read_canvas, "a.canvas"), (read_base, "a.base")):
        try:
            holds(read(vault_path(name), data), 100)
        except UnreadableNoteError as error:
            assert error.effect and error.cause and error.fix


@given(st.lists(_TEXT, max_size=8), st.integers(20, 400))
def test_pages_are_cut_each_by_itself(pages: list[str], limit: int) -> None:
    """As those of a PDF: an edit of one page touches the chunks of that page only."""

    def texts(shown: list[str]) -> list[tuple[tuple[str, ...], str]]:
        pieces = [Piece((f"Page {number}",), text) for number, text in enumerate(shown, start=1)]
        note = assembled(vault_path("a.pdf"), pieces)
        holds(note, limit)
        return [(chunk.heading, chunk.embed_text) for chunk in chunk_note(note, max_chars=limit, min_chars=limit // 5)]

    before = texts(pages)
    for number in range(len(pages)):
        after = texts([*pages[:number], "another text", *pages[number + 1 :]])
        own = (f"Page {number + 1}",)
        assert [c for c in before if c[0] != own] == [c for c in after if c[0] != own]
