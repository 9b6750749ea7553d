"""A score is a probability: between 0 and 1, never less for more that speaks for a pair."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.related.likeness import (
    CONTENT,
    LINKED,
    SIGNS,
    UNLINKED,
    Usual,
    Weights,
    comparable,
    outstanding,
    probability,
    usual,
)

SIGN = st.floats(-1, 4)
ROW = st.lists(SIGN, min_size=len(SIGNS), max_size=len(SIGNS))
NAMES = list(SIGNS)
AMONG = Usual(0.5, 0.6)


def one(row: list[float], notes: int = 500, links: int = 1000) -> float:
    return float(probability(np.array([row]), notes, links, among=AMONG)[0])


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


@given(st.lists(ROW, min_size=1, max_size=8), st.integers(1, 2000), st.integers(0, 4000))
def test_where_there_are_some_links_what_others_have_in_common_changes_nothing(
    rows: list[list[float]], notes: int, more: int
) -> None:
    signs, links = np.array(rows), notes // 10 + 1 + more
    assert np.array_equal(
        probability(signs, notes, links), probability(signs, notes, links, among=Usual(9.0, 0.1)), equal_nan=True
    )


@given(ROW, st.floats(-1, 3), st.floats(0, 3))
def test_without_links_a_pair_is_likelier_where_others_have_less_in_common(
    row: list[float], mean: float, more: float
) -> None:
    less, much = (float(probability(np.array([row]), 500, 0, among=Usual(m, 0.6))[0]) for m in (mean, mean + more))
    assert less >= much


@given(st.lists(ROW, max_size=40))
def test_the_usual_is_finite_and_has_a_spread(rows: list[list[float]]) -> None:
    found = usual(np.array(rows).reshape(-1, len(SIGNS)))
    assert np.isfinite(found.mean) and found.spread > 0


def test_without_links_only_who_stands_out_is_likely() -> None:
    """In a vault where titles are numbers and folders are none, as much as in any other."""
    signs = np.zeros((60, len(SIGNS)))
    signs[:, NAMES.index("meaning")] = np.r_[np.linspace(-0.2, 0.2, 58), 0.6, 0.7]
    assert (probability(signs, 240, 0) > 0.03).tolist() == [False] * 58 + [True] * 2


def test_words_cannot_move_what_is_usual() -> None:
    """They are weighed after, and only for some of the candidates."""
    assert "words" not in UNLINKED.by_sign


def test_no_pairs() -> None:
    assert probability(np.zeros((0, len(SIGNS))), 10, 10).shape == (0,)


@pytest.mark.parametrize("weights", [LINKED, CONTENT, UNLINKED], ids=["linked", "content", "unlinked"])
def test_every_weight_is_of_a_known_sign_and_above_zero(weights: Weights) -> None:
    by_sign = weights.by_sign
    assert set(by_sign) <= set(SIGNS) and all(weight > 0 for weight in by_sign.values())


def test_nothing_in_common_is_far_below_any_threshold() -> None:
    assert one([0.0] * len(SIGNS)) < 0.002


def signs(**found: float) -> list[float]:
    return [found.get(name, 0.0) for name in NAMES]


def test_who_stands_out_does_so_by_meaning_or_by_words_and_not_by_links() -> None:
    usual_ones = [signs(meaning=0.1 * (number % 3), words=0.01 * (number % 2)) for number in range(40)]
    rows = [signs(meaning=0.6), signs(words=0.3), signs(kin=1.0, habit=4.0, folder=1.0, known=5.0, company=1.0)]
    meaning, words, habit = outstanding(np.array([*rows, *usual_ones]))[:3]
    assert meaning > 2 and words > 2 and habit < 0.5


def test_what_a_text_ties_stands_out_without_end() -> None:
    rows = np.array([signs(back=1.0), signs(mentioned=0.9), signs(mentioned=0.3), signs()])
    assert list(np.isinf(outstanding(rows))) == [True, True, False, False]


@given(st.lists(ROW, max_size=30))
def test_where_all_are_alike_nobody_stands_out(rows: list[list[float]]) -> None:
    found = outstanding(np.array(rows).reshape(-1, len(SIGNS)))
    assert len(found) == len(rows) and not np.isnan(found).any()
    same = outstanding(np.array([signs(meaning=0.3, words=0.2)] * 5))
    assert np.allclose(same, 0.0)


def test_what_is_usual_says_nothing_in_a_vault_of_a_few_notes() -> None:
    assert comparable(0) == comparable(25) == 0.0 and comparable(50) == comparable(9000) == 1.0
    assert 0 < comparable(40) < 1
