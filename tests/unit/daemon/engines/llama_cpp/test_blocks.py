import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from daemon.engines.llama_cpp.blocks import blocks, heights, highest, members


@given(st.integers(1, 5000), st.integers(1, 3), st.integers(0, 99))
def test_the_highest_of_each_block_is_the_highest_of_its_members(vocabulary: int, rows: int, seed: int) -> None:
    logits = np.random.default_rng(seed).normal(0, 3, (rows, vocabulary)).astype(np.float32)
    every = np.arange(blocks(vocabulary))
    for row, found in enumerate(highest(logits)):
        _, values = members(logits, np.full_like(every, row), every)
        assert np.array_equal(found, values.max(axis=1))


@given(st.integers(1, 5000))
def test_each_token_is_a_member_of_one_block(vocabulary: int) -> None:
    logits = np.zeros((1, vocabulary), np.float32)
    every = np.arange(blocks(vocabulary))
    tokens, values = members(logits, np.zeros_like(every), every)
    assert sorted(tokens[np.isfinite(values)].tolist()) == list(range(vocabulary))
    assert np.array_equal(np.isfinite(values).sum(axis=1), heights(vocabulary))
