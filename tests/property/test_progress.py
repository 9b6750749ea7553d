import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault_sync.index.progress import ANY_NOTE, Pace, Tally, coverage
from vault_sync.paths import VaultPath

steps = st.lists(st.tuples(st.floats(0, 100), st.floats(0, 1e6)), max_size=60)
rates = st.floats(1, 1e7)


@given(steps, st.floats(-1e6, 1e9), st.floats(0, 1000))
def test_the_time_left_is_never_negative(steps: list[tuple[float, float]], left: float, later: float) -> None:
    pace, now, work = Pace(), 0.0, 0.0
    for wait, did in steps:
        now, work = now + wait, work + did
        pace.saw(work, now)
        told = pace.seconds_left(left, now + later)
        assert told is None or told >= 0
        assert left > 0 or told == 0


@given(steps)
def test_nothing_is_said_before_there_is_evidence(steps: list[tuple[float, float]]) -> None:
    pace, now, work = Pace(), 0.0, 0.0
    for wait, did in steps:
        now, work = now + wait, work + did
        pace.saw(work, now)
        if now < pace.evidence or work == 0:
            assert pace.seconds_left(1000, now) is None


@given(rates, st.floats(0.2, 5), st.floats(1, 1e9))
def test_at_an_even_rate_it_is_exact(rate: float, step: float, left: float) -> None:
    pace = Pace()
    for number in range(200):
        pace.saw(rate * step * number, step * number)
    assert pace.seconds_left(left, step * 199) == pytest.approx(left / rate, rel=0.05)


@given(rates, rates)
def test_it_follows_a_change_of_rate_within_its_window(first: float, second: float) -> None:
    """As when notes that are known already are passed, and then new ones are embedded."""
    pace, now, work = Pace(), 0.0, 0.0
    for rate in (first, second):
        for _ in range(150):
            now, work = now + 0.5, work + rate * 0.5
            pace.saw(work, now)
    assert pace.seconds_left(1000, now) == pytest.approx(1000 / second, rel=0.02)


@given(rates, st.floats(0, 1000), st.floats(0, 1000))
def test_a_standstill_makes_it_longer(rate: float, some: float, more: float) -> None:
    pace = Pace()
    for second in range(10):
        pace.saw(rate * second, second)
    soon, later = pace.seconds_left(1000, 9 + some), pace.seconds_left(1000, 9 + some + more)
    assert soon is not None and later is not None and soon <= later


@given(st.lists(st.floats(0, 0.01), min_size=1, max_size=500))
def test_small_steps_are_not_kept(waits: list[float]) -> None:
    pace, now = Pace(), 0.0
    for number, wait in enumerate(waits):
        now += wait
        pace.saw(number, now)
    assert len(pace._seen) <= 3 + now / (pace.window / 600)
    assert pace._seen[-1] == (now, len(waits) - 1)


sizes = st.dictionaries(st.text("abc", min_size=1).map(VaultPath), st.integers(0, 10**7), max_size=20)


@given(sizes, st.integers(0, 5))
def test_what_is_done_and_what_is_left_is_all(sizes: dict[VaultPath, int], forgotten: int) -> None:
    tally = Tally(sizes, forgotten)
    for path in sizes:
        before = tally.progress(0)
        tally.read([path], 3)
        after = tally.progress(0)
        assert after.done == before.done + 1 and after.left == pytest.approx(before.left - sizes[path] - ANY_NOTE)
    progress = tally.progress(7)
    assert progress.chunks == 3 * len(sizes) and progress.left == pytest.approx(ANY_NOTE * forgotten)
    end = tally.end(7)
    assert end.left == 0 and end.done == end.total == len(sizes) + forgotten and end.embedded == 7


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_coverage_is_a_share(readable: int, missing: int) -> None:
    assert 0 <= coverage(readable, missing) <= 1
    assert coverage(readable, 0) == 1
