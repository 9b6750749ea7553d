"""A score is a probability: between 0 and 1, never less for more that speaks for a pair."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.likeness import CONTENT, LINKED, SIGNS, Weights, probability

SIGN = st.floats(-1, 4)
ROW = st.lists(SIGN, min_size=len(SIGNS), max_size=len(SIGNS))
NAMES = list(SIGNS)


def one(row: list[float], notes: int = 500, links: int = 1000) -> float:
    return float(probability(np.array([row]), notes, links)[0])


@given(ROW, st.integers(0, 100_000), st.integers(0, 100_000))
def test_a_probability(row: list[float], notes: int, links: int) -> None:
    assert 0 <= one(row, notes, links) <= 1


@given(ROW, st.sampled_from(NAMES), st.floats(0, 3))
def test_what_speaks_for_a_pair_never_speaks_against_it(row: list[float], name: str, more: float) -> None:
    raised = list(row)
    raised[NAMES.index(name)] += more
    assert one(raised) >= one(row)


@given(ROW, st.integers(1, 1000), st.integers(1, 1000))
def test_in_a_smaller_vault_a_pair_is_no_less_likely(row: list[float], one_size: int, other: int) -> None:
    small, large = sorted((one_size, other))
    assert one(row, small, 2 * small) >= one(row, large, 2 * large)


@given(ROW, st.integers(0, 500), st.integers(0, 500))
def test_where_less_is_linked_more_is_still_to_be_found(row: list[float], one_count: int, other: int) -> None:
    few, many = sorted((one_count, other))
    assert one(row, 500, few) >= one(row, 500, many)


def test_no_pairs() -> None:
    assert probability(np.zeros((0, len(SIGNS))), 10, 10).shape == (0,)


@pytest.mark.parametrize("weights", [LINKED, CONTENT], ids=["linked", "content"])
def test_every_weight_is_of_a_known_sign_and_above_zero(weights: Weights) -> None:
    by_sign = weights.by_sign
    assert set(by_sign) <= set(SIGNS) and all(weight > 0 for weight in by_sign.values())


def test_nothing_in_common_is_far_below_any_threshold() -> None:
    assert one([0.0] * len(SIGNS)) < 0.002
