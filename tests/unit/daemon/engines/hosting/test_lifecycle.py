from hypothesis import given
from hypothesis import strategies as st

from daemon.engines.hosting.lifecycle import Happening, Lifecycle, pause_after


def after(*happenings: Happening) -> Lifecycle:
    life = Lifecycle()
    for happening in happenings:
        life = life.after(happening, 100.0)
    return life


def test_the_usual_life() -> None:
    story: tuple[Happening, ...] = ("load", "loaded", "answered", "close")
    assert [after(*story[:n]).state for n in range(5)] == [
        "stopped",
        "loading",
        "ready",
        "ready",
        "closed",
    ]


def test_the_first_death_is_mended_at_once_later_ones_after_a_pause() -> None:
    once = after("load", "loaded", "died")
    assert (once.state, once.failures, once.retry_at) == ("failed", 1, 100.0)
    twice = after("load", "died", "load", "died")
    assert (twice.failures, twice.retry_at) == (2, 101.0)


def test_an_answer_forgives() -> None:
    assert after("load", "died", "load", "loaded", "answered").failures == 0


def test_loading_alone_does_not_forgive() -> None:
    assert after("load", "died", "load", "loaded").failures == 1


def test_closed_is_the_end() -> None:
    assert after("close", "load", "loaded", "died").state == "closed"


@given(st.integers(0, 100))
def test_pauses_grow_to_a_minute(failures: int) -> None:
    assert 0 <= pause_after(failures) <= pause_after(failures + 1) <= 60
