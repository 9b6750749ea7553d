import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from vault_sync.errors import UnreadableNoteError
from vault_sync.notes.canvas import read_canvas
from vault_sync.notes.chunk import chunk_note
from vault_sync.notes.note import Note
from vault_sync.paths import vault_path

PATH = vault_path("Boards/Чай.canvas")
LONG = "Вода для зелёного чая не кипит. " * 9


def card(name: str, text: str, x: int = 0, y: int = 0) -> dict[str, object]:
    return {"id": name, "type": "text", "text": text, "x": x, "y": y, "width": 100, "height": 50}


def group(name: str, label: str, x: int, y: int, width: int, height: int) -> dict[str, object]:
    return {"id": name, "type": "group", "label": label, "x": x, "y": y, "width": width, "height": height}


def board(*nodes: Mapping[str, object], edges: tuple[Mapping[str, object], ...] = ()) -> str:
    """As Obsidian writes it: a node a line."""
    rows = ",\n\t\t".join(json.dumps(node, ensure_ascii=False) for node in nodes)
    arrows = ",\n\t\t".join(json.dumps(edge, ensure_ascii=False) for edge in edges)
    return f'{{\n\t"nodes":[\n\t\t{rows}\n\t],\n\t"edges":[\n\t\t{arrows}\n\t]\n}}'


def read(text: str) -> Note:
    return read_canvas(PATH, text.encode())


def test_long_cards_are_chunks_of_their_own_and_short_ones_are_read_together() -> None:
    note = read(board(card("a", "Сенча", y=300), card("b", LONG, y=100), card("c", "Улун", y=200)))
    chunks = chunk_note(note)
    assert [(c.text, c.start_line, c.end_line) for c in chunks] == [("Улун\n\nСенча", 3, 5), (LONG.strip(), 4, 4)]
    assert all(note.text[c.span.start : c.span.end] == c.text for c in chunks)
    assert [c.ordinal for c in chunks] == [0, 1]


def test_groups_are_headings_and_cards_lie_in_the_innermost_one() -> None:
    note = read(
        board(
            group("o", "Outer", 0, 0, 1000, 1000),
            group("i", "Inner", 100, 100, 300, 300),
            group("e", "Empty", 600, 600, 100, 100),
            card("x", "In the inner one", 150, 150),
            card("y", "# Own heading\n\nIn the outer one", 700, 200),
            card("z", "Outside", 2000, 0),
        )
    )
    found = {c.text: (c.heading, c.embed_text) for c in chunk_note(note)}
    assert found["In the inner one"] == (("Outer", "Inner"), "Outer > Inner\nIn the inner one")
    assert found["In the outer one"][0] == ("Outer", "Own heading")
    assert found["Empty"][0] == ("Outer", "Empty")
    assert found["Outside"][0] == ()


def test_names_of_files_labels_of_arrows_and_addresses_are_words() -> None:
    file = {"id": "f", "type": "file", "file": "Tea/Сенча.md", "subpath": "#Вкус", "x": 0, "y": 0}
    link = {"id": "l", "type": "link", "url": "https://example.org/tea", "x": 0, "y": 50}
    note = read(board(file, link, edges=({"id": "e", "fromNode": "f", "toNode": "l", "label": "описан в"},)))
    assert note.text == "Сенча > Вкус\n\nhttps://example.org/tea\n\nописан в"
    (first,) = note.links
    assert (first.kind, first.target, first.heading, first.line) == ("embed", "Tea/Сенча.md", "Вкус", 3)


def test_links_and_tags_of_cards_count_where_the_card_stands() -> None:
    note = read(board(card("a", "Short"), card("b", f"{LONG} see [[Улун]] #drinks/tea", y=100)))
    assert note.tags == ("drinks/tea",)
    (link,) = note.links
    assert (link.target, link.line) == ("Улун", 4)
    assert note.text[link.span.start : link.span.end] == "[[Улун]]"


@pytest.mark.parametrize("empty", ["", " \n", "{}", '{"nodes":[],"edges":[]}'])
def test_an_empty_canvas_has_no_text(empty: str) -> None:
    note = read(empty)
    assert (note.text, chunk_note(note)) == ("", ())


@pytest.mark.parametrize("broken", ["{", "[]", "[" * 100_000, '{"nodes":', "null"])
def test_broken_json_is_a_reason_to_leave_it_out(broken: str) -> None:
    with pytest.raises(UnreadableNoteError, match="left out of the index"):
        read(broken)


@pytest.mark.parametrize(
    "odd",
    [
        '{"nodes": 3, "edges": {}}',
        '{"nodes": [1, null, {"id": [], "type": 4, "text": {}}, {"type": "group", "x": "a", "width": 1e999}]}',
        '{"nodes": [{"id": "a", "type": "text", "text": "\\ud800", "x": NaN, "y": true}]}',
    ],
)
def test_odd_values_are_passed_over(odd: str) -> None:
    text = read(odd).text
    assert text.encode() in (b"", "\ufffd".encode())


def test_a_card_that_looks_like_frontmatter_is_text() -> None:
    note = read(board(card("a", "---\ntags: x\n---\n" + LONG)))
    assert "tags: x" in " ".join(chunk.text for chunk in chunk_note(note))


def test_the_canvases_of_a_real_vault_are_read(fixtures_dir: Path) -> None:
    files = sorted((fixtures_dir / "vaults").rglob("*.canvas"))
    assert files
    for file in files:
        note = read_canvas(vault_path(file.name), file.read_bytes())
        chunks = chunk_note(note)
        assert chunks and all(note.text[c.span.start : c.span.end] == c.text for c in chunks)
        lines = file.read_text(encoding="utf-8").splitlines()
        for chunk in chunks:
            first_word = chunk.text.split()[0].split("<")[0]
            assert first_word in "\n".join(lines[chunk.start_line - 1 : chunk.end_line])
