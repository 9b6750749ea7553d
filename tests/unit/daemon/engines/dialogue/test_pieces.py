import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.engines.dialogue.pieces import Defuser, TextAssembler, half, packed


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    pieces, at = [], 0
    for size in sizes:
        pieces.append(data[at : at + size])
        at += size
    return [*pieces, data[at:]]


@given(st.text(), st.lists(st.integers(1, 3), max_size=40))
def test_whole_characters_come_out_however_the_bytes_are_cut(text: str, sizes: list[int]) -> None:
    assembler = TextAssembler()
    shown = [assembler.feed(piece) for piece in cut(text.encode(), sizes)]
    assert "".join(shown) + assembler.finish() == text


@given(
    st.text("abcя", max_size=30),
    st.lists(st.text("abcя", min_size=1, max_size=4), min_size=1, max_size=3),
    st.lists(st.integers(1, 3), max_size=30),
)
def test_a_stop_string_ends_the_text_wherever_it_is_cut(text: str, stops: list[str], sizes: list[int]) -> None:
    assembler = TextAssembler(stops)
    shown = ""
    for piece in cut(text.encode(), sizes):
        shown += assembler.feed(piece)
        assert not any(stop in shown for stop in stops)
    shown += assembler.finish()
    assert text.startswith(shown)
    assert assembler.stopped == any(stop in text for stop in stops)
    assert shown == text or assembler.stopped


def test_half_a_character_is_dropped_at_the_end() -> None:
    assembler = TextAssembler()
    assert assembler.feed("при".encode()[:-1]) == "пр"
    assert assembler.finish() == ""


def test_bytes_that_are_no_character_do_not_block_what_follows() -> None:
    assert TextAssembler().feed(b"a\xffb") == "a\ufffdb"


def test_nothing_comes_after_a_stop_string() -> None:
    assembler = TextAssembler(["END"])
    assert assembler.feed(b"text EN") == "text "
    assert assembler.feed(b"D more") == ""
    assert assembler.feed(b" and more") == ""
    assert assembler.finish() == ""


def test_control_texts_are_broken_up() -> None:
    defuse = Defuser(["<|im_end|>", "<|im_end|>x", "</s>", "a", ""])
    assert defuse("a<|im_end|>b</s>") == "a<\u200b|im_end|>b<\u200b/s>"
    assert defuse("plain") == "plain"
    assert Defuser([])("<|im_end|>") == "<|im_end|>"


@given(st.lists(st.integers(1, 50), max_size=30), st.integers(50, 100), st.integers(1, 5))
def test_batches_hold_everything_in_order_within_the_limits(lengths: list[int], limit: int, most: int) -> None:
    batches = packed(lengths, limit, most)
    assert [index for batch in batches for index in batch] == list(range(len(lengths)))
    assert all(len(batch) <= most and sum(lengths[i] for i in batch) <= limit for batch in batches)


@pytest.mark.parametrize(("lengths", "batches"), [([], []), ([120], [[0]]), ([10, 120, 10], [[0], [1], [2]])])
def test_what_is_over_the_limit_is_a_batch_by_itself(lengths: list[int], batches: list[list[int]]) -> None:
    assert packed(lengths, 100, 8) == batches


MARKS = st.text("ab", min_size=1, max_size=4)


@given(st.text("ab", max_size=8), st.lists(MARKS, max_size=3))
def test_half_a_marker_is_the_longest_end_that_begins_one(text: str, markers: list[str]) -> None:
    ends = [
        size
        for size in range(len(text) + 1)
        for mark in markers
        if size < len(mark) and mark[:size] == text[len(text) - size :]
    ]
    assert half(text, markers) == max(ends, default=0)
