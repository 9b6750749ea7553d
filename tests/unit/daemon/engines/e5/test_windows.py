import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from daemon.engines.e5.windows import windows

BEGIN, END, LONGEST = 0, 2, 8


@given(st.lists(st.lists(st.integers(3, 99), max_size=40), max_size=8))
def test_every_token_is_in_one_window_of_its_text(texts: list[list[int]]) -> None:
    cut = windows(texts, BEGIN, END, LONGEST)
    read: list[list[int]] = [[] for _ in texts]
    for part, text, count in zip(cut.parts, cut.text, cut.tokens, strict=True):
        assert part[0] == BEGIN and part[-1] == END and 2 <= len(part) <= LONGEST
        assert count == len(part) - 2
        read[text] += part[1:-1]
    assert read == texts
    assert set(cut.text) == set(range(len(texts)))


def test_a_vector_is_the_mean_of_all_tokens_and_has_length_one() -> None:
    cut = windows([[5] * 9, []], BEGIN, END, LONGEST)
    found = cut.joined(np.array([[1, 0], [0, 1], [0, 3]], np.float32), 2)
    assert np.allclose(found, [[6 / 45**0.5, 3 / 45**0.5], [0, 1]])
