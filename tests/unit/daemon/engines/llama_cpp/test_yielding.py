from hypothesis import given
from hypothesis import strategies as st

from daemon.engines.llama_cpp.yielding import LONGEST, PATIENCE, Yielding
from daemon.engines.worker.requests import BULK, INTERACTIVE, SAVE

levels = st.sampled_from([INTERACTIVE, SAVE, BULK])
costs = st.floats(0.001, 2)


@given(st.lists(levels, min_size=1, max_size=6), costs, st.floats(0, 100))
def test_the_most_urgent_always_take_part_and_alone_all_do(urgency: list[int], cost: float, now: float) -> None:
    taking = Yielding(cost).before(urgency, now).taking_part(urgency, now)
    assert all(part == (each == min(urgency)) for part, each in zip(taking, urgency, strict=True))


@given(st.lists(st.tuples(costs, costs), min_size=1, max_size=200), st.sampled_from([(0, 2), (0, 1, 2), (1, 2)]))
def test_who_is_less_urgent_gets_a_tenth_of_the_time_and_never_nothing(
    steps: list[tuple[float, float]], urgency: tuple[int, ...]
) -> None:
    """Each step has a length with only the most urgent, and one with everybody."""
    state, now, waited = Yielding(0.1), 0.0, 0.0
    for short, long in steps:
        state = state.before(urgency, now)
        taking = state.taking_part(urgency, now)
        patience = PATIENCE * state.cost
        assert taking[0]
        if all(taking):
            assert waited >= min(patience, LONGEST) - 1e-6
            now, waited = now + long, 0.0
            state = state.after(urgency, long, now)
        else:
            assert waited <= min(patience, LONGEST) + 1e-6, "it would have been their turn"
            now, waited = now + short, waited + short
            state = state.after([each for each, part in zip(urgency, taking, strict=True) if part], short, now)


def test_a_step_of_theirs_is_measured_while_nobody_waits() -> None:
    state = Yielding(0.1).before([BULK, BULK], 0.0).after([BULK, BULK], 0.4, 0.4).before([BULK, INTERACTIVE], 1.0)
    assert state == Yielding(0.4, 1.0)
    assert state.taking_part([BULK, INTERACTIVE], 1.0 + PATIENCE * 0.4 - 0.01) == [False, True]
    assert state.taking_part([BULK, INTERACTIVE], 1.0 + PATIENCE * 0.4 + 0.01) == [True, True]
    assert Yielding(60.0, 0.0).taking_part([BULK, INTERACTIVE], LONGEST) == [True, True]
