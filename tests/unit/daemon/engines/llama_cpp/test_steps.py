from hypothesis import given
from hypothesis import strategies as st

from daemon.engines.llama_cpp.steps import STEP_SECONDS, Pace, shares

readers = st.lists(st.tuples(st.integers(1, 5000), st.integers(0, 2)), max_size=8)


@given(readers, st.integers(4, 2048))
def test_a_step_is_never_overdrawn_and_never_idle(rows: list[tuple[int, int]], budget: int) -> None:
    remaining, urgency = [row[0] for row in rows], [row[1] for row in rows]
    given_out = shares(remaining, urgency, budget)
    assert sum(given_out) <= budget
    assert all(0 <= share <= left for share, left in zip(given_out, remaining, strict=True))
    if rows:
        assert sum(given_out) >= min(sum(remaining), budget // 4, max(given_out))
        assert any(given_out)


@given(readers.filter(bool), st.integers(4, 2048))
def test_the_most_urgent_never_wait_for_others(rows: list[tuple[int, int]], budget: int) -> None:
    given_out = shares([row[0] for row in rows], [row[1] for row in rows], budget)
    first = min(row[1] for row in rows)
    assert any(share for share, row in zip(given_out, rows, strict=True) if row[1] == first)


def test_a_short_one_is_finished_and_the_long_one_goes_on_with_a_quarter() -> None:
    assert shares([4000, 30], [0, 0], 128) == [32, 30]


def test_a_long_one_alone_has_the_whole_step() -> None:
    assert shares([4000], [0], 128) == [128]


def test_short_ones_never_starve_a_long_one() -> None:
    assert shares([4000, 64, 64, 64], [0, 0, 0, 0], 128)[0] > 0


def test_a_step_is_short_while_answers_are_written() -> None:
    pace = Pace().after(1000, 1.0)
    assert pace.budget(2048, answering=False) == 2048
    assert pace.budget(2048, answering=True) == int(1000 * STEP_SECONDS)
    assert Pace().budget(2048, answering=True) == 2048


def test_a_step_in_which_nobody_waits_is_short_but_not_wasteful() -> None:
    assert Pace(1000).budget(128, answering=False, unhurried=True) == 100
    assert Pace(100).budget(128, answering=False, unhurried=True) == 64
    assert Pace(1000).budget(2048, answering=False, unhurried=True) == 512
    assert Pace(90000).budget(2048, answering=False, unhurried=True) == 2048


@given(st.integers(4, 2048), st.integers(1, 5000))
def test_a_long_prompt_leaves_something_to_a_less_urgent_one(budget: int, other: int) -> None:
    assert shares([100_000, other], [0, 2], budget)[1] == min(other, budget // 4)
