import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.property.test_parse import MARKDOWN, note_of
from vault_sync.chunk import chunk_note
from vault_sync.cut import weight
from vault_sync.note import Note, Span
from vault_sync.text import sentences

_BODY = st.lists(
    st.sampled_from(
        [
            "# Head\n\n",
            "## Под [[Note|заголовок]]\n\n",
            "Слово за словом. И ещё одно!\n\n",
            "word " * 40 + "\n\n",
            "- item\n- [[Note]] item\n",
            "```py\nx = 1\n\ny = 2\n```\n\n",
            "| a | b |\n|---|---|\n| c | d |\n\n",
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
