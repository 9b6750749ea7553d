"""The rule alone: times are given. The real waits are measured by tests.bench.indexing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.engines.pace import BESIDES, MOST, Pace

LENGTHS = st.lists(st.integers(0, 3000), min_size=1, max_size=60)


def play(pace: Pace, cost: float, texts: int, length: int = 400) -> list[float]:
    """How long each call takes on a machine that needs `cost` seconds a character."""
    took = []
    while texts > 0:
        size = pace.fitting([length] * texts)
        took.append(size * (length + BESIDES) * cost)
        pace.took([length] * size, took[-1])
        texts -= size
    return took


@given(LENGTHS, st.floats(1e-7, 1e-1))
def test_a_call_holds_some_texts_and_never_more_than_are_there(lengths: list[int], cost: float) -> None:
    size = Pace(cost=cost).fitting(lengths)
    assert 1 <= size <= min(len(lengths), MOST)


@given(LENGTHS, st.floats(1e-7, 1e-1))
def test_a_call_of_several_texts_is_expected_to_end_in_time(lengths: list[int], cost: float) -> None:
    pace = Pace(cost=cost)
    size = pace.fitting(lengths)
    assert size == 1 or sum(length + BESIDES for length in lengths[:size]) * cost <= pace.seconds * 1.001


@pytest.mark.parametrize("cost", [2e-5, 4e-5, 1e-4])
def test_calls_come_near_the_time_that_they_may_take_whatever_the_machine(cost: float) -> None:
    took = play(Pace(), cost, 400)
    assert max(took) <= 0.25
    assert all(seconds >= 0.05 or seconds >= MOST * 440 * cost * 0.99 for seconds in took[20:-1])


def test_a_machine_that_gets_five_times_slower_is_noticed_within_a_few_calls() -> None:
    pace = Pace()
    play(pace, 4e-5, 200)
    took = play(pace, 2e-4, 40)
    assert max(took[4:]) <= 0.25


def test_one_slow_call_does_not_make_calls_small_for_long() -> None:
    pace = Pace()
    play(pace, 4e-5, 200)
    before = pace.fitting([400] * 40)
    pace.took([400], 0.5)
    assert pace.fitting([400] * 40) < before
    play(pace, 4e-5, 80)
    assert pace.fitting([400] * 40) >= before - 1
