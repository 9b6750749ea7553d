import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.property.test_parse import MARKDOWN, note_of
from vault_sync.notes.chunk import chunk_note
from vault_sync.notes.cut import weight
from vault_sync.notes.note import Chunk, Note, Span
from vault_sync.text import sentences

_BODY = st.lists(
    st.sampled_from(
        [
            "# Head\n\n",
            "## Под [[Note|заголовок]]\n\n",
            "Слово за словом. И ещё одно!\n\n",
            "It is the word before.\n\n",
            "word " * 40 + "\n\n",
            "- item\n- [[Note]] item\n",
            "```py\nx = 1\n\ny = 2\n```\n\n",
            "| a | b |\n|---|---|\n| c | d |\n\n",
            "| a | b |\n|---|---|\n" + "| long row | of a table |\n" * 20 + "\n",
            "What is needed:\n\n",
            "- loose item\n\n  its second paragraph\n\n- last item\n\n",
            "> [!tip] Title\n>\n> One paragraph.\n>\n> - an item\n\n",
            "1. outer\n   - inner\n\n   - inner\n\n",
            "%% famulus:links %%\nsecret\n%% /famulus:links %%\n\n",
            "%%\nsecret\n%%\n\n",
            "中文笔记" * 12 + "\n\n",
            "longword" * 30 + "\n\n",
            "text ^id-1\n\n",
            "\0\n",
            "\r\n\r\n",
        ]
    ),
    max_size=14,
).map("".join)
_TEXT = st.one_of(MARKDOWN, _BODY)
_LIMIT = st.integers(20, 400)


def excluded(note: Note) -> list[Span]:
    hidden = [region.span for region in note.regions if region.kind in ("managed", "comment")]
    headings = [heading.span for heading in note.headings]
    return [Span(0, note.body_start), *hidden, *headings, *(block.span for block in note.blocks)]


@given(_TEXT, _LIMIT)
def test_chunks_lie_in_order_apart_and_within_the_limit(text: str, limit: int) -> None:
    note = note_of(text)
    chunks = chunk_note(note, max_chars=limit, min_chars=limit // 5)
    assert chunks == chunk_note(note, max_chars=limit, min_chars=limit // 5)
    for chunk in chunks:
        assert chunk.text == note.text[chunk.span.start : chunk.span.end]
        assert chunk.text.strip() and chunk.embed_text.strip() and "\0" not in chunk.embed_text
        assert weight(chunk.text) <= limit
        assert 1 <= chunk.start_line <= chunk.end_line
    for before, after in pairwise(chunks):
        assert before.span.end <= after.span.start
        assert before.end_line <= after.start_line


@given(_BODY, _LIMIT)
def test_chunks_hold_every_word_that_is_not_left_out_and_no_other(text: str, limit: int) -> None:
    note = note_of(text)
    chunks = chunk_note(note, max_chars=limit, min_chars=limit // 5)
    covered = [chunk.span for chunk in chunks]
    hidden = excluded(note)
    for match in re.finditer(r"\w", note.text):
        inside = any(match.start() in span for span in covered)
        if not any(match.start() in span for span in hidden):
            assert inside, (match.start(), note.text)
    if text.count("%% famulus:links") < 2:  # the same section twice is the user's text
        assert not any("secret" in chunk.embed_text for chunk in chunks)


@given(_BODY, _LIMIT)
def test_lists_quotes_tables_and_code_that_fit_are_never_cut(text: str, limit: int) -> None:
    note = note_of(text)
    chunks = chunk_note(note, max_chars=limit, min_chars=limit // 5)
    hidden = [region.span for region in note.regions if region.kind in ("managed", "comment")]
    for span in (*(group.span for group in note.groups), *(r.span for r in note.regions if r.kind == "code")):
        written = [offset for offset in range(span.start, span.end) if note.text[offset].isalnum()]
        if not written or any(span.overlaps(other) for other in hidden):
            continue
        whole = note.text[span.start : span.end]
        if weight(whole) <= limit:
            assert any({written[0], written[-1]} <= set(range(c.span.start, c.span.end)) for c in chunks), whole


@given(_BODY, _LIMIT, st.data())
def test_an_edited_word_changes_its_chunk_and_at_most_the_next_one(text: str, limit: int, data: st.DataObject) -> None:
    note = note_of(text)
    before = chunk_note(note, max_chars=limit, min_chars=limit // 5)
    places = [match.start() for match in re.finditer("(?<=[a-z])[a-z](?=[a-z ])", text)]
    if not before or not places:
        return
    place = data.draw(st.sampled_from(places))
    edited = text[:place] + ("q" if text[place] != "q" else "z") + text[place + 1 :]
    after = chunk_note(note_of(edited), max_chars=limit, min_chars=limit // 5)
    if [chunk.span for chunk in after] != [chunk.span for chunk in before] or len(note_of(edited).regions) != len(
        note.regions
    ):
        return  # the letter was a mark
    changed = [i for i, (a, b) in enumerate(zip(before, after, strict=True)) if a.embed_text != b.embed_text]
    inside = [i for i, chunk in enumerate(before) if place in chunk.span]
    under = any(place in heading.span for heading in note.headings)
    if not under:
        assert set(changed) <= {i + step for i in inside for step in (0, 1)} | _rows_below(note, place, before)


def _rows_below(note: Note, place: int, chunks: tuple[Chunk, ...]) -> set[int]:
    """A table's header stands before each part of its rows."""
    table = next((group.span for group in note.groups if group.kind == "table" and place in group.span), None)
    return {i for i, chunk in enumerate(chunks) if table is not None and chunk.span.overlaps(table)}


@given(_BODY, _BODY)
def test_what_stands_under_one_heading_does_not_move_the_cuts_of_another(first: str, second: str) -> None:
    def under(text: str) -> list[str]:
        return [c.embed_text for c in chunk_note(note_of(text)) if c.heading[:1] == ("Second",)]

    alone = "# Second\n\nText.\n\n" + second.replace("# Head", "### Head")
    plain = first.replace("famulus:links", "famulus:other")
    assert under(f"# First\n\n{plain}\n\n{alone}") == under(f"# First\n\n{alone}")


@given(st.text(max_size=200))
def test_sentences_cover_all_but_white_space(text: str) -> None:
    spans = sentences(text)
    assert "".join("".join(text[s.start : s.end].split()) for s in spans) == "".join(text.split())
    assert all(a.end <= b.start for a, b in pairwise(spans))
