"""An Edit changes what it says and nothing else, on bytes, and its offsets mean the same in Python and JavaScript."""

from hypothesis import given
from hypothesis import strategies as st

from daemon.wire import code_points, utf16
from vault_sync.notes.note import Span
from vault_sync.paths import VaultPath
from vault_sync.writing.edit import BOM, Edit, apply, content_hash

PATH = VaultPath("Заметка 🌲.md")
# A byte order mark inside the text is left out: at the very start it would be read back as the note's own.
LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff")
PIECES = st.one_of(
    LETTERS,
    st.sampled_from(["\r\n", "\n", "\r", "🌲", "👨‍👩‍👧‍👦", "🇷🇺", "e\u0301", "й", "\u0438\u0306", "\0", "\u2028"]),
)
TEXTS = st.lists(PIECES, max_size=20).map("".join)
NOTES = st.tuples(st.sampled_from([b"", BOM]), TEXTS, TEXTS, TEXTS)
"""Byte order mark or none; the text before, in and after the span."""


def edit_of(data: bytes, start: int, before: str, after: str) -> Edit:
    return Edit(PATH, content_hash(data), Span(start, start + len(before)), before, after)


@given(NOTES, TEXTS)
def test_an_edit_and_its_inverse_give_the_same_bytes(note: tuple[bytes, str, str, str], after: str) -> None:
    mark, head, before, tail = note
    data = mark + (head + before + tail).encode()
    changed = apply(edit_of(data, len(head), before, after), data)
    assert apply(edit_of(changed, len(head), after, before), changed) == data


@given(NOTES, TEXTS)
def test_every_byte_outside_the_span_stays(note: tuple[bytes, str, str, str], after: str) -> None:
    mark, head, before, tail = note
    data = mark + (head + before + tail).encode()
    changed = apply(edit_of(data, len(head), before, after), data)
    assert changed == mark + head.encode() + after.encode() + tail.encode()


@given(TEXTS, TEXTS)
def test_offsets_convert_there_and_back(head: str, tail: str) -> None:
    text = head + tail
    units = utf16(text, len(head))
    assert code_points(text, units) == len(head)
    assert text.encode("utf-16-le")[: units * 2].decode("utf-16-le") == head


@given(TEXTS)
def test_every_utf16_offset_names_a_place_at_or_just_before_it(text: str) -> None:
    for units in range(utf16(text, len(text)) + 1):
        assert units - utf16(text, code_points(text, units)) in (0, 1)


@given(NOTES, TEXTS)
def test_the_span_in_utf16_holds_the_same_words(note: tuple[bytes, str, str, str], after: str) -> None:
    _, head, before, tail = note
    text = head + before + tail
    start, end = utf16(text, len(head)), utf16(text, len(head) + len(before))
    units = text.encode("utf-16-le")
    assert units[start * 2 : end * 2] == before.encode("utf-16-le")
    changed = units[: start * 2] + after.encode("utf-16-le") + units[end * 2 :]
    assert changed.decode("utf-16-le") == head + after + tail
