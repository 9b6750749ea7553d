import pytest

from vault_sync.evaluation.metrics import combined, estimate, recall, reciprocal


@pytest.mark.parametrize(("rank", "found", "worth"), [(1, 1, 1), (4, 1, 0.25), (10, 1, 0.1), (11, 0, 0), (None, 0, 0)])
def test_a_rank_counts_among_the_first_ten(rank: int | None, found: float, worth: float) -> None:
    assert recall(rank) == found and reciprocal(rank) == pytest.approx(worth)
    assert recall(3, depth=2) == reciprocal(3, depth=2) == 0


def test_a_mean_comes_with_its_interval() -> None:
    found = estimate([(i, float(i % 2)) for i in range(400)])
    assert found.mean == 0.5 and found.n == 400
    # the interval of a share of 0.5 in 400 draws: 1.96 times 0.025 on either side
    assert found.low == pytest.approx(0.45, abs=0.01) and found.high == pytest.approx(0.55, abs=0.01)
    assert estimate([(i, 1.0) for i in range(5)]).low == 1.0


def test_the_same_seed_gives_the_same_interval() -> None:
    sample = [(i, i / 7) for i in range(20)]
    assert estimate(sample, seed=3) == estimate(sample, seed=3) != estimate(sample, seed=4)


def test_values_of_one_cluster_count_as_one_draw() -> None:
    values = [float(i % 2) for i in range(100)]
    apart = estimate([(i, value) for i, value in enumerate(values)])
    together = estimate([(i // 50, values[i % 2]) for i in range(100)])
    assert apart.mean == together.mean == 0.5
    pairs = estimate([(i % 2, value) for i, value in enumerate(values)])
    assert (pairs.low, pairs.high) == (0.0, 1.0), "two clusters that say the opposite prove nothing"


def test_nothing_is_nothing() -> None:
    assert estimate([]) == combined({"a": []}) and estimate([]).n == 0
    assert not estimate([]).beyond_chance


def test_kinds_count_the_same_however_many_there_are() -> None:
    found = combined({"many": [(i, 1.0) for i in range(90)], "few": [(i, 0.0) for i in range(10)], "none": []})
    assert found.mean == 0.5 and found.n == 100


@pytest.mark.parametrize(("gain", "beyond"), [(0.5, True), (-0.5, True), (0.0, False)])
def test_beyond_chance_is_an_interval_without_zero(gain: float, beyond: bool) -> None:
    assert estimate([(i, gain + (i % 5 - 2) / 10) for i in range(50)]).beyond_chance is beyond


def test_a_higher_level_is_wider() -> None:
    sample = [(i, float(i % 3)) for i in range(60)]
    narrow, wide = estimate(sample), estimate(sample, level=0.999)
    assert wide.low < narrow.low < narrow.mean < narrow.high < wide.high
