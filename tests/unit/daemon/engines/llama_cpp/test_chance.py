from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from daemon.engines.llama_cpp.blocks import COUNT, highest
from daemon.engines.llama_cpp.chance import Chance, chosen, likeliest
from daemon.engines.worker.requests import Sampling
from tests.effort import effort

values = st.lists(st.floats(-30, 30, width=16), min_size=1, max_size=40, unique=True)
WAYS: list[dict[str, Any]] = [{}, {"top_k": 40}, {"top_p": 0.9}, {"min_p": 0.1}, {"top_k": 3000, "top_p": 0.5}]
settings = st.builds(
    lambda top_k, top_p, min_p: Sampling(1, 1.0, top_k=top_k, top_p=top_p, min_p=min_p),
    st.sampled_from([0, 1, 3, 50]),
    st.sampled_from([1.0, 0.999999, 0.9, 0.3, 0.01]),
    st.sampled_from([0.0, 0.05, 0.5, 1e-9]),
)


def plainly(logits: NDArray[np.float64], sampling: Sampling) -> list[int]:
    """The same by the book: sort all, then cut three times."""
    tokens = list(np.argsort(-logits, kind="stable"))
    if sampling.top_k:
        tokens = tokens[: sampling.top_k]
    weights = np.exp(logits[tokens] - logits.max())
    if sampling.top_p < 1:
        reached = np.flatnonzero(np.cumsum(weights) >= sampling.top_p * weights.sum())
        tokens = tokens[: int(reached[0]) + 1] if len(reached) else tokens
    if sampling.min_p:
        tokens = [token for token in tokens if np.exp(logits[token] - logits.max()) >= sampling.min_p]
    return [int(token) for token in tokens]


@given(values, settings, st.integers(0, 3))
def test_top_k_top_p_and_min_p_keep_what_they_say(logits: list[float], sampling: Sampling, seed: int) -> None:
    array = np.concatenate([np.array(logits), np.random.default_rng(seed).permutation(500 * seed) / 40 - 20])
    array = np.unique(array).astype(np.float32)
    np.random.default_rng(seed).shuffle(array)
    found = [int(token) for token in likeliest(array, highest(array[np.newaxis])[0], sampling)]
    expected = plainly(array.astype(np.float64), sampling)
    # single precision may put one token more or less on the edge of top-p
    assert found[: len(expected) - 1] == expected[: len(found)][: len(expected) - 1]
    assert abs(len(found) - len(expected)) <= (sampling.top_p < 1)


@given(values)
def test_without_temperature_the_likeliest_is_chosen(logits: list[float]) -> None:
    array = np.array(logits, np.float32)
    assert Chance(Sampling(1)).choose(array) == int(np.argmax(array))


@pytest.mark.parametrize(
    "sampling",
    [Sampling(1, 0.8, seed=5), Sampling(1, 0.8, seed=5, top_p=0.999999), Sampling(1, 0.8, seed=5, top_k=3000)],
)
def test_tokens_come_as_often_as_they_should(sampling: Sampling) -> None:
    logits = np.full(3000, -8.0, np.float32)
    logits[[7, 1030, 2999]] = [1.0, 0.5, 0.0]
    chance = Chance(sampling)
    number = effort(4000)
    seen = Counter(chance.choose(logits) for _ in range(number))
    weights = np.exp(logits.astype(np.float64) / 0.8)
    for token in (7, 1030, 2999):
        expected = number * weights[token] / weights.sum()
        assert abs(seen[token] - expected) < 5 * np.sqrt(expected)


def test_what_can_not_be_is_never_chosen() -> None:
    logits = np.full(2048, -np.inf, np.float32)
    logits[[3, 2000]] = 0.0
    for sampling in (Sampling(1, 1.0, seed=1), Sampling(1, 1.0, seed=1, top_p=0.9), Sampling(1, 1.0, seed=1, top_k=40)):
        chance = Chance(sampling)
        assert {chance.choose(logits) for _ in range(60)} == {3, 2000}


def test_a_seed_decides() -> None:
    logits = np.zeros(500, np.float32)
    drawn = [
        [chance.choose(logits) for _ in range(8)] for chance in (Chance(Sampling(1, 1.0, seed=n)) for n in (1, 1, 2))
    ]
    assert drawn[0] == drawn[1] != drawn[2]


