from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from daemon.engines.llama_cpp.prefix import Kept, choose, common, to_keep_warm

tokens = st.lists(st.integers(0, 2), max_size=30)
kept = st.lists(st.tuples(tokens, st.booleans(), st.integers(0, 9), st.booleans()), min_size=1, max_size=6).map(
    lambda rows: [Kept(number, *row) for number, row in enumerate(rows)]
)


@given(tokens, tokens)
def test_common_is_the_longest_common_beginning(one: list[int], other: list[int]) -> None:
    length = common(one, other)
    assert one[:length] == other[:length]
    assert length == min(len(one), len(other)) or one[length] != other[length]


@given(tokens.filter(bool), kept, st.booleans())
def test_what_is_reused_is_there_and_leaves_something_to_read(
    prompt: Sequence[int], sequences: list[Kept], partial: bool
) -> None:
    found = choose(prompt, sequences, partial=partial)
    if found is None:
        assert all(each.busy for each in sequences)
        return
    source = sequences[found.sequence if found.source is None else found.source]
    assert not sequences[found.sequence].busy
    assert found.source != found.sequence
    assert found.length < len(prompt)
    assert list(source.tokens[: found.length]) == list(prompt[: found.length])
    if not partial and found.length:
        assert found.length == len(source.tokens)


def test_a_conversation_goes_on_where_it_was() -> None:
    sequences = [Kept(0, [7] * 100, used=1), Kept(1, [1] * 80, used=2), Kept(2, [], used=0)]
    found = choose([1] * 80 + [2] * 9, sequences)
    assert found is not None
    assert (found.sequence, found.source, found.length) == (1, None, 80)


def test_another_one_takes_an_empty_place_and_copies_what_is_common() -> None:
    system, one, two = [5] * 70, [1] * 200, [2] * 200
    sequences = [Kept(0, system + one, used=3), Kept(1, [], used=0), Kept(2, [9] * 20, used=1)]
    found = choose(system + two, sequences)
    assert found is not None
    assert (found.sequence, found.source, found.length) == (1, 0, 70)


def test_a_busy_one_can_be_copied_from() -> None:
    sequences = [Kept(0, [5] * 90, busy=True), Kept(1, [4], used=1)]
    found = choose([5] * 70 + [1], sequences)
    assert found is not None
    assert (found.sequence, found.source, found.length) == (1, 0, 70)


def test_a_beginning_that_was_shared_is_kept_by_itself_once() -> None:
    sequences = [Kept(0, [5] * 90), *(Kept(number, []) for number in range(1, 6))]
    found = choose([5] * 70 + [1] * 200, [Kept(0, [5] * 70 + [3] * 300), *sequences[1:]])
    assert found is not None
    assert to_keep_warm(found, sequences) not in (None, found.sequence, found.source)
    warm = [Kept(0, [5] * 70, warm=True), *sequences[1:]]
    again = choose([5] * 70 + [2] * 200, warm)
    assert again is not None
    assert to_keep_warm(again, warm) is None


def test_warm_ones_are_given_up_last() -> None:
    found = choose([1], [Kept(0, [5] * 70, used=1, warm=True), Kept(1, [6] * 70, used=8)])
    assert found is not None
    assert found.sequence == 1


def test_what_bulk_left_is_given_up_before_a_conversation() -> None:
    sequences = [Kept(0, [5] * 70, used=1), Kept(1, [6] * 70, used=8, spare=True), Kept(2, [7] * 70, used=2)]
    found = choose([1], sequences)
    assert found is not None
    assert found.sequence == 1
