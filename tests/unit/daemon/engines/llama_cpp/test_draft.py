from hypothesis import given
from hypothesis import strategies as st

from daemon.engines.llama_cpp.draft import continuation


def test_goes_on_as_it_did_the_last_time() -> None:
    assert continuation([1, 2, 3, 4, 9, 9, 1, 2, 3], 2) == [4, 9]


def test_the_longest_ending_decides() -> None:
    assert continuation([7, 2, 3, 5, 1, 2, 3, 6, 7, 2, 3], 1) == [5]


def test_a_repetition_goes_on() -> None:
    assert continuation([1, 2, 3, 1, 2, 3], 7) == [1, 2, 3, 1, 2, 3, 1]


@given(st.lists(st.integers(0, 3), max_size=40), st.integers(0, 8))
def test_a_draft_is_a_copy_from_one_place(tokens: list[int], most: int) -> None:
    draft = continuation(tokens, most)
    assert len(draft) in (0, most)
    whole = [*tokens, *draft]
    places = range(1, len(tokens))
    assert not draft or any(all(whole[-i] == whole[-i - back] for i in range(1, most + 1)) for back in places)
