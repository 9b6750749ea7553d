import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.errors import EngineBusyError
from agents.ports import Priority
from daemon.engines.hosting.admission import ORDER, again_after, ahead, check

waiting = st.fixed_dictionaries({priority: st.integers(0, 100) for priority in ORDER})


@given(waiting, st.sampled_from(ORDER), st.integers(1, 100))
def test_who_is_refused_had_enough_of_the_same_or_more_urgency_ahead(
    queue: dict[Priority, int], priority: Priority, most: int
) -> None:
    before = ahead(queue, priority)
    assert before <= sum(queue.values())
    if before < most:
        check("e", queue, priority, most=most)
        return
    with pytest.raises(EngineBusyError) as caught:
        check("e", queue, priority, most=most)
    assert 1 <= caught.value.retry_after <= 60
    assert caught.value.fix


def test_bulk_keeps_nobody_out_who_is_more_urgent() -> None:
    queue: dict[Priority, int] = {"interactive": 0, "save": 1, "bulk": 900}
    check("e", queue, "interactive", most=1)
    with pytest.raises(EngineBusyError):
        check("e", queue, "save", most=1)


def test_the_longer_the_queue_and_the_slower_the_engine_the_later() -> None:
    assert [again_after(n, 0.5) for n in (1, 8, 64, 1000)] == [1, 2, 16, 60]
