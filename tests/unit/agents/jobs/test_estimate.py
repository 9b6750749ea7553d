import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.jobs.estimate import estimate, quantile
from agents.jobs.jobbook import Cost


def costs(*seconds: float | None) -> list[Cost]:
    return [Cost(each, 2, 100) for each in seconds]


def test_students_quantiles() -> None:
    true = {1: 12.706, 2: 4.303, 3: 3.182, 5: 2.571, 7: 2.365, 30: 2.042}
    assert {n: quantile(n) for n in true} == {n: pytest.approx(value, rel=0.03) for n, value in true.items()}


def test_the_first_notes_stand_for_all() -> None:
    told = estimate(1000, costs(None, 1.0, 2.0, 3.0), [1, 2, 0, 1])
    assert told.seconds and told.seconds.mean == 2000.0 and told.seconds.low < 2000.0 < told.seconds.high
    assert told.tokens and (told.tokens.mean, told.tokens.low, told.tokens.high) == (100_000, 100_000, 100_000)
    assert told.candidates and told.candidates.mean == 1000.0
    assert told.json()["hours"] == told.seconds.times(1 / 3600).json(4)


def test_nothing_is_said_of_what_was_not_measured() -> None:
    told = estimate(1000, costs(None, 4.0), [0, 1])
    assert told.seconds is None and told.json()["hours"] is None


def test_when_all_is_done_nothing_is_a_guess() -> None:
    told = estimate(3, costs(1.0, 2.0, 3.0), [1, 1, 4])
    assert told.candidates and (told.candidates.low, told.candidates.mean, told.candidates.high) == (6, 6, 6)


@given(st.lists(st.floats(0, 1e4, allow_subnormal=False), min_size=2, max_size=50), st.integers(50, 10**5))
def test_the_range_holds_the_mean_and_what_was_spent_already(seconds: list[float], notes: int) -> None:
    told = estimate(notes, costs(*seconds), [0] * len(seconds)).seconds
    assert told is not None and told.low <= told.mean * (1 + 1e-9) and told.mean <= told.high * (1 + 1e-9)
    assert told.low >= sum(seconds) * (1 - 1e-9)
