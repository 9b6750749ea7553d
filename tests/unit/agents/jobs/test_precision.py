import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.inbox.threshold import interval
from agents.jobs.precision import Judged, precision, threshold
from agents.jobs.verdict import verdict


def judged(*answers: tuple[float, bool], weight: float = 1.0) -> list[Judged]:
    return [Judged("link", score, weight, right) for score, right in answers]


JUDGED = st.lists(st.builds(Judged, st.just("link"), st.floats(0, 9), st.floats(1, 50), st.booleans()), max_size=40)


def test_thirty_right_answers_do_not_make_certain() -> None:
    found = precision(judged(*[(1.0, True)] * 30))
    assert (found.mean, found.high) == (1.0, 1.0) and found.low == pytest.approx(0.8865, abs=1e-4)
    assert precision([]).n == 0 and (precision([]).low, precision([]).high) == (0.0, 1.0)


@given(JUDGED)
def test_the_interval_holds_the_share(each: list[Judged]) -> None:
    found = precision(each)
    assert 0.0 <= found.low <= found.mean <= found.high <= 1.0 or not each
    assert found.n == len(each)


def test_rare_answers_of_large_parts_weigh_more_and_widen_the_interval() -> None:
    even = precision([*judged((1, True), (1, True), (1, False), (1, False))])
    uneven = precision([*judged((1, True), (1, True), weight=9.0), *judged((1, False), (1, False))])
    assert even.mean == 0.5 and uneven.mean == pytest.approx(0.9)
    as_even = interval(0.9 * 4, 4)
    assert as_even[0] > uneven.low, "four uneven answers say less than four even ones"


def test_the_threshold_is_the_lowest_that_is_good_enough() -> None:
    good = judged(*((float(n), True) for n in range(10, 20)))
    bad = judged(*((float(n), False) for n in range(10)))
    assert threshold([*good, *bad], 0.9, 0.0) == 9.0, "ten of eleven are right from 9 on"
    assert threshold([*good, *bad], 1.0, 0.0) == 10.0
    assert threshold([*good, *bad], 0.5, -3.0) == -3.0, "where all may pass, also those below the lowest judged"
    assert threshold(bad, 0.5, 0.0) is None
    assert threshold([], 0.5, 0.0) is None


def test_a_threshold_does_not_rest_on_one_lucky_answer() -> None:
    answers = judged(*((float(n), False) for n in range(9)), (9.0, True))
    assert threshold(answers, 0.9, 0.0) is None


@given(JUDGED, st.floats(0.1, 1.0))
def test_what_reaches_the_threshold_reaches_the_goal(each: list[Judged], goal: float) -> None:
    found = threshold(each, goal, 0.0)
    if found is not None:
        assert precision(one for one in each if one.score >= found).mean >= goal


def test_the_verdict_is_by_kind() -> None:
    answers = [*judged(*((float(n), n > 4) for n in range(10))), Judged("tags", 0.0, 2.0, False)]
    told = verdict(answers, {"link": [float(n) / 2 for n in range(20)], "tags": [0.0, 0.0]}, 0.9)
    links, tags = told.kinds
    assert (links.found, links.threshold, links.above) == (20, 5.0, 10)
    assert (tags.threshold, tags.above, tags.precision_above.n) == (None, 0, 0)
    assert told.thresholds == {"link": 5.0} and told.precision.n == 11
