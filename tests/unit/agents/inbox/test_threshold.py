import math

import pytest

from agents.inbox.threshold import FEW, HALF_LIFE, Decision, Lesson, Share, interval, learn, least_good

NOW = 1e9


def decided(score: float, *, yes: int = 0, no: int = 0, at: float = NOW) -> list[Decision]:
    return [*[Decision(score, True, at)] * yes, *[Decision(score, False, at)] * no]


def taught(*decisions: list[Decision]) -> Lesson:
    return learn([each for some in decisions for each in some], precision=0.95, worth=0.5, now=NOW)


def test_few_decisions_teach_nothing() -> None:
    assert taught() == Lesson()
    assert taught(decided(0.2, no=int(FEW) - 1)) == Lesson(all=Share(9, 9))


def test_what_was_mostly_refused_is_not_shown() -> None:
    lesson = taught(decided(0.2, no=8, yes=1), decided(0.3, no=4), decided(0.6, yes=20))
    assert lesson.low == 0.3
    assert lesson.below == Share(12, 13)


def test_refusals_hide_nothing_that_was_wanted_below_them() -> None:
    lesson = taught(decided(0.2, yes=20), decided(0.9, no=12))
    assert lesson.low is None


def test_many_refusals_do_not_drag_down_what_is_wanted_above_them() -> None:
    lesson = taught(decided(0.2, no=60), decided(0.5, yes=30, no=1), decided(0.6, yes=5))
    assert lesson.low == 0.2


def test_many_good_ones_do_not_hide_that_low_ones_are_bad() -> None:
    assert taught(decided(0.2, no=20), decided(0.9, yes=2000)).low == 0.2


def test_what_was_nearly_always_wanted_may_be_applied() -> None:
    lesson = taught(decided(0.4, yes=10, no=6), decided(0.7, yes=30), decided(0.9, yes=30))
    assert (lesson.high, lesson.above) == (0.7, Share(0, 60))
    assert lesson.low is None


def test_where_no_score_is_good_enough_only_what_is_above_all_refused_ones_is_applied() -> None:
    lesson = taught(decided(0.4, yes=10, no=6), decided(0.7, yes=10, no=3))
    assert lesson.high == math.nextafter(0.7, math.inf)


def test_old_decisions_fade() -> None:
    old = NOW - 2 * HALF_LIFE
    assert taught(decided(0.2, no=12, at=old)).low is None
    assert taught(decided(0.2, no=60, at=old)).low == 0.2
    assert taught(decided(0.2, no=500, at=NOW - 5 * HALF_LIFE)) == Lesson()


def test_one_that_nobody_looked_at_counts_less() -> None:
    silent = [Decision(0.8, True, NOW, 0.25)] * 30
    assert taught(silent).high is None
    assert taught(silent, silent).high == 0.8


@pytest.mark.parametrize(
    ("wanted", "decided", "expected"), [(30, 30, (0.8865, 1.0)), (27, 30, (0.7438, 0.9654)), (0, 0, (0.0, 1.0))]
)
def test_the_interval_is_wilsons(wanted: int, decided: int, expected: tuple[float, float]) -> None:
    assert interval(wanted, decided) == pytest.approx(expected, abs=1e-4)


def test_the_least_good_score_needs_no_minimum() -> None:
    sample = [*decided(0.5, no=3), *decided(0.7, yes=14)]
    assert least_good(sample, 0.95, NOW) == 0.7
    assert least_good(decided(0.7, yes=5), 0.95, NOW) is None
