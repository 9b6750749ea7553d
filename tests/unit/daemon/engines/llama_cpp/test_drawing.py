from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from daemon.engines.llama_cpp import blocks, drawing
from daemon.engines.llama_cpp.blocks import highest
from tests.effort import effort


def dice(*seeds: int) -> list[np.random.Generator]:
    return [np.random.default_rng(seed) for seed in seeds]


def drawn(
    logits: NDArray[np.float32], temperatures: list[float], dice: list[np.random.Generator],
    tops: NDArray[np.float32] | None = None,
) -> list[int]:  # fmt: skip
    return drawing.drawn(logits, highest(logits) if tops is None else tops, temperatures, dice)


def normal(rows: int, vocabulary: int, deviation: float = 3.0) -> NDArray[np.float32]:
    return np.random.default_rng(3).normal(0, deviation, (rows, vocabulary)).astype(np.float32)


@given(st.integers(1, 700), st.sampled_from([0.0, 1e-30, 1e-6]))
def test_without_temperature_the_first_of_the_likeliest_is_drawn(vocabulary: int, temperature: float) -> None:
    logits = np.round(normal(2, vocabulary, 1.0))
    assert drawn(logits, [temperature] * 2, dice(1, 2)) == [int(np.argmax(row)) for row in logits]


@pytest.mark.parametrize("count", [1024, 40, 3])  # more than are summed up, and fewer
@pytest.mark.parametrize("vocabulary", [3, 64, 100, 1000])
@pytest.mark.parametrize(("deviation", "temperature"), [(0.3, 1.0), (3.0, 0.7), (8.0, 1.5)])
def test_tokens_come_as_often_as_softmax_says(
    vocabulary: int, deviation: float, temperature: float, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "COUNT", count)
    blocks.heights.cache_clear()
    logits = normal(1, vocabulary, deviation)
    weights = np.exp(logits[0].astype(np.float64) / temperature)
    number = effort(20000)
    expected = number * weights / weights.sum()
    generator = np.random.default_rng(1)
    many = (np.repeat(logits, 100, 0), np.repeat(highest(logits), 100, 0), [temperature] * 100, [generator] * 100)
    seen = Counter(token for _ in range(number // 100) for token in drawing.drawn(*many))
    blocks.heights.cache_clear()
    counted = np.array([seen[token] for token in range(vocabulary)])
    # chi-squared over the tokens that are to be expected, the others together as one
    often = expected >= 5
    groups = [(counted[often], expected[often])]
    if not often.all():
        groups.append((counted[~often].sum(keepdims=True), np.maximum(expected[~often].sum(keepdims=True), 1.0)))
    chi = sum(float(((seen - wanted) ** 2 / wanted).sum()) for seen, wanted in groups)
    freedom = sum(len(seen) for seen, _ in groups)
    assert chi < freedom + 6 * np.sqrt(2 * freedom)


def test_what_can_not_be_is_never_drawn() -> None:
    logits = np.full((1, 5000), -np.inf, np.float32)
    logits[0, [3, 77, 4999]] = 0.0
    assert {drawn(logits, [1.0], dice(seed))[0] for seed in range(60)} == {3, 77, 4999}


def test_a_row_draws_the_same_alone_and_among_others() -> None:
    logits = normal(6, 5003)
    temperatures = [0.0, 0.5, 1.0, 0.0, 2.0, 0.7]
    together = drawn(logits, temperatures, dice(1, 2, 3, 4, 5, 6))
    alone = [drawn(logits[row : row + 1], [temperatures[row]], dice(row + 1))[0] for row in range(6)]
    assert together == alone
    assert [together[0], together[3]] == [int(np.argmax(logits[0])), int(np.argmax(logits[3]))]


@pytest.mark.parametrize("shift", [-2000.0, -90.0, 90.0, 2000.0])
def test_only_differences_count(shift: float) -> None:
    logits = (np.round(normal(2, 3000) * 4) / 4).astype(np.float32)
    with np.errstate(all="raise", under="ignore"):
        found = drawn(logits + np.float32(shift), [0.7, 0.1], dice(1, 2))
    assert found == drawn(logits, [0.7, 0.1], dice(1, 2))