def test_penalties_count_what_was_said_and_leave_the_logits_alone() -> None:
    logits = np.array([1.0, 0.9, 0.8], np.float32)
    chance = Chance(Sampling(1, frequency_penalty=0.1, presence_penalty=0.05))
    chosen = []
    for _ in range(4):
        chosen.append(chance.choose(logits))
        chance.said(chosen[-1])
    assert chosen == [0, 1, 0, 2]
    assert list(logits) == [np.float32(1.0), np.float32(0.9), np.float32(0.8)]


@pytest.mark.parametrize("deviation", [0.5, 3.0, 9.0])
@pytest.mark.parametrize(("top_k", "min_p"), [(1, 0.0), (7, 0.0), (40, 0.0), (40, 0.05), (0, 0.01), (5000, 0.0)])
def test_among_many_blocks_the_same_are_kept(deviation: float, top_k: int, min_p: float) -> None:
    logits = np.random.default_rng(5).normal(0, deviation, 30 * COUNT + 77).astype(np.float32)
    order = np.argsort(-logits, kind="stable")[: top_k or None]
    weights = np.exp((logits[order] - logits.max()).astype(np.float64))
    expected = order[weights >= min_p]
    found = likeliest(logits, highest(logits[np.newaxis])[0], Sampling(1, 1.0, top_k=top_k, min_p=min_p))
    assert found.tolist() == expected.tolist()


@given(
    st.lists(st.sampled_from(WAYS), min_size=1, max_size=5),
    st.integers(0, 3),
    st.sampled_from([np.nan, np.inf, -np.inf]),
    st.booleans(),
)
def test_a_row_without_numbers_is_seen_and_disturbs_no_other(
    ways: list[dict[str, Any]], spoilt: int, number: float, whole: bool
) -> None:
    logits = np.random.default_rng(7).normal(0, 3, (len(ways) + 1, 5 * COUNT + 77)).astype(np.float32)
    row = spoilt % len(logits)
    logits[row] = number
    if not whole and number != -np.inf:
        logits[row, 7::3] = 1.0
    wishes = [Sampling(1, 0.8, seed=seed, **way) for seed, way in enumerate([*ways, ways[0]])]
    with np.errstate(all="raise"):
        together = chosen(logits, highest(logits), [Chance(each) for each in wishes])
        alone = [Chance(each).choose(values) for each, values in zip(wishes, logits, strict=True)]
    assert together == alone and not np.isfinite(logits[row, together[row]])
    assert all(np.isfinite(logits[other, token]) for other, token in enumerate(together) if other != row)


def test_in_company_each_answer_has_the_token_it_would_have_alone() -> None:
    logits = np.random.default_rng(6).normal(0, 3, (5, 2 * COUNT + 9)).astype(np.float32)
    wishes = [Sampling(1, 0.7, seed=1), Sampling(1, 0.0), Sampling(1, 1.0, seed=2, top_k=9), Sampling(1, 1.3, seed=3)]
    wishes.append(Sampling(1, 0.9, seed=4, top_p=0.5))
    together = chosen(logits, highest(logits), [Chance(each) for each in wishes])
    assert together == [Chance(each).choose(row) for each, row in zip(wishes, logits, strict=True)]


few = st.builds(
    lambda heat, top_k, top_p, min_p, seed: Sampling(1, heat, top_p, seed, top_k=top_k, min_p=min_p),
    st.sampled_from([0.3, 1.0, 2.0]),
    st.sampled_from([1, 2, 7, 40]),
    st.sampled_from([1.0, 0.95, 0.3]),
    st.sampled_from([0.0, 0.05, 0.5]),
    st.integers(0, 99),
)


@given(st.lists(few, min_size=2, max_size=6), st.integers(0, 99), st.sampled_from([0.5, 3.0, 9.0]), st.booleans())
def test_who_chooses_among_few_in_company_has_the_token_it_would_have_alone(
    wishes: list[Sampling], seed: int, deviation: float, coarse: bool
) -> None:
    logits = np.random.default_rng(seed).normal(0, deviation, (len(wishes), 6 * COUNT + 77)).astype(np.float32)
    logits = np.round(logits) if coarse else logits  # many are equal
    logits[0, :-512] = -np.inf if seed % 3 == 0 else logits[0, :-512]
    tops = highest(logits)
    one, other = [Chance(each) for each in wishes], [Chance(each) for each in wishes]
    for _ in range(3):
        together = chosen(logits, tops, one)
        assert together == [chance.choose(row, top) for chance, row, top in zip(other, logits, tops, strict=True)]
