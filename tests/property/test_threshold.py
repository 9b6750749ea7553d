"""The lines that decisions teach: a refusal never lowers one, an acceptance never raises one that is more than a guess."""

import math

from hypothesis import example, given
from hypothesis import strategies as st

from agents.inbox.threshold import Decision, Lesson, interval, learn, least_good

NOW = 1e9
AGES = st.floats(0, 86400.0 * 500)
SCORES = st.integers(0, 12).map(lambda n: n / 4)
DECISIONS = st.lists(
    st.builds(Decision, SCORES, st.booleans(), AGES.map(lambda age: NOW - age), st.sampled_from([1.0, 0.25])),
    max_size=60,
)
SHARES = st.sampled_from([0.3, 0.5, 0.8, 0.95])


def taught(decisions: list[Decision], precision: float, worth: float) -> Lesson:
    return learn(decisions, precision=precision, worth=worth, now=NOW)


def line(score: float | None) -> float:
    return -math.inf if score is None else score


@given(DECISIONS, SCORES, AGES, SHARES, SHARES)
def test_a_refusal_lowers_no_line(
    decisions: list[Decision], score: float, age: float, precision: float, worth: float
) -> None:
    before = taught(decisions, precision, worth)
    after = taught([*decisions, Decision(score, False, NOW - age)], precision, worth)
    assert line(after.low) >= line(before.low)
    assert line(after.high) >= line(before.high)


@given(DECISIONS, SCORES, AGES, SHARES, SHARES)
@example([Decision(0.0, False, NOW)] * 10, 0.25, 0.0, 0.3, 0.3)
def test_an_acceptance_raises_no_line_that_is_there(
    decisions: list[Decision], score: float, age: float, precision: float, worth: float
) -> None:
    before = taught(decisions, precision, worth)
    after = taught([*decisions, Decision(score, True, NOW - age)], precision, worth)
    assert before.low is None or line(after.low) <= before.low
    guessed = least_good(decisions, precision, NOW) is None
    assert before.high is None or line(after.high) <= (max(before.high, score) if guessed else before.high)


@given(DECISIONS, SHARES, SHARES)
def test_the_order_of_decisions_says_nothing(decisions: list[Decision], precision: float, worth: float) -> None:
    one, other = taught(decisions, precision, worth), taught(decisions[::-1], precision, worth)
    assert (one.below, one.above, one.all) == (other.below, other.above, other.all)


@given(st.floats(0, 1e4), st.floats(0, 1e4))
def test_the_interval_holds_the_share(wanted: float, refused: float) -> None:
    low, high = interval(wanted, wanted + refused)
    assert 0 <= low <= high <= 1
    if wanted + refused > 0:
        assert low - 1e-9 <= wanted / (wanted + refused) <= high + 1e-9
